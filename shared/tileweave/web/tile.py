"""Calls on tiles: get, retry, fail, force."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Document, Tile
from tileweave.usecases import watch
from tileweave.usecases.ports import Services
from tileweave.web.answers import GEOJSON, as_json
from tileweave.web.geojson import tile_feature
from tileweave.web.operations import Operator
from tileweave.web.routing import Route


def get(services: Services, request: Request, number: int) -> Response:
    """Answer a tile as a Feature."""
    del request
    return _show(watch.get_tile(services, number))


def _show(tile: Document) -> Response:
    assert isinstance(tile, Tile)  # noqa: S101 - for the type checker
    return as_json(tile_feature(tile), GEOJSON)


ROUTES = (
    Route("GET", "/tile/<int:number>", get),
    *Operator("tile", _show).routes,
)
