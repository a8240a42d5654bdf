"""Snapshots as files: what each format promises its readers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
import pytest
import shapely
from pyarrow import parquet

from tests.builders import NOW
from tileweave.domain.errors import Invalid
from tileweave.domain.model import Json
from tileweave.snapshots import formats, geojson, geoparquet, ndjson
from tileweave.snapshots.formats import Format
from tileweave.snapshots.parts import Header, Totals

HEADER = Header(aoi="Denmark", taken_at=NOW, settings={"lease_seconds": 60.0})
SQUARE = "MULTIPOLYGON Z (((9 54 1, 9 55 1, 10 55 1, 10 54 1, 9 54 1)))"
ABOUT = b'{"aoi":"A","taken_at":"2022-01-01T00:00:00Z"}'
BELOW = "POLYGON ((9 54, 9.5 54, 9.5 54.5, 9 54))"


def a_feature(number: int, tiles: int = 2) -> Json:
    """Return a scene as a snapshot holds it; its odd tiles are nowhere."""
    moment = f"2022-01-{1 + number % 28:02}T17:01:24.5Z"
    return {
        "type": "Feature",
        "id": number + 1,
        "geometry": None,
        "properties": {
            "GeometryWKT": SQUARE,
            "Tiles": [_tile(number, each, moment) for each in range(tiles)],
            "aoi": "Denmark",
            "data": {"date": moment, "é": "ü\n", "n": 2.5},
            "id": number + 1,
            "source_id": f"scene-{number}",
            "status": "DONE",
            "message": "",
            "retry_countdown": 0,
            "attempt": 1,
            "updated_at": moment,
        },
        "snapshot": {"history": [], "tiles": [{"history": [], "n": each} for each in range(tiles)]},
    }


def _tile(number: int, each: int, moment: str) -> Json:
    return {
        "ID": 1_000 * (number + 1) + each,
        "SourceID": f"tile-{each}",
        "GeometryWKT": "" if each % 2 else BELOW,
        "Status": "NEW",
        "Attempt": 0,
        "RetryCountDown": 3,
        "Message": "no disk",
        "UpdatedAt": moment,
        "PreviousID": 1_000 * number + each if number else None,
        "ReferenceID": None,
    }


def written(form: Format, features: list[Json]) -> BytesIO:
    """Return a file with these scenes, at its start."""
    file = BytesIO()
    totals = formats.write(form, file, HEADER, features)
    tiles = sum(len(each["properties"]["Tiles"]) for each in features)
    assert totals == Totals(scenes=len(features), tiles=tiles)
    file.seek(0)
    return file


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("count", [0, 1, 30])
def test_what_is_written_is_read(form: Format, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Header, totals and scenes, in more than one group of rows, some without tiles."""
    monkeypatch.setattr(geoparquet, "ROWS", 20)
    features = [a_feature(number, tiles=number % 4) for number in range(count)]

    found = formats.read(form, written(form, features))

    assert found.header == HEADER
    assert found.totals.scenes == count
    assert list(found.scenes) == features


@pytest.mark.parametrize("form", [Format.GEOJSON, Format.NDJSON])
def test_scenes_are_written_as_they_come(form: Format) -> None:
    """Not after all of them."""
    file, sizes = BytesIO(), list[int]()

    def coming() -> Iterator[Json]:
        for number in range(3):
            sizes.append(file.tell())
            yield a_feature(number)

    formats.write(form, file, HEADER, coming())

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("form", [Format.GEOJSON, Format.NDJSON])
def test_scenes_are_read_as_they_are_asked_for(form: Format) -> None:
    """Of a file, not more than comes with the first of them."""
    file = written(form, [a_feature(number) for number in range(2_000)])
    size = len(file.getvalue())

    next(iter(formats.read(form, file).scenes))

    assert size > 1_000_000
    assert file.tell() < size / 2


def test_geojson_that_another_program_wrote_anew_is_read() -> None:
    """With its header after the scenes, say, and other white space."""
    whole = json.loads(written(Format.GEOJSON, [a_feature(0), a_feature(1)]).getvalue())
    body = {name: whole[name] for name in ("features", "snapshot", "type", "totals")}

    found = geojson.read(BytesIO(json.dumps(body, indent=2).encode("utf-8-sig")))

    assert found.header == HEADER
    assert list(found.scenes) == [a_feature(0), a_feature(1)]


def test_json_that_is_nested_too_deeply_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the format, and without the memory that its depth would take."""
    totals, deep = b'"totals":{"scenes":0,"tiles":0}', b"[" * 100_000
    header = b'{"snapshot":' + ABOUT + b"}"
    monkeypatch.setattr(ndjson, "MOST_SCENE", 1_000_000)
    for module, text in (
        (geojson, b'{"snapshot":' + deep + b"," + totals + b"}"),
        (ndjson, header + b"\n" + deep + b"\n{" + totals + b"}"),
    ):
        with pytest.raises(Invalid, match="not JSON"):
            list(module.read(BytesIO(text)).scenes)


def test_a_line_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is in memory."""
    file = written(Format.NDJSON, [a_feature(0)])
    monkeypatch.setattr(ndjson, "MOST_SCENE", 300)

    with pytest.raises(Invalid, match="line 2 has more than 300 bytes"):
        list(ndjson.read(file).scenes)


def test_a_value_that_is_there_twice_is_refused() -> None:
    """As in a request: one of them would be lost."""
    text = written(Format.NDJSON, [a_feature(0)]).getvalue()

    with pytest.raises(Invalid, match="line 2 is not JSON: the key 'id' is there twice"):
        list(ndjson.read(BytesIO(text.replace(b'"id":1,', b'"id":1,"id":2,', 1))).scenes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            b'{"features":{},"snapshot":' + ABOUT + b',"totals":{"scenes":0,"tiles":0}}',
            "Collection",
        ),
        (b'{"features":[{]}],"totals":{"scenes":0,"tiles":0}}', "not JSON"),
        (b'{"totals":{"scenes":0,"tiles":0}}', "snapshot"),
        (b'{"totals":{"scenes":-1,"tiles":0}}', "totals.scenes"),
        (b"[]", "cut off"),
    ],
)
def test_geojson_that_is_no_snapshot(text: bytes, said: str) -> None:
    """Is told."""
    with pytest.raises(Invalid, match=said):
        list(geojson.read(BytesIO(text)).scenes)


def test_a_parquet_file_of_something_else_is_no_snapshot() -> None:
    """Nor is anything that is no Parquet."""
    file = BytesIO()
    parquet.write_table(pa.table({"a": [1]}), file)
    for each in (file, BytesIO(b"PAR1"), BytesIO(b"")):
        each.seek(0)
        with pytest.raises(Invalid, match="Parquet file"):
            geoparquet.read(each)


def test_a_parquet_file_that_is_damaged_is_told() -> None:
    """Wherever that is: none is an error that nobody expects."""
    whole = written(Format.GEOPARQUET, [a_feature(number) for number in range(50)]).getvalue()
    told = 0
    for place in range(4, len(whole) - 8, len(whole) // 60):
        damaged = whole[:place] + bytes(each ^ 255 for each in whole[place:][:8])
        try:
            list(geoparquet.read(BytesIO(damaged + whole[len(damaged) :])).scenes)
        except Invalid:
            told += 1
    assert told > 20


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "scene", "record": None},
        {"kind": "scene", "record": "[]"},
        {"kind": "scene", "record": "{}"},
        {"kind": "tile", "record": '{"tile": {}, "snapshot": {}}'},
    ],
)
def test_parquet_whose_records_are_no_scenes_is_told(row: Json) -> None:
    """Made by hand, perhaps."""
    about = {geoparquet.HEADER: HEADER.model_dump_json()}
    table = pa.Table.from_pylist([row], schema=geoparquet.SCHEMA)
    file = BytesIO()
    parquet.write_table(
        table.replace_schema_metadata({**about, geoparquet.TOTALS: '{"scenes":1,"tiles":0}'}), file
    )

    with pytest.raises(Invalid, match="record"):
        list(geoparquet.read(file).scenes)


def geo_of(file: BytesIO) -> Any:  # noqa: ANN401 - JSON
    return json.loads(parquet.ParquetFile(file).metadata.metadata[b"geo"])


def test_parquet_is_geoparquet() -> None:
    """Its metadata and columns are as version 1.1 of the specification says."""
    features = [a_feature(0), a_feature(1)]
    file = written(Format.GEOPARQUET, features)

    geo = geo_of(file)
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon", "Polygon"]
    assert column["orientation"] == "counterclockwise"
    assert column["bbox"] == [9, 54, 10, 55]
    names = ("xmin", "ymin", "xmax", "ymax")
    assert column["covering"] == {"bbox": {each: ["bbox", each] for each in names}}
    table = parquet.read_table(file)
    for name in names:
        assert table.schema.field("bbox").type.field(name).type == pa.float64()
    rows = table.to_pylist()
    geometries = [row["geometry"] and shapely.from_wkb(row["geometry"]) for row in rows]
    assert [each is None for each in geometries] == [False, False, True] * 2
    for geometry, row in zip(geometries, rows, strict=True):
        if geometry is None:
            assert row["bbox"] is None
        else:
            assert not geometry.has_z
            assert tuple(row["bbox"][each] for each in names) == geometry.bounds
            assert geometry.equals(shapely.orient_polygons(geometry))


def test_parquet_has_columns_to_filter_by() -> None:
    """Of scenes and tiles, in one table."""
    file = written(Format.GEOPARQUET, [a_feature(0, tiles=1), a_feature(1, tiles=1)])

    rows = parquet.read_table(file).to_pylist()

    assert [row["kind"] for row in rows] == ["scene", "tile"] * 2
    last = {name: value for name, value in rows[-1].items() if name not in ("record", "geometry")}
    assert last == {
        "kind": "tile",
        "id": 2000,
        "source_id": "tile-0",
        "scene_id": 2,
        "scene_source_id": "scene-1",
        "aoi": "Denmark",
        "datetime": datetime(2022, 1, 2, 17, 1, 24, 500_000, tzinfo=UTC),
        "status": "NEW",
        "attempt": 0,
        "retry_countdown": 3,
        "message": "no disk",
        "updated_at": datetime(2022, 1, 2, 17, 1, 24, 500_000, tzinfo=UTC),
        "previous_id": 1000,
        "reference_id": None,
        "bbox": {"xmin": 9.0, "ymin": 54.0, "xmax": 9.5, "ymax": 54.5},
    }


def test_an_empty_aoi_is_geoparquet_too() -> None:
    """Without bounds."""
    column = geo_of(written(Format.GEOPARQUET, []))["columns"]["geometry"]
    assert column["geometry_types"] == []
    assert "bbox" not in column


def test_gdal_reads_what_is_written_as_geojson(tmp_path: Path) -> None:
    """A Feature a scene, for any GIS."""
    path = tmp_path / "a.geojson"
    path.write_bytes(written(Format.GEOJSON, [a_feature(0)]).getvalue())
    assert pyogrio.read_info(path)["features"] == 1


@pytest.mark.parametrize(
    ("href", "named", "form"),
    [
        ("a.geojson", "", Format.GEOJSON),
        ("s3://bucket/a.NDJSON", "", Format.NDJSON),
        ("https://host/a.parquet?signature=x.json", "", Format.GEOPARQUET),
        ("a.geoparquet", "", Format.GEOPARQUET),
        ("a", "ndjson", Format.NDJSON),
        ("a.parquet", "geojson", Format.GEOJSON),
        ("https://[/a.ndjson", "", Format.NDJSON),
        ("a?b.ndjson", "", Format.NDJSON),
    ],
)
def test_a_format_is_named_or_is_that_of_the_name(href: str, named: str, form: Format) -> None:
    """What is named counts."""
    assert formats.format_of(href, named) is form


@pytest.mark.parametrize(("href", "named"), [("a.csv", ""), ("a", ""), ("a.ndjson", "csv")])
def test_what_is_no_format(href: str, named: str) -> None:
    """Says which there are."""
    with pytest.raises(Invalid, match=r"ndjson"):
        formats.format_of(href, named)
