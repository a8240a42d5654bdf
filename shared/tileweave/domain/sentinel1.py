"""Bursts of Sentinel-1 products (IW and EW, SLC), from what their annotation says.

The format: Sentinel-1 Product Specification (S1-RS-MDA-52-7441), sections on the swath timing and
the geolocation grid of the L1 product annotations.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tileweave.domain.ingestion import NewTile
from tileweave.domain.model import Json

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ORBITS = 175
"""Orbits of a cycle of 12 days, after which they repeat."""

ORBIT_SECONDS = 12 * 24 * 3600 / ORBITS
"""How long an orbit takes."""

LINES_OFF = 2
"""Lines by which the grid may miss the first line of a burst: some processors are one off."""

HALF_A_TURN = 180
"""Degrees of longitude: what spans more of them goes the other way, across the antimeridian."""

_SWATH = re.compile(r"IW[1-3]|EW[1-5]")
_WITH_BURSTS = re.compile(r"S1[A-D]_(IW|EW)_SLC_")


class BadAnnotation(ValueError):
    """Raised when an annotation does not tell what bursts need; says what."""


@dataclass(frozen=True, slots=True)
class GridPoint:
    """A point of the geolocation grid: where a pixel of a line is, in degrees, EPSG:4326."""

    line: int
    pixel: int
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Burst:
    """A burst of a swath: its time since the ascending node in seconds, and ESA's number of it."""

    azimuth_anx_time: float
    burst_id: int | None = None
    """Products of processors before IPF 3.40 have none."""


@dataclass(frozen=True, slots=True)
class Swath:
    """What the annotation of one swath and polarisation says."""

    name: str
    lines_per_burst: int
    bursts: Sequence[Burst]
    grid: Sequence[GridPoint]


@dataclass(frozen=True, slots=True)
class Track:
    """Where in its cycle the satellite is: `A` or `D`, and the number of the orbit, 1 to 175."""

    direction: str
    relative_orbit: int


def has_bursts(product: str) -> bool:
    """Whether a product, by its name, is one of bursts: IW or EW, and single look complex."""
    return _WITH_BURSTS.match(product) is not None


def anx_time(azimuth_anx_time: float) -> int:
    """Return the time since the ascending node within an orbit, in tenths of a second, rounded."""
    return math.floor(math.fmod(azimuth_anx_time, ORBIT_SECONDS) * 10 + 0.5)


def tiles_of(track: Track, swath: Swath) -> list[NewTile]:
    """Return a tile for each burst of a swath, in their order. Raises BadAnnotation."""
    if not _SWATH.fullmatch(swath.name):
        raise BadAnnotation(f"its swath is {swath.name[:20]!r}: is it of IW or EW?")
    if not swath.bursts:
        raise BadAnnotation("it has no bursts (swathTiming/burstList): is it of IW or EW, SLC?")
    edges = _edges(swath)
    return [
        _tile(track, swath, number, [*edges[number], *reversed(edges[number + 1])])
        for number in range(len(swath.bursts))
    ]


def _tile(track: Track, swath: Swath, number: int, corners: Sequence[GridPoint]) -> NewTile:
    import shapely  # noqa: PLC0415 - who reads no products does not wait for it
    from shapely.geometry import mapping  # noqa: PLC0415 - the same

    burst = swath.bursts[number]
    time = anx_time(burst.azimuth_anx_time)
    footprint = shapely.orient_polygons(_footprint(corners))
    data: Json = {"swath_id": swath.name, "tile_nr": number + 1}
    if burst.burst_id is not None:
        data["burst_id"] = burst.burst_id
    return NewTile(
        source_id=f"{track.direction}{track.relative_orbit}_{swath.name}_{time}",
        data=data,
        geometry=json.dumps(mapping(footprint), separators=(",", ":")),
        wkt=shapely.to_wkt(footprint, rounding_precision=-1),
        anx_time=time,
        path=f"tiles.{swath.name}.{number + 1}",
    )


def _edges(swath: Swath) -> list[tuple[GridPoint, GridPoint]]:
    """Return the first and last pixel of the line that each burst begins with, and of the end."""
    rows: dict[int, list[GridPoint]] = {}
    for point in swath.grid:
        rows.setdefault(point.line, []).append(point)
    lines = [number * swath.lines_per_burst for number in range(len(swath.bursts) + 1)]
    return [_ends(rows.get(_nearest(line, rows), ()), line) for line in lines]


def _nearest(line: int, lines: dict[int, list[GridPoint]]) -> int:
    return min(lines, key=lambda each: (abs(each - line), each), default=-1)


def _ends(row: Sequence[GridPoint], line: int) -> tuple[GridPoint, GridPoint]:
    ends = sorted(row, key=lambda each: each.pixel)
    if not ends or abs(ends[0].line - line) > LINES_OFF or ends[0].pixel == ends[-1].pixel:
        raise BadAnnotation(
            f"its geolocation grid has no line {line}, where a burst begins or ends"
        )
    return ends[0], ends[-1]


def _footprint(corners: Sequence[GridPoint]) -> BaseGeometry:
    """Return a Polygon, or if it crosses the antimeridian its two halves (RFC 7946, 3.1.9)."""
    from shapely import affinity  # noqa: PLC0415 - who reads no products does not wait for it
    from shapely.geometry import MultiPolygon, Polygon, box  # noqa: PLC0415 - the same

    east = [each.longitude for each in corners]
    if max(east) - min(east) > HALF_A_TURN:
        east = [each + 2 * HALF_A_TURN if each < 0 else each for each in east]
    whole = Polygon(zip(east, [each.latitude for each in corners], strict=True))
    if not whole.is_valid or whole.is_empty:
        raise BadAnnotation("a burst has no area, by its geolocation grid")
    if max(east) <= HALF_A_TURN:
        return whole
    before = whole.intersection(box(0, -90, HALF_A_TURN, 90))
    after = whole.intersection(box(HALF_A_TURN, -90, 3 * HALF_A_TURN, 90))
    halves = [before, affinity.translate(after, -2 * HALF_A_TURN)]
    return MultiPolygon([each for each in halves if isinstance(each, Polygon)])
