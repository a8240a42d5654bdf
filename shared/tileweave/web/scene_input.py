"""From a request to the scene that it adds: every wrong field is found before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tileweave.domain.acquisitions import product_name
from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewScene, NewTile, TileRef
from tileweave.domain.job_data import with_tiles
from tileweave.domain.model import Json
from tileweave.web import scene_request as request
from tileweave.web.defaults import NONE, Defaults
from tileweave.web.footprint import read_footprint, refuse_other_crs
from tileweave.web.limits import MOST_TILES
from tileweave.web.naming import is_item
from tileweave.web.readable import readable
from tileweave.web.scene_data import read_scene_data
from tileweave.web.sizes import check_list_of_tiles, check_size
from tileweave.web.stac import read_item
from tileweave.web.wrong_fields import Problems, Sent, joined


def read_scene(aoi: str, body: Any, defaults: Defaults = NONE) -> NewScene:  # noqa: ANN401 - JSON
    """Return the scene that a request, a Feature or a STAC Item describes. Raises Invalid.

    A request names its AOI, and rightly; a Feature's AOI is read over. What the scene leaves out is
    taken from `defaults`.
    """
    if is_item(body):
        return defaults.completed(read_item(body, defaults.retry_count))
    return defaults.completed(_read(aoi, body, defaults.retry_count))


def _read(aoi: str, body: Any, retry_count: int) -> NewScene:  # noqa: ANN401 - JSON
    _refuse_what_is_no_scene(body)
    problems = Problems()
    if request.is_feature(body):
        feature = readable(request.FeatureIn, body, problems)
        sent = Sent("properties", body["properties"], request.FeatureProperties)
        refuse_other_crs(body, "crs", problems)
        return _scene(feature.properties, _own_geometry(feature), sent, problems, retry_count)
    scene = readable(request.SceneRequest, body, problems)
    sent = Sent("", body, request.SceneRequest)
    if scene.aoi != aoi:
        problems.add(sent.at("aoi"), f"is {scene.aoi!r}, but the path says {aoi!r}")
    return _scene(scene, scene.geometry, sent, problems, retry_count)


def _refuse_what_is_no_scene(body: Any) -> None:  # noqa: ANN401 - JSON
    """Tell in one sentence that it is something else, not key by key."""
    if isinstance(body, list) or request.is_a("FeatureCollection", body):
        said = "must be one scene: many are posted to /aoi/{aoi}/scenes"
        raise Invalid((Problem("body", said),))
    for kind in ("Collection", "Catalog"):
        if request.is_a(kind, body):
            said = f"is a STAC {kind}, which holds no Items: post those, as an ItemCollection"
            raise Invalid((Problem("body", said),))
    properties = body.get("properties") if request.is_feature(body) else None
    if isinstance(properties, dict) and properties.keys() & {"SceneID", "scene_id"}:
        said = "are a tile's (view=tile): post Features of scenes, which hold their Tiles"
        raise Invalid((Problem("properties", said),))


def _scene(
    scene: request.SceneRequest | request.FeatureProperties,
    geometry: Json | None,
    sent: Sent,
    problems: Problems,
    retry_count: int,
) -> NewScene:
    date = read_scene_data(scene.data, f"{sent.at('data')}.", problems)
    where = "geometry" if sent.path else sent.at("geometry")
    footprint = read_footprint(scene.wkt, geometry, (sent.at("wkt"), where), problems)
    tiles = [_tile(tile, own, problems) for tile, own in _sent_tiles(scene, sent, problems)]
    data = with_tiles(scene.data, tiles)
    if len(tiles) > MOST_TILES:
        problems.add(sent.at("tiles"), f"a scene has at most {MOST_TILES} tiles")
    elif check_size([scene.data, scene.tags], footprint, sent.at("data"), problems):
        check_list_of_tiles([data, scene.tags], footprint, sent.at("tiles"), problems)
    problems.check()
    return NewScene(
        source_id=scene.source_id,
        date=date,
        data=data,
        tags=scene.tags,
        tiles=tuple(tiles),
        retry_count=scene.retries if scene.says_retries else retry_count,
        product_name=scene.product_name or product_name(scene.source_id),
        own_record=scene.own_record,
        geometry=footprint.geojson,
        wkt=footprint.wkt,
    )


def _own_geometry(feature: request.FeatureIn) -> Json | None:
    """Return a Feature's geometry; none where it is that of its tiles, as a GET answers it."""
    properties = feature.properties
    tiles = properties.tiles or ()
    every = tiles.values() if isinstance(tiles, dict) else tiles
    of_tiles = any(tile.wkt or tile.geometry for tile in every)
    return None if of_tiles and "wkt" in properties.model_fields_set else feature.geometry


def _sent_tiles(
    scene: request.SceneIn, sent: Sent, problems: Problems
) -> Iterator[tuple[request.TileIn, Sent]]:
    """Return the tiles and how they were sent, whether they came as an object or as a list."""
    listed = sent.value("tiles")
    if isinstance(scene.tiles, dict):
        for name, tile in scene.tiles.items():
            own = Sent(joined(sent.at("tiles"), name), _object(listed[name]), request.TileIn)
            if tile.source_id not in (None, name):
                said = f"is {tile.source_id!r}, but its key is {name!r}"
                problems.add(own.at("source_id"), said)
            yield tile.model_copy(update={"source_id": name}), own
        return
    for number, tile in enumerate(scene.tiles or ()):
        own = Sent(joined(sent.at("tiles"), number), _object(listed[number]), request.TileIn)
        if tile.source_id is None:
            problems.add(own.at("source_id"), "is missing")
        yield tile, own


def _object(sent: Any) -> Json:  # noqa: ANN401 - JSON
    return sent if isinstance(sent, dict) else {}


def _tile(tile: request.TileIn, sent: Sent, problems: Problems) -> NewTile:
    places = (sent.at("wkt"), sent.at("geometry"))
    footprint = read_footprint(tile.wkt, tile.geometry, places, problems)
    check_size(tile.data, footprint, sent.at("data"), problems)
    return NewTile(
        source_id=tile.source_id or "",
        data=tile.data,
        previous=_link(tile, "previous", sent, problems),
        reference=_link(tile, "reference", sent, problems),
        geometry=footprint.geojson,
        wkt=footprint.wkt,
        anx_time=tile.anx_time,
        path=sent.path,
    )


def _link(tile: request.TileIn, name: str, sent: Sent, problems: Problems) -> TileRef | None:
    link: request.LinkIn | None = getattr(tile, name)
    tile_id, scene_id = getattr(tile, f"{name}_tile_id"), getattr(tile, f"{name}_scene_id")
    if link is not None:
        if tile_id or scene_id:
            problems.add(sent.at(name), f"is there twice: also as {name}_tile_id")
        return TileRef(link.source_id, link.scene_id, sent.at(name))
    if bool(tile_id) != bool(scene_id):
        missing = f"{name}_scene_id" if tile_id else f"{name}_tile_id"
        problems.add(sent.at(missing), "is missing: a tile is named by its scene and itself")
    return TileRef(tile_id, scene_id, sent.at(f"{name}_tile_id")) if tile_id and scene_id else None
