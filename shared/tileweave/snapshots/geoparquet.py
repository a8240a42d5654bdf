"""A snapshot as GeoParquet 1.1: a row for each scene, followed by a row for each of its tiles.

The columns are for people: to map, filter and join. What a scene is restored from is the column
`record`, the same JSON as in the other formats: of a scene without its tiles, and of each tile.
https://geoparquet.org/releases/v1.1.0/
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import shapely
from pyarrow import parquet

from tileweave.domain.model import Json
from tileweave.snapshots.parts import (
    Counted,
    Header,
    Snapshot,
    Totals,
    header_of,
    line,
    read_json,
    tiles_of,
    totals_of,
    wrong,
)

ROWS = 5_000
"""Rows of a row group, or those of one scene more: what is in memory at once."""

AT_ONCE = 500
"""Rows that are read at once."""

_MOMENT = pa.timestamp("us", tz="UTC")
_BBOX = pa.struct([(name, pa.float64()) for name in ("xmin", "ymin", "xmax", "ymax")])

SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("id", pa.int64()),
        ("source_id", pa.string()),
        ("scene_id", pa.int64()),
        ("scene_source_id", pa.string()),
        ("aoi", pa.string()),
        ("datetime", _MOMENT),
        ("status", pa.string()),
        ("attempt", pa.int64()),
        ("retry_countdown", pa.int64()),
        ("message", pa.string()),
        ("updated_at", _MOMENT),
        ("previous_id", pa.int64()),
        ("reference_id", pa.int64()),
        ("record", pa.string()),
        ("bbox", _BBOX),
        ("geometry", pa.binary()),
    ]
)

HEADER, TOTALS = b"tileweave:snapshot", b"tileweave:totals"


def write(file: BinaryIO, header: Header, features: Iterable[Json]) -> Totals:
    """Write a snapshot as its Features come; return how many they were."""
    counted, extent = Counted(features), _Extent()
    with parquet.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        for group in _groups(_rows(counted)):
            writer.write_table(_table(group, extent), row_group_size=len(group))
        about = {"geo": extent.geo, HEADER: header.model_dump_json()}
        writer.add_key_value_metadata({**about, TOTALS: counted.totals.model_dump_json()})
    return counted.totals


def read(file: BinaryIO) -> Snapshot:
    """Return the snapshot of a file. Raises Invalid: it is none, or was cut off."""
    try:
        found = parquet.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise wrong(f"it is no Parquet file, or was cut off: {error}") from error
    about = found.metadata.metadata or {}
    if HEADER not in about or not {"kind", "record"} <= set(found.schema_arrow.names):
        raise wrong("it is a Parquet file, but no snapshot")
    totals = totals_of(read_json(about.get(TOTALS, b"null"), "its totals"))
    return Snapshot(header_of(read_json(about[HEADER], "its header")), totals, _features(found))


class _Extent:
    """The kinds of geometry that were written, and what they lie within."""

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._bounds: list[Any] = []

    def add(self, geometries: Any, bounds: Any) -> None:  # noqa: ANN401 - arrays of numpy
        """Take note of geometries (None where there is none) and of their bounds."""
        kinds = np.unique(shapely.get_type_id(geometries))
        self._kinds |= {_KINDS[each] for each in kinds if each in _KINDS}
        there = bounds[~np.isnan(bounds).any(axis=1)]
        if len(there):
            self._bounds.append((*there[:, :2].min(axis=0), *there[:, 2:].max(axis=0)))

    @property
    def geo(self) -> str:
        """The metadata that make a file GeoParquet; longitude before latitude is its default."""
        column: Json = {
            "encoding": "WKB",
            "geometry_types": sorted(self._kinds),
            "orientation": "counterclockwise",
            "covering": {"bbox": {each.name: ["bbox", each.name] for each in _BBOX}},
        }
        if self._bounds:
            every = np.array(self._bounds)
            column["bbox"] = [*every[:, :2].min(axis=0), *every[:, 2:].max(axis=0)]
        about = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        return json.dumps(about)


_KINDS = {3: "Polygon", 6: "MultiPolygon"}
"""By the numbers that shapely gives them."""


def _rows(features: Iterable[Json]) -> Iterator[list[Json]]:
    """Return the rows of each scene."""
    for feature in features:
        tiles = tiles_of(feature)
        properties, kept = feature["properties"], feature.get("snapshot", {})
        alone = {**properties, "Tiles": []}
        record = {**feature, "geometry": None, "properties": alone}
        record["snapshot"] = {**kept, "tiles": []}
        scene = _scene_row(properties, line(record).decode())
        pairs = zip(tiles, kept.get("tiles", []), strict=True)
        yield [scene, *(_tile_row(scene, tile, state) for tile, state in pairs)]


def _groups(scenes: Iterable[list[Json]]) -> Iterator[list[Json]]:
    """Return rows in groups that end with a whole scene."""
    group: list[Json] = []
    for rows in scenes:
        group += rows
        if len(group) >= ROWS:
            yield group
            group = []
    if group:
        yield group


def _scene_row(scene: Json, record: str) -> Json:
    names = ("id", "source_id", "aoi", "status", "attempt", "retry_countdown", "message")
    return {
        **{name: scene[name] for name in names},
        "kind": "scene",
        "scene_id": scene["id"],
        "scene_source_id": scene["source_id"],
        "datetime": _moment(scene["data"]["date"]),
        "updated_at": _moment(scene["updated_at"]),
        "record": record,
        "wkt": scene["GeometryWKT"],
    }


def _tile_row(scene: Json, tile: Json, state: Json) -> Json:
    return {
        "kind": "tile",
        "id": tile["ID"],
        "source_id": tile["SourceID"],
        "scene_id": scene["id"],
        "scene_source_id": scene["source_id"],
        "aoi": scene["aoi"],
        "datetime": scene["datetime"],
        "status": tile["Status"],
        "attempt": tile["Attempt"],
        "retry_countdown": tile["RetryCountDown"],
        "message": tile["Message"],
        "updated_at": _moment(tile["UpdatedAt"]),
        "previous_id": tile["PreviousID"],
        "reference_id": tile["ReferenceID"],
        "record": line({"tile": tile, "snapshot": state}).decode(),
        "wkt": tile["GeometryWKT"],
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _table(rows: Sequence[Json], extent: _Extent) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return rows as a table, their geometries as WKB."""
    parsed = shapely.from_wkt(np.array([row["wkt"] or None for row in rows], dtype=object))
    geometries = shapely.force_2d(shapely.orient_polygons(parsed))
    bounds = shapely.bounds(geometries)
    extent.add(geometries, bounds)
    boxes = [_box(each) for each in bounds.tolist()]
    own = {name: [row.get(name) for row in rows] for name in SCHEMA.names}
    own |= {"bbox": boxes, "geometry": list(shapely.to_wkb(geometries))}
    return pa.Table.from_pydict(own, schema=SCHEMA)


def _box(bounds: list[float]) -> dict[str, float] | None:
    """Return bounds as a struct; none of what is nowhere."""
    if math.isnan(bounds[0]):
        return None
    return dict(zip((each.name for each in _BBOX), bounds, strict=True))


def _features(file: Any) -> Iterator[Json]:  # noqa: ANN401 - pyarrow has no types
    """Return the Features, some rows in memory at a time. Raises Invalid."""
    feature: Json | None = None
    for kind, record in _records(file):
        if kind == "tile" and feature is not None:
            feature["properties"]["Tiles"].append(record.get("tile"))
            feature["snapshot"]["tiles"].append(record.get("snapshot"))
            continue
        if feature is not None:
            yield feature
        feature = _without_tiles(record)
    if feature is not None:
        yield feature


def _records(file: Any) -> Iterator[tuple[str, Json]]:  # noqa: ANN401 - the same
    """Return the kind of each row, and its record."""
    try:
        for rows in file.iter_batches(AT_ONCE, columns=["kind", "record"]):
            for row in rows.to_pylist():
                record = read_json(row["record"] or "null", "a record")
                if not isinstance(record, dict):
                    raise wrong("a record is no JSON object")
                yield row["kind"], record
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise wrong(f"the Parquet file is damaged: {error}") from error


def _without_tiles(record: Json) -> Json:
    """Return the Feature of a scene to which its tiles are added. Raises Invalid: it is none."""
    properties, kept = record.get("properties"), record.get("snapshot")
    if not (isinstance(properties, dict) and isinstance(kept, dict)):
        raise wrong("the record of a scene is no Feature of a snapshot")
    return {**record, "properties": {**properties, "Tiles": []}, "snapshot": {**kept, "tiles": []}}
