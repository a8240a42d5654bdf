"""What operators do: retry, fail or force a scene or a tile, retry or delete a whole AOI."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from tileweave.domain import decisions
from tileweave.domain.errors import Conflict, NotFound, Unavailable
from tileweave.domain.model import Cause, Document, Json, Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.carry_out import carry_out, retrying
from tileweave.usecases.chores import (
    PIECE,
    DeleteAoi,
    RetryMany,
    do_chore,
    message_of,
    pieces,
    retry_many,
)
from tileweave.usecases.ports import OPERATOR, Services

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retried:
    """How many scenes and tiles were handed out again."""

    scenes: int
    tiles: int


def operate(services: Services, key: Key, event: Event, by: Cause = OPERATOR) -> Document:
    """Retry, fail or force a scene or tile; return it. Raises NotFound, NotAllowed.

    The `message_id` of its cause names the call: repeated, it is carried out once.
    """
    decide = partial(decisions.operate, key=key, event=event, cause=_named(by))
    return carry_out(services, decide, [key])


def replace_data(services: Services, key: Key, data: Json, date: datetime | None) -> None:
    """Replace the data of a scene or tile. Raises NotFound, Invalid.

    A scene keeps its date: tiles are ordered by it.
    """
    carry_out(services, partial(decisions.replace_data, key=key, data=data, date=date), [key])


def retry_aoi(
    services: Services, aoi: str, by: Cause = OPERATOR, *, force: bool = False
) -> Retried:
    """Retry all scenes and tiles of an AOI in RETRY, with `force` also those in PENDING.

    Tiles that may not be retried (their scene is not DONE) are left as they are. Many are
    retried in pieces, by messages: then it returns how many that will be. It can be repeated:
    what was handed out since it was looked for is not handed out again. Raises NotFound.
    """
    if services.store.find_aoi(aoi) is None:
        raise NotFound("AOI", aoi)
    by = _named(by)
    statuses = (Status.RETRY, Status.PENDING) if force else (Status.RETRY,)
    found = list(_to_retry(services, aoi, statuses))
    if len(found) <= PIECE:
        return _counted(retry_many(services, found, by, force=force) if found else [])
    items = [[(key.kind, key.id, number) for key, number in piece] for piece in pieces(found)]
    chores = [
        RetryMany(
            force=force, items=tuple(each), actor=by.actor, reason=by.reason, call=by.message_id
        )
        for each in items
    ]
    services.publisher.publish([message_of(each, aoi) for each in chores])
    return _counted([key for key, _ in found])


def _to_retry(
    services: Services, aoi: str, statuses: Collection[Status]
) -> Iterator[tuple[Key, int]]:
    """Return scenes, and tiles whose scene is DONE, with the attempts that they are at."""
    store = services.store
    yield from ((scene.key, scene.attempt) for scene in store.scenes(aoi, statuses))
    done = {scene.id for scene in store.scenes(aoi, (Status.DONE,))}
    tiles = (tile for tile in store.tiles(aoi, statuses) if tile.scene_id in done)
    yield from ((tile.key, tile.attempt) for tile in tiles)


def delete_aoi(services: Services, aoi: str, by: Cause = OPERATOR) -> None:
    """Delete an AOI for good: it is gone at once, what it held soon, if it was large.

    Raises NotFound.
    """
    try:
        generation = services.store.bury_aoi(aoi)
    except Conflict:  # somebody changed it; or this call's own answer was lost
        generation = retrying(lambda: services.store.bury_aoi(aoi))
        if generation is None:
            return
    if generation is None:
        raise NotFound("AOI", aoi)
    logger.info("AOI %s is deleted by %s: %s", aoi, by.actor, by.reason or "no reason given")
    try:
        do_chore(services, DeleteAoi(aoi=aoi, generation=generation))
    except Unavailable:
        logger.warning("what is left of AOI %s is left to the janitor", aoi, exc_info=True)


def _named(by: Cause) -> Cause:
    """Return a cause with a name, by which a commit that lost its answer is known."""
    return by if by.message_id else replace(by, message_id=f"call/{uuid4()}")


def _counted(keys: Sequence[Key]) -> Retried:
    scenes = sum(key.kind == "scene" for key in keys)
    return Retried(scenes, len(keys) - scenes)
