"""A function that takes the messages Pub/Sub pushes to it."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, ValidationError
from werkzeug.exceptions import BadRequest, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.reject import Delivery, named
from tileweave.web.answers import no_content
from tileweave.web.problems import answer_all_errors, answer_to

logger = logging.getLogger(__name__)

Taker = Callable[[Services, Delivery], Rejected | None]


class PushedMessage(BaseModel):
    """The message of a push; its data is base64."""

    data: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)
    message_id: Annotated[
        str, Field(validation_alias=AliasChoices("messageId", "message_id"), min_length=1)
    ]
    publish_time: Annotated[
        datetime | None, Field(validation_alias=AliasChoices("publishTime", "publish_time"))
    ] = None

    @property
    def name(self) -> str:
        """What the message is known by, however often it comes."""
        return named(self.message_id, self.publish_time)


class Push(BaseModel):
    """What Pub/Sub posts: https://cloud.google.com/pubsub/docs/push#receive_push."""

    message: PushedMessage
    delivery_attempt: int = Field(1, validation_alias=AliasChoices("deliveryAttempt"))


def push_function(take: Taker, services: Callable[[], Services]) -> Callable[[Request], Response]:
    """Return a function that hands each pushed message to `take`.

    It acknowledges (204) what was applied or rejected, and lets Pub/Sub deliver again (5xx)
    what a later attempt can mend.
    """
    answer_all_errors()

    def answer(request: Request) -> Response:
        try:
            rejected = take(services(), delivery_of(request))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is delivered again
            return answer_to(error)
        if rejected:
            logger.warning("%s message %s: %s", rejected.kind, rejected.message_id, rejected.error)
        return no_content()

    return answer


def delivery_of(request: Request) -> Delivery:
    """Return the message that Pub/Sub pushes. Raises MethodNotAllowed, BadRequest."""
    if request.method != "POST":
        raise MethodNotAllowed(["POST"], "Pub/Sub posts its messages here.")
    try:
        push = Push.model_validate_json(request.get_data())
        body = base64.b64decode(push.message.data, validate=True)
    except (ValidationError, ValueError) as error:
        raise BadRequest(f"This is not a Pub/Sub push: {error}.") from error
    message, again = push.message, push.delivery_attempt > 1
    return Delivery(message.name, body, again=again, attributes=message.attributes)
