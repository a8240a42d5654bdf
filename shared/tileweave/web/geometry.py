"""Geometries of requests: WKT or GeoJSON, checked with shapely, written in RFC 7946 order."""

from __future__ import annotations

import json
import re

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, mapping
from shapely.geometry.base import BaseGeometry

from tileweave.domain.model import Json

WORLD = (-180, -90, 180, 90)
"""West, south, east and north of all longitudes and latitudes, EPSG:4326."""

ROUNDED = 1e-6
"""Degrees by which points may differ that were rounded differently: a tenth of a metre."""

FORM = 'it has a "type", and "coordinates" as lists of [longitude, latitude] in numbers'

_POLYGONAL = re.compile(r"\s*(MULTI)?POLYGON", re.IGNORECASE)


class BadGeometry(ValueError):
    """Raised when a geometry cannot be a footprint; says why."""


def footprint_of_wkt(wkt: str) -> str:
    """Return a WKT Polygon or MultiPolygon (EPSG:4326, lon/lat) as GeoJSON text."""
    if not _POLYGONAL.match(wkt):  # GEOS does not survive collections in collections in ...
        raise BadGeometry("is not the WKT of a Polygon or MultiPolygon")
    try:
        with np.errstate(invalid="ignore"):  # of a NaN: told by is_valid below
            geometry = shapely.from_wkt(wkt)
    except shapely.errors.ShapelyError as error:
        raise BadGeometry(f"is not WKT: {_reason(error)}") from error
    return _checked(geometry)


def footprint_of_geojson(geometry: Json) -> tuple[str, str]:
    """Return a GeoJSON Polygon or MultiPolygon (EPSG:4326, lon/lat), and the same as WKT."""
    try:
        found = shapely.from_geojson(json.dumps(geometry))
    except shapely.errors.ShapelyError as error:
        raise BadGeometry(f"is not a GeoJSON geometry: {_reason(error)}") from error
    return _checked(found), shapely.to_wkt(shapely.force_2d(found), rounding_precision=-1)


def same_area(one: str, other: str) -> bool:
    """Return whether two footprints, as GeoJSON texts, are the same but for rounding."""
    if one == other:
        return True
    first, second = (_as_parts(shapely.from_geojson(each)) for each in (one, other))
    return bool(shapely.equals_exact(first, second, ROUNDED) or shapely.equals(first, second))


def _as_parts(geometry: BaseGeometry) -> BaseGeometry:
    """Return the same as a MultiPolygon whose points are in an order that is always the same."""
    return MultiPolygon(list(shapely.get_parts(geometry))).normalize()


def _reason(error: shapely.errors.ShapelyError) -> str:
    """Return what GEOS says of a geometry; not what its reader of JSON says of itself."""
    said = str(error).partition(": ")[2].strip()
    return FORM if not said or "json.exception" in said else said


def _checked(geometry: BaseGeometry) -> str:
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadGeometry(f"is a {geometry.geom_type}, not a Polygon or MultiPolygon")
    if _has_empty_parts(geometry):  # first: GEOS does not survive all it can be asked of these
        raise BadGeometry("is empty, or has an empty part")
    if not geometry.is_valid:
        raise BadGeometry(f"is not valid: {shapely.is_valid_reason(geometry)}")
    if not _in_the_world(*geometry.bounds):
        bounds = " ".join(f"{each:g}" for each in geometry.bounds)
        raise BadGeometry(f"is not within longitude -180..180, latitude -90..90: {bounds}")
    oriented = shapely.force_2d(shapely.orient_polygons(geometry))
    return json.dumps(mapping(oriented), separators=(",", ":"))


def _in_the_world(west: float, south: float, east: float, north: float) -> bool:
    least_west, least_south, most_east, most_north = WORLD
    along = least_west <= west and east <= most_east
    return along and least_south <= south and north <= most_north


def _has_empty_parts(geometry: BaseGeometry) -> bool:
    polygons = shapely.get_parts(geometry)
    rings = shapely.get_rings(polygons)
    return not len(polygons) or any(shapely.is_empty([*polygons, *rings]))
