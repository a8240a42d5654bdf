"""Messages as they are delivered, and what becomes of those that change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tileweave.domain.messages import Topic
from tileweave.usecases.ports import Rejected, Services

if TYPE_CHECKING:
    from pydantic import ValidationError

UNDELIVERABLE = "undeliverable"
"""Kind of a message that no delivery got through, or that no queue accepts."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it was delivered; `again` if it was delivered before.

    `received_at` is when it came first, if it is replayed.
    """

    message_id: str
    body: bytes
    again: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None


def named(message_id: str, published: datetime | None) -> str:
    """Return what a message is known by, however often and whichever way it comes.

    Its id and its time: an emulator that is started anew counts its ids from 1 again.
    """
    if published is None:
        return message_id
    moment = published.astimezone(UTC).isoformat(timespec="milliseconds")
    return f"{message_id}@{moment.replace('+00:00', 'Z')}"


def reject(  # noqa: PLR0913 - a sentence: what, from where, why
    services: Services,
    delivery: Delivery,
    kind: str,
    error: str,
    aoi: str = "",
    *,
    topic: str = Topic.RESULTS,
) -> Rejected:
    """Keep a message that changes nothing where operators see it.

    Its AOI is the one of its job, or else the one that the message names.
    """
    aoi = aoi or delivery.attributes.get("aoi", "")
    received = delivery.received_at or services.now()
    rejected = Rejected(kind, error, delivery.body, delivery.message_id, received, aoi, topic)
    services.store.keep_rejected(rejected)
    return rejected


def explained(error: ValidationError) -> str:
    """Return every wrong field of a message, with its path."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in wrong
    )
