"""Lists of AOIs, scenes and tiles, read as they are asked for: a page costs what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from itertools import chain, groupby, islice, takewhile
from typing import TypeVar

from tileweave.domain.errors import NotFound
from tileweave.domain.identity import AOI_NAME, LARGEST_ID
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.usecases.ports import ALL, Place, Services, Which, Window
from tileweave.usecases.watch import Overview

READ_AT_ONCE = 500

DocumentT = TypeVar("DocumentT", Scene, Tile)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a graph: tiles of these names and statuses (none: of all), of these dates."""

    tiles: frozenset[str] = frozenset()
    statuses: frozenset[Status] = frozenset()
    first: datetime | None = None
    last: datetime | None = None

    @property
    def window(self) -> Window:
        """What comes after all scenes and tiles that are too early."""
        if self.first is None or self.first == datetime.min.replace(tzinfo=UTC):
            return ALL
        return Window(Place(self.first - timedelta(microseconds=1), LARGEST_ID, LARGEST_ID))

    def until(self, found: Iterator[DocumentT]) -> Iterator[DocumentT]:
        """Return the same, up to the last date."""
        last = self.last
        return found if last is None else takewhile(lambda each: each.date <= last, found)


WHOLE = Part()


def aois(services: Services, pattern: str = "*") -> Iterator[Overview]:
    """Return the AOIs whose names match a pattern of `*` and `?`, by name."""
    prefix = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if prefix and not AOI_NAME.fullmatch(prefix):
        return iter(())
    matches = re.compile(translate(pattern.replace("[", "[[]"))).match
    found = services.store.aois(prefix)
    return (Overview(aoi, totals) for aoi, totals in found if matches(aoi.name))


def scenes(
    services: Services, aoi: str, statuses: Collection[Status], window: Window
) -> Iterator[Scene]:
    """Return a part of the scenes of an AOI, by date, then id. Raises NotFound."""
    _check(services, aoi)
    return services.store.scenes(aoi, statuses, window)


def tiles(
    services: Services, aoi: str, statuses: Collection[Status], window: Window
) -> Iterator[Tile]:
    """Return a part of the tiles of an AOI, by scene date, scene, then id. Raises NotFound."""
    _check(services, aoi)
    return services.store.tiles(aoi, statuses, window)


def rest_of_scene(services: Services, last: Tile, statuses: Collection[Status]) -> list[Tile]:
    """Return the tiles of a tile's scene that a list of these statuses has after it."""
    scene = services.store.read([Key("scene", last.scene_id)])[Key("scene", last.scene_id)]
    if scene is None or not isinstance(scene.document, Scene):
        return []
    after = sorted(each for each in scene.document.tile_ids if each > last.id)
    found = services.store.read([Key("tile", each) for each in after]).values()
    tiles = [each.document for each in found if each and isinstance(each.document, Tile)]
    return [each for each in tiles if not statuses or each.status in statuses]


def ends(services: Services, aoi: str, which: Which) -> Iterator[tuple[Tile, Scene]]:
    """Return the root or leaf tiles of an AOI with their scenes. Raises NotFound."""
    _check(services, aoi)
    return with_scenes(services, services.store.tiles(aoi, which=which))


def graph(services: Services, aoi: str, part: Part = WHOLE) -> Iterator[Document]:
    """Return all scenes and tiles of a part of an AOI; the scene of a tile comes before it.

    Raises NotFound.
    """
    _check(services, aoi)
    found = part.until(services.store.tiles(aoi, part.statuses, part.window))
    if not (part.tiles or part.statuses):
        return chain(part.until(services.store.scenes(aoi, (), part.window)), found)
    shown = (tile for tile in found if not part.tiles or tile.source_id in part.tiles)
    return _after_their_scenes(with_scenes(services, shown))


def with_scenes(services: Services, found: Iterator[Tile]) -> Iterator[tuple[Tile, Scene]]:
    """Return tiles with their scenes, some hundreds read at once."""
    while some := list(islice(found, READ_AT_ONCE)):
        known = _scenes_of(services, some)
        yield from ((tile, known[tile.scene_id]) for tile in some if tile.scene_id in known)


def _after_their_scenes(found: Iterator[tuple[Tile, Scene]]) -> Iterator[Document]:
    for _, pairs in groupby(found, key=lambda pair: pair[1].id):
        for number, (tile, scene) in enumerate(pairs):
            yield from (tile,) if number else (scene, tile)


def _scenes_of(services: Services, tiles: Iterable[Tile]) -> dict[int, Scene]:
    keys = {Key("scene", tile.scene_id) for tile in tiles}
    found = [each.document for each in services.store.read(keys).values() if each is not None]
    return {each.id: each for each in found if isinstance(each, Scene)}


def _check(services: Services, aoi: str) -> None:
    if services.store.find_aoi(aoi) is None:
        raise NotFound("AOI", aoi)
