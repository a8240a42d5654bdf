"""Add a scene and its tiles to an AOI, and hand out the scene's job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from tileweave.domain import ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import AlreadyExists, NotFound
from tileweave.domain.ingestion import Names, NewScene, NewTile, Placed
from tileweave.domain.lifecycle import was_applied
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.ports import Services

MOST_TILES_A_COMMIT = 500
MOST_BYTES_A_COMMIT = 2_000_000
"""Well below what one commit may hold (the emulator takes 4 MiB, the service 10 MiB)."""

TILE_OVERHEAD = 1_500
"""Bytes of a tile's document besides its data and geometry, its links' other ends included."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The scene was there already."""

    scene_id: int
    by_this_call: bool = False
    """Nobody had told this call that its commit took effect."""


@dataclass(frozen=True, slots=True)
class Together:
    """Scenes that are seen together.

    `late`: a first part of their chain was added before, and what they name may have FAILED since.
    `promised`: a scene that a later commit adds to the same chain; it may be one of these.
    """

    scenes: Sequence[NewScene]
    late: bool = False
    promised: NewScene | None = None


def add_scene(services: Services, aoi: str, new: NewScene) -> int:
    """Add a scene; return its id.

    All of it is there, or nothing: a scene too large for one commit gets its tiles first and
    becomes visible with the last commit; a repeated call goes on where a broken one stopped.
    Raises NotFound (no such AOI), AlreadyExists (with the scene's id), Invalid, IdCollision.
    """
    if not new.by.message_id:
        new = replace(new, by=replace(new.by, message_id=f"call/{uuid4()}"))
    answer = retrying(lambda: _add(services, aoi, new))
    if isinstance(answer, _Known) and answer.by_this_call:
        return answer.scene_id
    if isinstance(answer, _Known):
        raise AlreadyExists("scene", new.source_id, answer.scene_id)
    return answer


def _add(services: Services, aoi: str, new: NewScene) -> int | _Known:
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    reading = Reading(services)
    known, _, _ = reading.draft(partial(_check, names, new), ingestion.keys_of(names, new))
    if known is not None:
        reading.attempt(partial(_publish_again, known.scene_id), ())
        return known
    add_together(reading, names, Together([new]))
    return names.scene(new.source_id)


def add_together(reading: Reading, names: Names, what: Together) -> None:
    """Add scenes that are seen together, with the last of as many commits as they take.

    Raises NotFound, and Conflict: then they are to be checked again.
    """
    *pieces, last = _pieces(what.scenes)
    for piece in pieces:
        reading.attempt(partial(_stage, names, what, piece), ())
    reading.attempt(partial(_put_last, names, what, last), ())


def _check(names: Names, new: NewScene, draft: Draft) -> _Known | None:
    """Tell whether the scene is there already. Raises Invalid, IdCollision."""
    known = draft.find_scene(names.scene(new.source_id))
    if known is not None and (known.aoi, known.source_id) == (names.aoi, new.source_id):
        return _Known(known.id, by_this_call=was_applied(known, new.by.message_id))
    ingestion.check(draft, names, new)
    return None


def _publish_again(scene_id: int, draft: Draft) -> None:
    """Publish the scene's job if whoever added it died before."""
    draft.publish(draft.scene(scene_id))


def _stage(names: Names, what: Together, piece: Sequence[Placed], draft: Draft) -> None:
    ingestion.add_tiles(draft, names, piece, staged=True, late=what.late)


def _put_last(names: Names, what: Together, piece: Sequence[Placed], draft: Draft) -> None:
    ingestion.add_tiles(draft, names, piece, late=what.late)
    for new in what.scenes:
        ingestion.add_scene(draft, names, new)
    if what.promised is not None:
        ingestion.promise(draft, names, what.promised)


def _pieces(scenes: Sequence[NewScene]) -> Iterator[list[Placed]]:
    """Split the tiles so that each piece fits into a commit; the last may be empty."""
    piece: list[Placed] = []
    size = 0
    for new, tile in ingestion.in_order(*scenes):
        weight = weight_of(tile)
        if piece and (len(piece) == MOST_TILES_A_COMMIT or size + weight > MOST_BYTES_A_COMMIT):
            yield piece
            piece, size = [], 0
        piece.append((new, tile))
        size += weight
    yield piece


def weight_of(tile: NewTile) -> int:
    """Return about how many bytes a tile takes of a commit."""
    return TILE_OVERHEAD + len(tile.geometry or "") + len(tile.wkt or "") + len(str(tile.data))
