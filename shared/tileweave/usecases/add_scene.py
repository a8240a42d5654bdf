"""Add a scene and its tiles to an AOI, and hand out the scene's job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from uuid import uuid4

from tileweave.domain import ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import AlreadyExists, NotFound
from tileweave.domain.ingestion import Names, NewScene, NewTile, Placed
from tileweave.domain.lifecycle import was_applied
from tileweave.domain.model import Key
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
    `besides`: what else is done with the commit that has them seen.
    """

    scenes: Sequence[NewScene]
    late: bool = False
    promised: NewScene | None = None
    besides: Callable[[Draft], None] | None = None


def add_scene(services: Services, aoi: str, new: NewScene) -> int:
    """Add a scene; return its id.

    All of it is there, or nothing: a scene too large for one commit gets its tiles first and
    becomes visible with the last commit; a repeated call goes on where a broken one stopped.
    Raises NotFound (no such AOI), AlreadyExists (with the scene's id), Invalid, IdCollision.
    """
    if not new.by.message_id:
        new = replace(new, by=replace(new.by, message_id=f"call/{uuid4()}"))
    tries = count()
    answer = retrying(lambda: _add(services, aoi, new, sure=next(tries) > 0))
    if isinstance(answer, _Known) and answer.by_this_call:
        return answer.scene_id
    if isinstance(answer, _Known):
        raise AlreadyExists("scene", new.source_id, answer.scene_id)
    return answer


def _add(services: Services, aoi: str, new: NewScene, *, sure: bool) -> int | _Known:
    """Add a scene; unless one is to be `sure`, its tiles are taken not to be there."""
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    reading = Reading(services, remembered={} if sure else absent(names, [new]))
    *pieces, last = _pieces([new])
    what, keys = Together([new]), ingestion.keys_of(names, new)
    if pieces:
        known, _, _ = reading.draft(partial(_check, names, new), keys)
        for piece in pieces if known is None else ():
            reading.attempt(partial(_stage, names, what, piece), ())
    known = reading.attempt(partial(_check_and_put, names, new, last), keys)
    return names.scene(new.source_id) if known is None else known


def absent(names: Names, scenes: Iterable[NewScene]) -> Mapping[Key, None]:
    """Return the tiles of new scenes, which are not there, as a rule: not worth a read each.

    If one is (a broken request left it), the commit that creates it is refused.
    """
    refs = (ref for new in scenes for ref in ingestion.refs_of(new))
    return {Key("tile", names.tile(ref)): None for ref in refs}


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


def _check_and_put(
    names: Names, new: NewScene, last: Sequence[Placed], draft: Draft
) -> _Known | None:
    """Add the scene with its last tiles, or publish its job if whoever added it died before."""
    known = _check(names, new, draft)
    if known is None:
        _put_last(names, Together([new]), last, draft)
    else:
        draft.publish(draft.scene(known.scene_id))
    return known


def _stage(names: Names, what: Together, piece: Sequence[Placed], draft: Draft) -> None:
    ingestion.add_tiles(draft, names, piece, staged=True, late=what.late)


def _put_last(names: Names, what: Together, piece: Sequence[Placed], draft: Draft) -> None:
    ingestion.add_tiles(draft, names, piece, late=what.late)
    for new in what.scenes:
        ingestion.add_scene(draft, names, new)
    if what.promised is not None:
        ingestion.promise(draft, names, what.promised)
    if what.besides is not None:
        what.besides(draft)


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
