"""Work too large for one call, done in pieces by messages: retries of many, deletions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tileweave.domain import decisions
from tileweave.domain.draft import Draft
from tileweave.domain.incoming import Id
from tileweave.domain.lifecycle import was_applied
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Cause, Document, Key, Tile
from tileweave.domain.readiness import context_of, waits_for
from tileweave.domain.status import Event, Status
from tileweave.usecases.carry_out import carry_out_all
from tileweave.usecases.ports import OPERATOR, Services

PIECE = 200
"""Scenes or tiles that one message retries, in one commit."""

DELETED_AT_ONCE = 400
DELETED_A_MESSAGE = 2_000
"""Documents that one commit and one message delete."""

_EVENTS = {Status.RETRY: Event.RETRY}
_FORCED = {**_EVENTS, Status.PENDING: Event.FORCE_RETRY}
"""What retries which status: a job that is DONE since it was looked for is not begun again."""

T = TypeVar("T")

Attempt = tuple[Literal["scene", "tile"], Id, int]


class RetryMany(BaseModel):
    """Retry these scenes and tiles, each unless it is past the attempt that it was found at."""

    model_config = ConfigDict(frozen=True)

    type: Literal["retry"] = "retry"
    force: bool
    items: tuple[Attempt, ...]
    actor: str = OPERATOR.actor
    reason: str = ""
    call: str = ""

    @property
    def cause(self) -> Cause:
        """Who wanted it, why, and by which call."""
        return Cause(self.actor, reason=self.reason, message_id=self.call)


class DeleteAoi(BaseModel):
    """Delete what is left of a buried AOI."""

    model_config = ConfigDict(frozen=True)

    type: Literal["delete"] = "delete"
    aoi: str
    generation: Annotated[int, Field(ge=0)]


Chore = RetryMany | DeleteAoi


def message_of(chore: Chore, aoi: str) -> Message:
    """Return the message that has a chore done."""
    attributes = {"type": chore.type, "aoi": aoi}
    return Message(Topic.DEPENDENCY_UPDATES, chore.model_dump(mode="json"), attributes)


def do_chore(services: Services, chore: Chore) -> None:
    """Do a chore; doing it again does nothing more."""
    if isinstance(chore, RetryMany):
        found = [(Key(kind, id_), n) for kind, id_, n in chore.items]
        retry_many(services, found, chore.cause, force=chore.force)
    else:
        _delete(services, chore)


def retry_many(
    services: Services, found: Sequence[tuple[Key, int]], by: Cause, *, force: bool
) -> list[Key]:
    """Retry scenes and tiles that are still in RETRY at these attempts; return which.

    With `force` also those still in PENDING. Tiles that may not be retried (they wait for their
    scene, previous or reference) are left as they are. What this call (the `message_id` of its
    cause) retried before is not retried again, and is among those that it returns.
    """
    events = _FORCED if force else _EVENTS
    attempts = dict(found)

    def decide(draft: Draft, keys: Sequence[Key]) -> list[Key]:
        return _retry(draft, [(key, attempts[key]) for key in keys], events, by)

    parts = carry_out_all(services, decide, list(attempts))
    return [key for part in parts for key in part]


def pieces(found: Iterable[T], size: int = PIECE) -> Iterator[list[T]]:
    """Return the same in lists of up to `size`."""
    rest = iter(found)
    while piece := list(islice(rest, size)):
        yield piece


def _retry(
    draft: Draft, found: Sequence[tuple[Key, int]], events: Mapping[Status, Event], by: Cause
) -> list[Key]:
    documents = [draft.find(key) for key, _ in found]
    draft.need(context_of(each for each in documents if isinstance(each, Tile)))
    retried = []
    for document, (key, number) in zip(documents, found, strict=True):
        if document is None:
            continue
        if was_applied(document, by.message_id):
            draft.publish(document)
            retried.append(key)
            continue
        event = events.get(document.status)
        if event and document.attempt == number and not _waits(draft, document):
            decisions.operate(draft, key, event, by)
            retried.append(key)
    return retried


def _waits(draft: Draft, document: Document) -> bool:
    return isinstance(document, Tile) and bool(waits_for(draft, document))


def _delete(services: Services, chore: DeleteAoi) -> None:
    for _ in range(DELETED_A_MESSAGE // DELETED_AT_ONCE):
        gone = services.store.delete_some(chore.aoi, chore.generation, DELETED_AT_ONCE)
        if gone < DELETED_AT_ONCE:
            return
    services.publisher.publish([message_of(chore, chore.aoi)])
