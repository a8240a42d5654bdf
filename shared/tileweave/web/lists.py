"""Lists: of AOIs, of their scenes and tiles by cursor, of their root and leaf tiles.

All are written as they are read: a page of 10,000 tiles is never in memory as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, groupby, islice
from typing import TypeVar

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.messages import tile_body
from tileweave.domain.model import Json, Tile
from tileweave.domain.status import Status
from tileweave.usecases import browse
from tileweave.usecases.ports import Place, Services, Which, Window
from tileweave.usecases.watch import Overview
from tileweave.web.answers import GEOJSON, choice_of
from tileweave.web.geojson import scene_feature, tile_feature
from tileweave.web.overview import overview_json
from tileweave.web.paging import Shown, WholeScenes, links, page_of

T = TypeVar("T")


def aois(services: Services, request: Request, pattern: str = "*") -> Response:
    """Answer the AOIs whose names match a pattern, with their statuses."""
    del request
    return _streamed(_list(_aoi(each) for each in browse.aois(services, pattern)))


def scenes(services: Services, request: Request, aoi: str, status: str = "") -> Response:
    """Answer a page of the scenes of an AOI."""
    page = page_of(request)
    found = Shown(page, browse.scenes(services, aoi, _statuses(status), page.window))
    features = (scene_feature(each) for each in found)
    return _streamed(_collection(features, lambda: links(request, found.last)), GEOJSON)


def tiles(services: Services, request: Request, aoi: str, status: str = "") -> Response:
    """Answer a page of the tiles of an AOI, in their scenes' Features or in their own."""
    view = choice_of(request, "view", ("scene", "tile"), "scene")
    page, statuses = page_of(request), _statuses(status)
    read = browse.tiles(services, aoi, statuses, page.window)
    found: Shown[Tile] | WholeScenes = Shown(page, read)
    if view == "scene" and not page.numbered:
        rest = partial(browse.rest_of_scene, services, statuses=statuses)
        follows = partial(_follows, services, aoi, statuses)
        found = WholeScenes(page, read, rest, follows)
    own = (tile_feature(each) for each in found)
    features = own if view == "tile" else _by_scene(services, iter(found))
    return _streamed(_collection(features, lambda: links(request, found.last)), GEOJSON)


def _follows(services: Services, aoi: str, statuses: tuple[Status, ...], place: Place) -> bool:
    return any(True for _ in browse.tiles(services, aoi, statuses, Window(place, limit=1)))


def roots(services: Services, request: Request, aoi: str) -> Response:
    """Answer all tiles of an AOI that wait for no other tile."""
    del request
    return _streamed(_list(_bodies(services, aoi, Which.ROOTS)))


def leaves(services: Services, request: Request, aoi: str) -> Response:
    """Answer all tiles of an AOI that are the previous of none."""
    del request
    return _streamed(_list(_bodies(services, aoi, Which.LEAVES)))


def begun(found: Iterator[T]) -> Iterator[T]:
    """Return the same, its first read already: an error then comes before the answer begins."""
    return chain(list(islice(found, 1)), found)


def _aoi(overview: Overview) -> Json:
    body = overview_json(overview)
    return {"ID": body.pop("name"), **body}


def _statuses(status: str) -> tuple[Status, ...]:
    if not status:
        return ()
    if status.upper() not in Status.__members__:
        raise BadRequest(f"{status!r} is not a status: one of {', '.join(Status)}.")
    return (Status(status.upper()),)


def _by_scene(services: Services, tiles: Iterator[Tile]) -> Iterator[Json]:
    pairs = browse.with_scenes(services, tiles)
    for _, group in groupby(pairs, key=lambda pair: pair[1].id):
        listed = list(group)
        yield scene_feature(listed[0][1], [tile for tile, _ in listed])


def _bodies(services: Services, aoi: str, which: Which) -> Iterator[Json]:
    for tile, scene in browse.ends(services, aoi, which):
        yield tile_body(tile, scene)


def _collection(features: Iterator[Json], links: Callable[[], list[Json]]) -> Iterator[str]:
    """Return a FeatureCollection; its links are known at its end."""
    ready = begun(features)

    def text() -> Iterator[str]:
        yield '{"type":"FeatureCollection","features":['
        yield from _separated(ready)
        yield f'],"links":{_text(links())}}}'

    return text()


def _list(items: Iterator[Json]) -> Iterator[str]:
    ready = begun(items)
    return chain("[", _separated(ready), "]")


def _separated(items: Iterable[Json]) -> Iterator[str]:
    for number, each in enumerate(items):
        yield f"{',' if number else ''}{_text(each)}"


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _streamed(text: Iterator[str], mimetype: str = "application/json") -> Response:
    return Response(text, mimetype=mimetype)
