"""Lists: of AOIs, of their scenes and tiles by cursor, of their root and leaf tiles."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.messages import tile_body
from tileweave.domain.model import Json, Scene, Tile
from tileweave.domain.status import Status
from tileweave.usecases import browse
from tileweave.usecases.ports import Services, Which
from tileweave.usecases.watch import Overview
from tileweave.web.answers import GEOJSON, as_json, choice_of
from tileweave.web.geojson import collection, scene_feature, tile_feature
from tileweave.web.overview import overview_json
from tileweave.web.paging import links, page_of, shown


def aois(services: Services, request: Request, pattern: str = "*") -> Response:
    """Answer the AOIs whose names match a pattern, with their statuses."""
    del request
    return _streamed(_aoi(each) for each in browse.aois(services, pattern))


def scenes(services: Services, request: Request, aoi: str, status: str = "") -> Response:
    """Answer a page of the scenes of an AOI."""
    page = page_of(request)
    found = browse.scenes(services, aoi, _statuses(status), page.window)
    features = [scene_feature(each) for each in shown(page, found)]
    return as_json({**collection(features), "links": links(request, page, found)}, GEOJSON)


def tiles(services: Services, request: Request, aoi: str, status: str = "") -> Response:
    """Answer a page of the tiles of an AOI, in their scenes' Features or in their own."""
    view = choice_of(request, "view", ("scene", "tile"), "scene")
    page = page_of(request)
    found = browse.tiles(services, aoi, _statuses(status), page.window)
    listed = shown(page, found)
    if view == "tile":
        features = [tile_feature(each) for each in listed]
    else:
        features = list(_by_scene(browse.scenes_of(services, listed), listed))
    return as_json({**collection(features), "links": links(request, page, found)}, GEOJSON)


def roots(services: Services, request: Request, aoi: str) -> Response:
    """Answer all tiles of an AOI that wait for no other tile."""
    del request
    return _streamed(_bodies(services, aoi, Which.ROOTS))


def leaves(services: Services, request: Request, aoi: str) -> Response:
    """Answer all tiles of an AOI that are the previous of none."""
    del request
    return _streamed(_bodies(services, aoi, Which.LEAVES))


def _aoi(overview: Overview) -> Json:
    body = overview_json(overview)
    return {"ID": body.pop("name"), **body}


def _statuses(status: str) -> tuple[Status, ...]:
    if not status:
        return ()
    if status.upper() not in Status.__members__:
        raise BadRequest(f"{status!r} is not a status: one of {', '.join(Status)}.")
    return (Status(status.upper()),)


def _by_scene(scenes: dict[int, Scene], tiles: Sequence[Tile]) -> Iterator[Json]:
    for scene_id, group in groupby(tiles, key=lambda tile: tile.scene_id):
        if (scene := scenes.get(scene_id)) is not None:
            yield scene_feature(scene, list(group))


def _bodies(services: Services, aoi: str, which: Which) -> Iterator[Json]:
    for tile, scene in browse.ends(services, aoi, which):
        yield tile_body(tile, scene)


def _streamed(items: Iterator[Json]) -> Response:
    """Return a JSON list of any length, written as it is read; its first read comes before."""
    first = next(items, None)
    return Response(_list(first, items), mimetype="application/json")


def _list(first: Json | None, rest: Iterator[Json]) -> Iterator[str]:
    yield "["
    if first is not None:
        yield json.dumps(first, ensure_ascii=False)
        yield from (f",{json.dumps(each, ensure_ascii=False)}" for each in rest)
    yield "]"
