"""Look through rejected messages, and take one again whose cause is mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from tileweave.domain.errors import NotAllowed, NotFound
from tileweave.domain.identity import REJECTED_ID
from tileweave.domain.messages import Topic
from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.reject import UNDELIVERABLE, Delivery, reject

KINDS = ("malformed", "unknown", "stale", "ignored", UNDELIVERABLE)
"""Why a message is rejected, in one word."""

FROM = "CloudPubSubDeadLetterSourceSubscription"
TRIES = "CloudPubSubDeadLetterSourceDeliveryCount"
"""Attributes of dead letters: https://cloud.google.com/pubsub/docs/dead-letter-topics."""

_TAKEN = (Topic.RESULTS, Topic.DEPENDENCY_UPDATES)
"""Topics whose messages are kept."""


def rejected(
    services: Services, aoi: str = "", kind: str = "", after: tuple[datetime, str] | None = None
) -> Iterator[Rejected]:
    """Return rejected messages, of one AOI or kind if that is given, the latest first."""
    return services.store.rejected(aoi, kind, after)


def find(services: Services, id_: str) -> Rejected:
    """Return a rejected message. Raises NotFound."""
    found = services.store.find_rejected(id_) if REJECTED_ID.fullmatch(id_) else None
    if found is None:
        raise NotFound("rejected message", id_)
    return found


def take_dead_letter(services: Services, delivery: Delivery) -> Rejected | None:
    """Keep a message that no delivery got through among the rejected ones."""
    tries = delivery.attributes.get(TRIES, "")
    said = f"given up after {tries} deliveries" if tries else "given up after too many deliveries"
    topic = _topic_of(delivery.attributes.get(FROM, ""), delivery.body)
    return reject(services, delivery, UNDELIVERABLE, said, topic=topic)


def replay(services: Services, id_: str) -> Rejected:
    """Take a rejected message as if it was delivered now; return it as it is kept then.

    Raises NotFound, or NotAllowed: it is still wrong (it is kept, with what is wrong now), was
    replayed before, or is not there as a whole. Repeated after a crash it changes nothing more.
    """
    kept = find(services, id_)
    if kept.replayed_at is not None:
        raise NotAllowed(f"message {id_} was replayed at {kept.replayed_at.isoformat()}.")
    if not kept.whole:
        raise NotAllowed(f"message {id_} was too large to be kept as a whole: send it again.")
    if kept.topic not in _TAKEN:
        raise NotAllowed(f"message {id_} is a job: it is handed out again by a retry.")
    again = _take(services, kept)
    if again is not None:
        raise NotAllowed(f"message {id_} is rejected again, as {again.kind}: {again.error}")
    done = replace(kept, replayed_at=services.now())
    services.store.keep_rejected(done)
    return done


def _take(services: Services, kept: Rejected) -> Rejected | None:
    # Whoever looks through rejected messages needs nothing of what takes one again.
    from tileweave.usecases.propagate import take_update  # noqa: PLC0415
    from tileweave.usecases.take_result import take_result  # noqa: PLC0415

    takers = {Topic.RESULTS.value: take_result, Topic.DEPENDENCY_UPDATES.value: take_update}
    return takers[kept.topic](services, _delivery(kept))


def _delivery(kept: Rejected) -> Delivery:
    """Return a message to be taken once more; rejected again, it keeps its AOI and its time."""
    named, came = {"aoi": kept.aoi}, kept.received_at
    return Delivery(kept.message_id, kept.raw, again=True, attributes=named, received_at=came)


def _topic_of(subscription: str, body: bytes) -> str:
    """Return the topic of a dead letter: of its subscription's name, or else by what it holds."""
    name = subscription.rpartition("/")[2]
    if name in _TAKEN:
        return name
    return Topic.RESULTS if b'"status"' in body else Topic.DEPENDENCY_UPDATES
