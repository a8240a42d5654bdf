"""Calls on scenes: get, tiles, retry, fail, force."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Document, Scene
from tileweave.usecases import watch
from tileweave.usecases.ports import Services
from tileweave.web.answers import GEOJSON, as_json
from tileweave.web.geojson import collection, scene_feature
from tileweave.web.operations import Operator
from tileweave.web.routing import Route


def get(services: Services, request: Request, number: int) -> Response:
    """Answer a scene as a Feature."""
    del request
    return _show(watch.get_scene(services, number))


def tiles(services: Services, request: Request, number: int) -> Response:
    """Answer a scene with its tiles as a FeatureCollection."""
    del request
    scene, found = watch.get_scene_with_tiles(services, number)
    return as_json(collection([scene_feature(scene, found)]), GEOJSON)


def _show(scene: Document) -> Response:
    assert isinstance(scene, Scene)  # noqa: S101 - for the type checker
    return as_json(scene_feature(scene), GEOJSON)


ROUTES = (
    Route("GET", "/scene/<int:number>", get),
    Route("GET", "/scene/<int:number>/tiles", tiles),
    *Operator("scene", _show).routes,
)
