"""What operators do: retry, fail or force a scene or a tile, or retry a whole AOI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from tileweave.domain import decisions
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotAllowed, NotFound
from tileweave.domain.model import Cause, Document, Key, Tile
from tileweave.domain.readiness import context_of
from tileweave.domain.status import Event, Status
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.ports import Services

OPERATOR = Cause(actor="operator")

PIECE = 100
"""Scenes or tiles that one commit retries."""


@dataclass(frozen=True, slots=True)
class Retried:
    """How many scenes and tiles were handed out again."""

    scenes: int
    tiles: int


def operate(services: Services, key: Key, event: Event) -> Document:
    """Retry, fail or force a scene or tile; return it. Raises NotFound, NotAllowed."""
    return carry_out(
        services, partial(decisions.operate, key=key, event=event, cause=OPERATOR), [key]
    )


def retry_aoi(services: Services, aoi: str, *, force: bool = False) -> Retried:
    """Retry all scenes and tiles of an AOI in RETRY, with `force` also those in PENDING.

    Tiles that may not be retried (their scene is not DONE) are left as they are. It can be
    repeated: what was handed out is no longer in RETRY. Raises NotFound.
    """
    store = services.store
    if store.find_aoi(aoi) is None:
        raise NotFound("AOI", aoi)
    statuses = (Status.RETRY, Status.PENDING) if force else (Status.RETRY,)
    found: Iterator[Document] = chain(store.scenes(aoi, statuses), store.tiles(aoi, statuses))
    keys = [document.key for document in found]
    done = [key for piece in _pieces(keys) for key in _retry(services, piece, force=force)]
    scenes = sum(key.kind == "scene" for key in done)
    return Retried(scenes, len(done) - scenes)


def _retry(services: Services, keys: Sequence[Key], *, force: bool) -> list[Key]:
    return carry_out(services, partial(_decide, keys=keys, force=force), keys)


def _decide(draft: Draft, *, keys: Sequence[Key], force: bool) -> list[Key]:
    found = [draft.find(key) for key in keys]
    draft.need(context_of(each for each in found if isinstance(each, Tile)))
    retried = []
    for key in keys:
        document = draft.find(key)
        if document is None or document.status not in (Status.RETRY, Status.PENDING):
            continue
        event = Event.FORCE_RETRY if force else Event.RETRY
        try:
            decisions.operate(draft, key, event, OPERATOR)
        except NotAllowed:
            continue
        retried.append(key)
    return retried


def _pieces(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[start : start + PIECE] for start in range(0, len(keys), PIECE))
