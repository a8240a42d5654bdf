"""How scenes are added: with the links that they are given or automatic ones, or only foreseen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from werkzeug.wrappers import Request

from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json, Link, Tile
from tileweave.domain.whole_scenes import with_own_tiles
from tileweave.usecases.add_scenes import Outcome, add_scenes
from tileweave.usecases.foresee import Foreseen, foresee_linked, foresee_scenes
from tileweave.usecases.link_scenes import link_scenes
from tileweave.usecases.ports import Services
from tileweave.web import geojson
from tileweave.web.answers import choice_of, flag_of
from tileweave.web.defaults import Defaults

Refused = Mapping[str, Collection[str]]


def is_automatic(request: Request) -> bool:
    """Whether tiles without links are to be linked, as `links=auto` asks for."""
    return choice_of(request, "links", ("given", "auto"), "given") == "auto"


def is_dry_run(request: Request) -> bool:
    """Whether nothing is to be done, but for telling what would be."""
    return flag_of(request, "dry_run")


def whole(new: NewScene, defaults: Defaults, *, automatic: bool) -> NewScene:
    """Return a scene with what it and its tiles leave out, and where links are made, with tiles.

    A scene that has none is one there; elsewhere it may go without.
    """
    return defaults.completed(with_own_tiles(new) if automatic else new)


def added(
    services: Services,
    request: Request,
    aoi: str,
    scenes: Sequence[NewScene],
    refused: tuple[Refused, Refused],
) -> tuple[Sequence[Outcome], Json]:
    """Add scenes as the request asks for it; return outcomes, and what a dry run tells besides.

    `refused`: scenes that cannot be read, with the scenes that they name, and with their tiles.
    """
    named, their_tiles = refused
    if is_dry_run(request):
        foreseen = (
            foresee_linked(services, aoi, scenes, named, their_tiles)
            if is_automatic(request)
            else foresee_scenes(services, aoi, scenes, named)
        )
        return foreseen.outcomes, _told(foreseen)
    if is_automatic(request):
        return link_scenes(services, aoi, scenes, named, their_tiles), {}
    return add_scenes(services, aoi, scenes, named), {}


def _told(foreseen: Foreseen) -> Json:
    features = (geojson.scene_feature(scene, tiles) for scene, tiles in foreseen.scenes)
    return {
        "graph": geojson.collection(features),
        "relinked": [_relinked(before, after) for before, after in foreseen.moved],
    }


def _relinked(before: Tile, after: Tile) -> Json:
    return {
        "id": before.id,
        "source_id": before.source_id,
        "scene_source_id": before.scene_source_id,
        "before": _links(before),
        "after": _links(after),
    }


def _links(tile: Tile) -> Json:
    return {"previous": _named(tile.previous), "reference": _named(tile.reference)}


def _named(link: Link | None) -> Json | None:
    if link is None:
        return None
    return {
        "id": link.tile_id,
        "source_id": link.source_id,
        "scene_source_id": link.scene_source_id,
    }
