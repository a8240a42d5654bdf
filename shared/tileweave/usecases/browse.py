"""Lists of AOIs, scenes and tiles: what a page costs does not depend on how deep it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import translate
from itertools import islice

from tileweave.domain.errors import NotFound
from tileweave.domain.model import Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.usecases.ports import Services, Which, Window
from tileweave.usecases.watch import Overview

READ_AT_ONCE = 500


def aois(services: Services, pattern: str = "*") -> Iterator[Overview]:
    """Return the AOIs whose names match a pattern of `*` and `?`, by name."""
    prefix = re.split(r"[*?]", pattern, maxsplit=1)[0]
    matches = re.compile(translate(pattern.replace("[", "[[]"))).match
    found = services.store.aois(prefix)
    return (Overview(aoi, totals) for aoi, totals in found if matches(aoi.name))


def scenes(
    services: Services, aoi: str, statuses: Collection[Status], window: Window
) -> Sequence[Scene]:
    """Return a part of the scenes of an AOI, by date, then id. Raises NotFound."""
    _check(services, aoi)
    return list(services.store.scenes(aoi, statuses, window))


def tiles(
    services: Services, aoi: str, statuses: Collection[Status], window: Window
) -> Sequence[Tile]:
    """Return a part of the tiles of an AOI, by scene date, scene, then id. Raises NotFound."""
    _check(services, aoi)
    return list(services.store.tiles(aoi, statuses, window))


def scenes_of(services: Services, tiles: Iterable[Tile]) -> dict[int, Scene]:
    """Return the scenes of these tiles, by id, read in one go."""
    keys = {Key("scene", tile.scene_id) for tile in tiles}
    found = [each.document for each in services.store.read(keys).values() if each is not None]
    return {each.id: each for each in found if isinstance(each, Scene)}


def ends(services: Services, aoi: str, which: Which) -> Iterator[tuple[Tile, Scene]]:
    """Return the root or leaf tiles of an AOI with their scenes, as they are read.

    Raises NotFound.
    """
    _check(services, aoi)
    return _with_scenes(services, services.store.tiles(aoi, which=which))


def _with_scenes(services: Services, found: Iterator[Tile]) -> Iterator[tuple[Tile, Scene]]:
    while some := list(islice(found, READ_AT_ONCE)):
        known = scenes_of(services, some)
        yield from ((tile, known[tile.scene_id]) for tile in some if tile.scene_id in known)


def _check(services: Services, aoi: str) -> None:
    if services.store.find_aoi(aoi) is None:
        raise NotFound("AOI", aoi)
