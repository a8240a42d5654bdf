"""The tiles of scenes that come without any."""

from __future__ import annotations

import re
from dataclasses import replace

from tileweave.domain.ingestion import NewScene, NewTile
from tileweave.domain.job_data import with_tiles
from tileweave.domain.properties import property_of

_SENTINEL_2 = re.compile(r"S2[A-D]_.*_T([0-9]{2}[A-Z]{3})(_.*)?")
_LANDSAT = re.compile(r"L[COTEM]([0-9]{2})_[A-Z0-9]{4}_([0-9]{3})([0-9]{3})_.*")
_MGRS = re.compile(r"T?([0-9]{1,2})([A-Z]{3})")
_FIRST_GRID = {"01", "02", "03"}
"""Landsat 1 to 3 flew over another grid of paths and rows than their successors."""


def with_own_tiles(new: NewScene) -> NewScene:
    """Return a scene with tiles: those that its data names, or else itself as one tile.

    That tile is named by the cell of its grid, so that all dates of it are one chain: `T32UNG`
    (Sentinel-2), `WRS2_196022` (Landsat), the `grid:code` of STAC; where nobody tells it, by the
    scene's own name, and so it is a chain of its own.
    """
    if new.tiles:
        return new
    named = new.data.get("tiles")
    if isinstance(named, dict) and named:
        tiles = tuple(
            NewTile(
                source_id=name, data=data if isinstance(data, dict) else {}, path=f"tiles.{name}"
            )
            for name, data in named.items()
        )
        return replace(new, tiles=tiles)
    own = NewTile(source_id=cell_of(new), data={}, geometry=new.geometry, wkt=new.wkt, path="tiles")
    return replace(new, tiles=(own,), data=with_tiles(new.data, [own]))


def cell_of(new: NewScene) -> str:
    """Return the cell of the grid that a scene covers, or its own name."""
    code = property_of(new, "grid:code")
    return _mgrs(new, code) or _wrs(new, code) or code or new.source_id


def _mgrs(new: NewScene, code: str) -> str:
    parts = ("mgrs:utm_zone", "mgrs:latitude_band", "mgrs:grid_square")
    told = (
        property_of(new, "s2:mgrs_tile"),
        "".join(property_of(new, each) for each in parts),
        code.removeprefix("MGRS-"),
    )
    found = next(filter(None, map(_MGRS.fullmatch, told)), None)
    if found is not None:
        return f"T{int(found[1]):02}{found[2]}"
    by_name = _SENTINEL_2.fullmatch(new.source_id)
    return f"T{by_name[1]}" if by_name else ""


def _wrs(new: NewScene, code: str) -> str:
    path, row = property_of(new, "landsat:wrs_path"), property_of(new, "landsat:wrs_row")
    if path.isdecimal() and row.isdecimal():
        grid = property_of(new, "landsat:wrs_type") or "2"
        return f"WRS{grid}_{int(path):03}{int(row):03}"
    if found := re.fullmatch(r"WRS([12])-([0-9]{6})", code):
        return f"WRS{found[1]}_{found[2]}"
    by_name = _LANDSAT.fullmatch(new.source_id)
    if by_name is None:
        return ""
    return f"WRS{1 if by_name[1] in _FIRST_GRID else 2}_{by_name[2]}{by_name[3]}"
