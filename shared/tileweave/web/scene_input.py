"""From a request to the scene that it adds: every wrong field is found before anything is done."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewScene, NewTile, TileRef
from tileweave.domain.model import Json
from tileweave.web import scene_request as request
from tileweave.web.geometry import BadGeometry, footprint_of_geojson, footprint_of_wkt
from tileweave.web.limits import MOST_DATA, MOST_DOCUMENT, MOST_TILES, size_of

ModelT = TypeVar("ModelT", bound=BaseModel)


class Problems:
    """Collects every wrong field of a request, with its path."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, path: str, message: str) -> None:
        """Note a wrong field."""
        self.found.append(Problem(path, message))

    def check(self) -> None:
        """Raise Invalid if anything was noted."""
        if self.found:
            raise Invalid(tuple(self.found))


def read_scene(aoi: str, body: Any) -> NewScene:  # noqa: ANN401 - JSON
    """Return the scene that a request or a Feature describes. Raises Invalid.

    A request names its AOI, and rightly; a Feature's AOI is read over.
    """
    problems = Problems()
    if request.is_feature(body):
        feature = _validated(request.FeatureIn, body, problems)
        return _scene(feature.properties, _own_geometry(feature), "properties.", problems)
    named = _named_aoi(body)
    if isinstance(named, str) and named != aoi:
        problems.add("aoi", f"is {named!r}, but the path says {aoi!r}")
    scene = _validated(request.SceneRequest, body, problems)
    if named is None and scene.aoi != aoi:
        problems.add("aoi", f"is {scene.aoi!r}, but the path says {aoi!r}")
    return _scene(scene, scene.geometry, "", problems)


def _named_aoi(body: object) -> object:
    found = (
        [body[each] for each in ("aoi", "AOI") if each in body] if isinstance(body, dict) else []
    )
    return found[0] if found else None


def _scene(
    scene: request.SceneIn, geometry: Json | None, prefix: str, problems: Problems
) -> NewScene:
    date = _date(scene.data, prefix, problems)
    text, wkt = _footprint(scene.wkt, geometry, prefix, problems)
    tiles = [_tile(each, path, problems) for path, each in _named_tiles(scene, prefix, problems)]
    data = _with_tiles(scene.data, tiles)
    if len(tiles) > MOST_TILES:
        problems.add(f"{prefix}tiles", f"a scene has at most {MOST_TILES} tiles")
    _check_size([data, scene.tags], [text, wkt], f"{prefix}data", problems)
    problems.check()
    return NewScene(
        source_id=scene.source_id,
        date=date,
        data=data,
        tags=scene.tags,
        tiles=tuple(tiles),
        retry_count=scene.retry_count,
        product_name=scene.product_name or product_name(scene.source_id),
        own_record=scene.own_record,
        geometry=text,
        wkt=wkt,
    )


def _own_geometry(feature: request.FeatureIn) -> Json | None:
    """Return a Feature's geometry; none where it may be that of the tiles, as a GET answers it."""
    properties = feature.properties
    answered = "wkt" in properties.model_fields_set and (properties.wkt or properties.tiles)
    return None if answered else feature.geometry


def product_name(source_id: str) -> str:
    """Return the name of a product: a Sentinel-1 id without the checksum it ends with."""
    return re.sub(r"^(S1[A-D]_.*_)[0-9A-F]{4}$", r"\1", source_id)


def _date(data: Json, prefix: str, problems: Problems) -> datetime:
    try:
        return request.date_of(data)
    except ValidationError as error:
        problems.add(f"{prefix}data.date", request.wrong_fields(error)[0][1])
        return datetime.now(UTC)


def _named_tiles(
    scene: request.SceneIn, prefix: str, problems: Problems
) -> Iterator[tuple[str, request.TileIn]]:
    """Return the tiles with their paths, whether they came as an object or as a list."""
    if isinstance(scene.tiles, dict):
        for name, tile in scene.tiles.items():
            path = f"{prefix}tiles.{name}"
            if tile.source_id not in (None, name):
                problems.add(f"{path}.source_id", f"is {tile.source_id!r}, but its key is {name!r}")
            yield path, tile.model_copy(update={"source_id": name})
        return
    for number, tile in enumerate(scene.tiles or ()):
        path = f"{prefix}Tiles.{number}"
        if tile.source_id is None:
            problems.add(f"{path}.SourceID", "is missing")
        yield path, tile


def _tile(tile: request.TileIn, path: str, problems: Problems) -> NewTile:
    text, wkt = _footprint(tile.wkt, tile.geometry, f"{path}.", problems)
    _check_size(tile.data, [text, wkt], f"{path}.data", problems)
    return NewTile(
        source_id=tile.source_id or "",
        data=tile.data,
        previous=_link(tile, "previous", path, problems),
        reference=_link(tile, "reference", path, problems),
        geometry=text,
        wkt=wkt,
        anx_time=tile.anx_time,
        path=path,
    )


def _link(tile: request.TileIn, name: str, path: str, problems: Problems) -> TileRef | None:
    link: request.LinkIn | None = getattr(tile, name)
    tile_id, scene_id = getattr(tile, f"{name}_tile_id"), getattr(tile, f"{name}_scene_id")
    if link is not None:
        if tile_id or scene_id:
            problems.add(f"{path}.{name}", f"is there twice: also as {name}_tile_id")
        return TileRef(link.source_id, link.scene_id)
    if bool(tile_id) != bool(scene_id):
        missing = f"{name}_scene_id" if tile_id else f"{name}_tile_id"
        problems.add(f"{path}.{missing}", "is missing: a tile is named by its scene and itself")
    return TileRef(tile_id, scene_id) if tile_id and scene_id else None


def _footprint(
    wkt: str, geometry: Json | None, prefix: str, problems: Problems
) -> tuple[str | None, str | None]:
    """Return a geometry as GeoJSON text and as WKT; WKT comes first where there are both."""
    try:
        if wkt:
            return footprint_of_wkt(wkt), wkt
        return (None, None) if geometry is None else footprint_of_geojson(geometry)
    except BadGeometry as error:
        problems.add(f"{prefix}{'wkt' if wkt else 'geometry'}", str(error))
        return None, None


def _check_size(
    kept: object, geometry: Iterable[str | None], path: str, problems: Problems
) -> None:
    """Refuse what no document can hold before any other is written."""
    size = size_of(kept)
    with_geometry = size + sum(len(each or "") for each in geometry)
    if size > MOST_DATA:
        problems.add(path, f"{size} bytes as JSON, tags included; at most {MOST_DATA} are kept")
    elif with_geometry > MOST_DOCUMENT:
        said = f"{with_geometry} bytes with the geometry; at most {MOST_DOCUMENT} are kept"
        problems.add(path, said)


def _with_tiles(data: Json, tiles: list[NewTile]) -> Json:
    """Tell the scene's job which tiles to cut out, where the request does not say so itself."""
    if data.get("tiles") or not tiles:
        return data
    named = {tile.source_id: _brief(tile.data) for tile in tiles}
    return {**data, "tiles": named}


def _brief(data: Json) -> Json:
    return {"swath_id": data.get("swath_id", ""), "tile_nr": data.get("tile_nr", 0)}


def _validated(model: type[ModelT], body: object, problems: Problems) -> ModelT:
    """Return the model of a body; raises Invalid with what else can be seen to be wrong, too."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        for path, said in request.wrong_fields(error):
            problems.add(path, said)
        _look_further(body, problems)
        raise Invalid(tuple(problems.found)) from error


def _look_further(body: object, problems: Problems) -> None:
    """Note a wrong date and geometry of a body that is no model for other reasons."""
    prefix, raw = "", body
    if isinstance(body, dict) and request.is_feature(body):
        prefix, raw = "properties.", body.get("properties")
    if not isinstance(raw, dict):
        return
    noted = {each.path for each in problems.found}
    further = Problems()
    if isinstance(data := raw.get("data", raw.get("Data")), dict):
        _date(data, prefix, further)
    if isinstance(wkt := raw.get("wkt", raw.get("GeometryWKT")), str):
        _footprint(wkt, None, prefix, further)
    problems.found += [each for each in further.found if each.path not in noted]
