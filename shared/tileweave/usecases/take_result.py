"""Take a worker's result: change the status of its scene or tile, once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from tileweave.domain.decisions import Ignored
from tileweave.domain.decisions import take_result as decide
from tileweave.domain.errors import NotFound
from tileweave.domain.messages import Result
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.ports import Rejected, Services


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it was delivered; `again` if it was delivered before."""

    message_id: str
    body: bytes
    again: bool = False


def take_result(services: Services, delivery: Delivery) -> Rejected | None:
    """Apply a result, or keep it among the rejected ones: then return it.

    Raises only what a redelivery can mend: Conflict, Unavailable.
    """
    try:
        result = Result.model_validate_json(delivery.body)
    except ValidationError as error:
        return reject(services, delivery, "malformed", explained(error))
    key = Key(result.type, result.id)
    try:
        decision = partial(decide, result=result, message_id=delivery.message_id)
        ignored: Ignored | None = carry_out(services, decision, [key])
    except NotFound as error:
        return reject(services, delivery, "unknown", str(error))
    if ignored is None:
        return None
    return reject(services, delivery, ignored.kind, ignored.reason, ignored.aoi)


def reject(
    services: Services, delivery: Delivery, kind: str, error: str, aoi: str = ""
) -> Rejected:
    """Keep a message that changes nothing where operators see it."""
    body = delivery.body.decode(errors="replace")
    rejected = Rejected(kind, error, body, delivery.message_id, services.now(), aoi)
    services.store.keep_rejected(rejected)
    return rejected


def explained(error: ValidationError) -> str:
    """Return every wrong field of a message, with its path."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in wrong
    )
