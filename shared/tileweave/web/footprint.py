"""The footprint of a scene or tile as a request gives it: as WKT, as GeoJSON, or as both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tileweave.domain.model import Json
from tileweave.web.geometry import BadGeometry, footprint_of_geojson, footprint_of_wkt, same_area
from tileweave.web.wrong_fields import Problems

LON_LAT = re.compile(r"EPSG:{1,2}4326|.*[:/]EPSG[:/][\d.]*[:/]4326|(.*[:/])?CRS84", re.IGNORECASE)
"""Names of EPSG:4326 in longitude and latitude, the only system that RFC 7946 has."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """A Polygon or MultiPolygon as GeoJSON text and as WKT, EPSG:4326, lon/lat; or none."""

    geojson: str | None = None
    wkt: str | None = None

    @property
    def size(self) -> int:
        """The bytes that both take."""
        return len(self.geojson or "") + len(self.wkt or "")


def read_footprint(
    wkt: str, geometry: Json | None, paths: tuple[str, str], problems: Problems
) -> Footprint:
    """Return the footprint that a request gives; `paths` are those of its WKT and its geometry.

    What is wrong is noted: also where both are given, and are not the same area.
    """
    found = []
    try:
        if wkt:
            found.append(Footprint(footprint_of_wkt(wkt), wkt))
    except BadGeometry as error:
        problems.add(paths[0], str(error))
    try:
        if geometry is not None:
            refuse_other_crs(geometry, f"{paths[1]}.crs", problems)
            found.append(Footprint(*footprint_of_geojson(geometry)))
    except BadGeometry as error:
        problems.add(paths[1], str(error))
    if len(found) > 1 and not same_area(*(each.geojson or "" for each in found)):
        problems.add(paths[1], f"is another area than {paths[0]}: give one of them")
    return found[0] if found else Footprint()


def refuse_other_crs(sent: Mapping[str, Any], path: str, problems: Problems) -> None:
    """Note a `crs` as GeoJSON had it before RFC 7946, unless it is longitude and latitude."""
    crs = sent.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not LON_LAT.fullmatch(name):
        problems.add(path, "must be left out: GeoJSON is in EPSG:4326, longitude before latitude")
