"""Names in a scene's JSON, as far as they can be read without looking at the rest of it."""

from __future__ import annotations

from typing import Any

from tileweave.domain.model import Json

_LINKS = ("Previous", "previous", "Reference", "reference")
_SCENES = ("previous_scene_id", "reference_scene_id")


def is_item(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether a JSON body is a STAC Item: a GeoJSON Feature that says so."""
    return isinstance(body, dict) and body.get("type") == "Feature" and "stac_version" in body


def name_of(body: Any) -> str:  # noqa: ANN401 - JSON
    """Return the name of a scene, "" if it has none."""
    if is_item(body):
        return _text(body.get("id"))
    found = _properties(body)
    names = (_text(found.get(each)) for each in ("source_id", "SourceID"))
    return next(filter(None, names), "")


def date_of(body: Any) -> str:  # noqa: ANN401 - JSON
    """Return the date of a scene as it is written, "" if it has none."""
    found = _properties(body)
    if is_item(body):
        return _text(found.get("datetime")) or _text(found.get("start_datetime"))
    data = found.get("data", found.get("Data"))
    return _text(data.get("date")) if isinstance(data, dict) else ""


def named_by(body: Any) -> set[str]:  # noqa: ANN401 - JSON
    """Return the scenes that the links of a scene's tiles name; it may be among them."""
    listed = [tile for _, tile in _listed_tiles(body)]
    linked = [each.get(name) for each in listed for name in _LINKS]
    links = [each for each in linked if isinstance(each, dict)]
    names = [each.get(name) for each in listed for name in _SCENES]
    names += [each.get(name) for each in links for name in ("SceneID", "scene_id")]
    return {name for name in names if isinstance(name, str) and name}


def tiles_of(body: Any) -> set[str]:  # noqa: ANN401 - JSON
    """Return the source ids of a scene's tiles."""
    names = [
        each
        for key, tile in _listed_tiles(body)
        for each in (key, tile.get("SourceID"), tile.get("source_id"))
    ]
    return {name for name in names if isinstance(name, str) and name}


def _listed_tiles(body: Any) -> list[tuple[object, Json]]:  # noqa: ANN401 - JSON
    """Return the tiles of a scene that can be read, those of an object with their keys."""
    found = {} if is_item(body) else _properties(body)
    tiles = found.get("tiles") or found.get("Tiles")
    if not isinstance(tiles, dict | list):
        return []
    every = tiles.items() if isinstance(tiles, dict) else [(None, each) for each in tiles]
    return [each for each in every if isinstance(each[1], dict)]


def _properties(body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return where the keys of a scene are: in a Feature's properties, or in a request itself."""
    properties = body.get("properties", body) if isinstance(body, dict) else {}
    return properties if isinstance(properties, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
