"""One at a time: who links new tiles into the chains of a track passes its fence.

What is not there yet cannot be guarded by its version. So each track has a document that every
commit of automatic links changes: who has looked at the track before somebody else added to it is
refused, and looks again. It is kept among the tiles, as one that is staged for ever: so it is in no
list and no total, and goes with its AOI.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tileweave.domain.draft import Draft
from tileweave.domain.footprints import footprint_of
from tileweave.domain.ingestion import Names, TileRef
from tileweave.domain.model import Key, Tile
from tileweave.domain.status import Status


def tracks_of(source_ids: Iterable[str]) -> list[str]:
    """Return the tracks of tiles, each once."""
    return sorted({footprint_of(each).track for each in source_ids})


def fence_of(names: Names, track: str) -> Key:
    """Return the key of a track's fence: that of a tile of no scene, as no tile is."""
    return Key("tile", names.tile(TileRef(track, "")))


def is_fence(tile: Tile) -> bool:
    """Whether it is a fence, and no tile of a scene."""
    return not tile.scene_source_id


def pass_fence(draft: Draft, names: Names, track: str) -> None:
    """Have the commit refused if anybody passed since the fence was read."""
    key = fence_of(names, track)
    found = draft.find_tile(key.id)
    if found is None:
        draft.put(_fence(draft, names, track, key))
    else:
        draft.put(replace(found, attempt=found.attempt + 1, updated_at=draft.now))


def _fence(draft: Draft, names: Names, track: str, key: Key) -> Tile:
    return Tile(
        id=key.id,
        source_id=track,
        aoi=names.aoi,
        generation=names.generation,
        date=draft.now,
        data={},
        status=Status.NEW,
        updated_at=draft.now,
        scene_id=0,
        scene_source_id="",
        staged=True,
    )
