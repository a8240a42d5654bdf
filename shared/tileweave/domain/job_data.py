"""The data of a scene's job: which tiles to cut out, and how much a scene's document holds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tileweave.domain.draft import Draft
from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewTile
from tileweave.domain.model import Document, Json, Scene, Tile

MOST_DOCUMENT = 850_000
"""Bytes of data, tags and geometry: Firestore keeps 1 MiB, ids and history included."""


def size_of(kept: object) -> int:
    """Return the bytes of a JSON value as it is kept: UTF-8, without white space."""
    return len(json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())


def with_tiles(data: Json, tiles: Sequence[NewTile | Tile]) -> Json:
    """Tell the scene's job which tiles to cut out, where its data does not say so itself."""
    if data.get("tiles") or not tiles:
        return data
    return {**data, "tiles": {tile.source_id: _brief(tile.data) for tile in tiles}}


def replacement(draft: Draft, document: Document, data: Json) -> Json:
    """Return what replaces the data of a scene or tile: a scene's names its tiles.

    Raises Invalid if that is more than a scene's document holds.
    """
    if not isinstance(document, Scene):
        return data
    tiles = [] if data.get("tiles") else draft.find_tiles(document.tile_ids)
    told = with_tiles(data, tiles)
    geometry = (document.geometry or "", document.wkt or "")
    size = size_of([told, document.tags]) + sum(map(len, geometry))
    if size > MOST_DOCUMENT:
        said = f"{size} bytes with the list of tiles for the job, the tags and the geometry"
        raise Invalid((Problem("body", f"{said}; at most {MOST_DOCUMENT} are kept"),))
    return told


def _brief(data: Json) -> Json:
    return {"swath_id": data.get("swath_id", ""), "tile_nr": data.get("tile_nr", 0)}
