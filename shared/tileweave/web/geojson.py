"""Scenes and tiles as GeoJSON Features (RFC 7946), with the keys of the monitoring document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tileweave.domain.model import Json, Link, Scene, Tile
from tileweave.domain.status import Status
from tileweave.web.moments import rfc3339


def collection(features: Iterable[Json]) -> Json:
    """Return a FeatureCollection."""
    return {"type": "FeatureCollection", "features": list(features)}


def scene_feature(scene: Scene, tiles: Sequence[Tile] | None = None) -> Json:
    """Return a scene as a Feature; with `tiles` its geometry holds theirs too."""
    geometries = [scene.geometry, *(each.geometry for each in tiles or ())]
    return {
        "type": "Feature",
        "id": scene.id,
        "geometry": _merged(geometries),
        "properties": {
            "GeometryWKT": scene.wkt or "",
            "Ingested": scene.status is Status.DONE,
            "OwnRecord": scene.own_record,
            "ProductName": scene.product_name,
            "Tags": scene.tags,
            "Tiles": None if tiles is None else [tile_properties(each) for each in tiles],
            "aoi": scene.aoi,
            "data": scene.data,
            "id": scene.id,
            "source_id": scene.source_id,
            "status": scene.status,
            "message": scene.message,
            "retry_countdown": scene.retry_countdown,
            "attempt": scene.attempt,
            "updated_at": rfc3339(scene.updated_at),
        },
    }


def tile_feature(tile: Tile) -> Json:
    """Return a tile as a Feature of its own, with a link to its scene."""
    return {
        "type": "Feature",
        "id": tile.id,
        "geometry": _merged([tile.geometry]),
        "properties": {**tile_properties(tile), "aoi": tile.aoi},
        "links": [{"rel": "scene", "href": f"/scene/{tile.scene_id}"}],
    }


def tile_properties(tile: Tile) -> Json:
    """Return a tile as the `Tiles` of its scene show it."""
    return {
        "AnxTime": tile.anx_time or 0,
        "Data": tile.data,
        "Date": rfc3339(tile.date),
        "GeometryWKT": tile.wkt or "",
        "ID": tile.id,
        "Ingested": tile.status is Status.DONE,
        "Previous": named(tile.previous),
        "Reference": named(tile.reference),
        "SceneID": tile.scene_source_id,
        "SourceID": tile.source_id,
        "Status": tile.status,
        "Message": tile.message,
        "RetryCountDown": tile.retry_countdown,
        "Attempt": tile.attempt,
        "PreviousID": tile.previous.tile_id if tile.previous else None,
        "ReferenceID": tile.reference.tile_id if tile.reference else None,
        "UpdatedAt": rfc3339(tile.updated_at),
    }


def named(link: Link | None) -> Json | None:
    """Return a link as Features show it: by names, with the date of its scene."""
    if link is None:
        return None
    return {
        "Date": rfc3339(link.date),
        "SceneID": link.scene_source_id,
        "SourceID": link.source_id,
    }


def _merged(geometries: Iterable[str | None]) -> Json | None:
    """Return all polygons of these GeoJSON texts as one geometry, EPSG:4326, lon/lat."""
    polygons = [each for text in geometries if text for each in _polygons(json.loads(text))]
    if not polygons:
        return None
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _polygons(geometry: Json) -> list[Any]:
    coordinates = geometry["coordinates"]
    return [coordinates] if geometry["type"] == "Polygon" else coordinates
