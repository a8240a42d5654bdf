"""Geometries of requests: what is refused, and why."""

from __future__ import annotations

import json

import pytest

from tests.unit.web.api import Api, a_feature, a_request, problem_of
from tileweave.domain.model import Json

BAD_WKT = [
    ("POLYGON((0 0,1 1", "is not WKT"),
    ("nonsense", "is not the WKT of a Polygon"),
    ("\x00", "is not the WKT of a Polygon"),
    (" ", "is not the WKT of a Polygon"),
    ("SRID=4326;POLYGON((0 0,1 0,1 1,0 0))", "is not the WKT of a Polygon"),
    ("POLYGON((0 0,1 0,1 1))", "is not WKT"),
    ("POLYGON((nan nan,1 0,1 1,nan nan))", "is not WKT"),
    ("POLYGON((0 0,nan 0,1 1,0 0))", "is not valid"),
    ("POLYGON((0 0,inf 0,1 1,0 0))", "is not valid"),
    ("POLYGON((0 0,1 1,1 0,0 1,0 0))", "is not valid: Self-intersection"),
    ("POLYGON((0 0,0 0,0 0,0 0))", "is not valid"),
    ("MULTIPOLYGON(((0 0,2 0,2 2,0 0)),((0 0,2 0,2 2,0 0)))", "is not valid"),
    ("POLYGON EMPTY", "is empty"),
    ("MULTIPOLYGON EMPTY", "is empty"),
    ("POLYGON((0 0,1 0,1 1,0 0),EMPTY)", "is empty"),
    ("MULTIPOLYGON(((0 0,1 0,1 1,0 0),EMPTY))", "is empty"),
    ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),EMPTY)", "is empty"),
    ("POINT(1 2)", "is not the WKT of a Polygon or MultiPolygon"),
    ("LINESTRING(0 0,1 1)", "is not the WKT of a Polygon"),
    ("GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)))", "is not the WKT of a Polygon"),
    ("GEOMETRYCOLLECTION(" * 100_000, "is not the WKT of a Polygon"),
    ("POLYGON" + "(" * 100_000, "is not WKT"),
    ("MULTIPOLYGON(GEOMETRYCOLLECTION(POINT(0 0)))", "is not WKT"),
    ("CURVEPOLYGON((0 0,1 0,1 1,0 0))", "is not the WKT of a Polygon"),
    ("POLYGON((0 0,181 0,181 1,0 0))", "longitude -180..180"),
    ("POLYGON((0 0,-180.1 0,0 1,0 0))", "longitude -180..180"),
    ("POLYGON((0 0,1 0,1 90.001,0 0))", "latitude -90..90: 0 0 1 90.001"),
    ("POLYGON((0 0,1e300 0,1 1,0 0))", "longitude -180..180"),
    ("POLYGON((500000 6000000,600000 6000000,600000 6100000,500000 6000000))", "longitude"),
]

RING = [[0, 0], [1, 0], [1, 1], [0, 0]]

BAD_GEOJSON: list[tuple[object, str]] = [
    ({}, "is not a GeoJSON geometry"),
    ({"type": "Polygon"}, "is not a GeoJSON geometry"),
    ({"coordinates": [RING]}, "is not a GeoJSON geometry"),
    ({"type": 5, "coordinates": [RING]}, "is not a GeoJSON geometry"),
    ({"type": "polygon", "coordinates": [RING]}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": 5}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": None}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": RING}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": [RING[:-1]]}, "do not form a closed"),
    ({"type": "Polygon", "coordinates": [[[0], [1], [2], [0]]]}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": [[["0", "0"], *RING[1:]]]}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": [[[None, 0], *RING[1:]]]}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": [[[True, 0], *RING[1:]]]}, "is not a GeoJSON geometry"),
    ({"type": "Polygon", "coordinates": []}, "is empty"),
    ({"type": "Polygon", "coordinates": [RING, []]}, "is empty"),
    ({"type": "MultiPolygon", "coordinates": []}, "is empty"),
    ({"type": "MultiPolygon", "coordinates": [[RING], []]}, "is empty"),
    ({"type": "Point", "coordinates": [1, 2]}, "is a Point"),
    ({"type": "GeometryCollection", "geometries": []}, "is a GeometryCollection"),
    ({"type": "FeatureCollection", "features": []}, "not a Polygon"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [2**80, 0], [1, 1], [0, 0]]]}, "longitude"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "not valid"),
]


@pytest.mark.parametrize(("wkt", "reason"), BAD_WKT, ids=[each[0][:40] for each in BAD_WKT])
def test_a_bad_wkt_is_refused_with_the_reason(api: Api, wkt: str, reason: str) -> None:
    """Of a scene and of a tile at once, each by its path."""
    request = a_request(wkt=wkt, tiles={"B": {"wkt": wkt}})
    errors = problem_of(api.with_area().add(request), 422)["errors"]
    assert [each["path"] for each in errors] == ["wkt", "tiles.B.wkt"]
    assert all(reason in each["message"] for each in errors)


@pytest.mark.parametrize(
    ("geometry", "reason"), BAD_GEOJSON, ids=[json.dumps(each[0])[:60] for each in BAD_GEOJSON]
)
def test_a_bad_geojson_is_refused_with_the_reason(api: Api, geometry: object, reason: str) -> None:
    """Of a scene and of a tile at once, each by its path."""
    request = a_request(geometry=geometry, tiles={"B": {"geometry": geometry}})
    errors = problem_of(api.with_area().add(request), 422)["errors"]
    assert [each["path"] for each in errors] == ["geometry", "tiles.B.geometry"]
    assert all(reason in each["message"] for each in errors)


@pytest.mark.parametrize("geometry", [[], "POINT(1 2)", 5, True])
def test_a_geometry_that_is_no_object_is_refused(api: Api, geometry: object) -> None:
    """In a request and in a Feature."""
    api.with_area()
    feature: Json = {**a_feature(), "geometry": geometry}
    for body in (a_request(geometry=geometry), feature):
        errors = problem_of(api.add(body), 422)["errors"]
        assert [each["path"] for each in errors] == ["geometry"]


@pytest.mark.parametrize(
    "wkt",
    [
        "POLYGON((0 0,1 0,1 1,0 0))",
        "polygon ((0 0, 1 0, 1 1, 0 0))",
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "POLYGON Z((0 0 9,1 0 9,1 1 9,0 0 9))",
        "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))",
    ],
)
def test_a_good_wkt_is_kept_as_it_was_spelt(api: Api, wkt: str) -> None:
    """The whole world included."""
    number = api.with_area().added(a_request(wkt=wkt))
    assert api.get(f"/scene/{number}").json["properties"]["GeometryWKT"] == wkt


def test_a_geometry_that_no_document_can_hold_is_refused(api: Api) -> None:
    """Before any tile is written: it says how much is kept."""
    points = ", ".join(f"{number / 13_000:.15f} -0.123456789012345" for number in range(13_000))
    wkt = f"POLYGON((0 0, {points}, 1 1, 0 0))"
    errors = problem_of(api.with_area().add(a_request(wkt=wkt, tiles={"B": {"wkt": wkt}})), 422)
    assert [each["path"] for each in errors["errors"]] == ["tiles.B.data", "data"]
    assert all("at most 850000" in each["message"] for each in errors["errors"])


SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
SAME = [
    "POLYGON((0 0,1 0,1 1,0 1,0 0))",
    "POLYGON((1 1,1 0,0 0,0 1,1 1))",
    "MULTIPOLYGON(((0 0,1 0,1 1,0 1,0 0)))",
    "POLYGON((0 0,1 0,1 0.5,1 1,0 1,0 0))",
    "POLYGON Z((0 0 5,1 0 5,1 1 5,0 1 5,0 0 5))",
    "POLYGON((0 0,1.0000004 0,1 1,0 1,0 0))",
]


@pytest.mark.parametrize("wkt", SAME)
def test_a_geometry_may_be_given_twice(api: Api, wkt: str) -> None:
    """However it is written: the WKT is kept."""
    tiles = {"B": {"wkt": wkt, "geometry": SQUARE}}
    number = api.with_area().added(a_request(wkt=wkt, geometry=SQUARE, tiles=tiles))
    assert api.get(f"/scene/{number}").json["properties"]["GeometryWKT"] == wkt
    assert api.tiles(number)[0]["GeometryWKT"] == wkt


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 0]]]},
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Polygon"},
    ],
)
def test_a_geometry_that_is_not_that_of_the_wkt_is_refused(api: Api, geometry: Json) -> None:
    """One of them would be lost without a word: of a request, of a tile, of a Feature."""
    tiles = {"B": {"wkt": SAME[0], "geometry": geometry}}
    request = a_request(wkt=SAME[0], geometry=geometry, tiles=tiles)
    errors = problem_of(api.with_area().add(request), 422)["errors"]
    assert [each["path"] for each in errors] == ["geometry", "tiles.B.geometry"]
    feature: Json = {**a_feature(GeometryWKT=SAME[0]), "geometry": geometry}
    errors = problem_of(api.add(feature), 422)["errors"]
    assert [each["path"] for each in errors] == ["geometry"]


def test_a_geometry_among_the_properties_of_a_feature_is_refused(api: Api) -> None:
    """It is not read there: it would be lost."""
    [error] = problem_of(api.with_area().add(a_feature(geometry=SQUARE)), 422)["errors"]
    assert (error["path"], "beside" in error["message"]) == ("properties.geometry", True)


@pytest.mark.parametrize("tiles", [None, [], [{"SourceID": "B"}, {"SourceID": "C"}]])
def test_the_geometry_of_a_feature_is_its_scenes_if_no_tile_has_one(
    api: Api, tiles: list[Json] | None
) -> None:
    """As a GET shows it of a scene without WKT."""
    feature: Json = {**a_feature(GeometryWKT="", Tiles=tiles), "geometry": SQUARE}
    number = api.with_area().added(feature)
    assert api.get(f"/scene/{number}").json["geometry"]["coordinates"] == SQUARE["coordinates"]


def test_the_geometry_of_a_feature_that_holds_its_tiles_is_theirs(api: Api) -> None:
    """So that what a GET answers can be posted: it is no geometry of the scene itself."""
    tiles = [{"SourceID": "B", "GeometryWKT": SAME[0]}]
    feature: Json = {**a_feature(GeometryWKT="", Tiles=tiles), "geometry": SQUARE}
    number = api.with_area().added(feature)
    assert api.get(f"/scene/{number}").json["geometry"] is None
    assert api.tiles(number)[0]["GeometryWKT"] == SAME[0]


CRS = [
    ("EPSG:4326", True),
    ("urn:ogc:def:crs:EPSG::4326", True),
    ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
    ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", True),
    ("EPSG:32632", False),
    ("EPSG:43260", False),
    ("urn:ogc:def:crs:EPSG::3857", False),
    ("", False),
    (4326, False),
]


@pytest.mark.parametrize(("name", "right"), CRS)
def test_another_reference_system_is_refused(api: Api, name: object, right: bool) -> None:  # noqa: FBT001
    """Coordinates of it may look like longitude and latitude; wherever GeoJSON once had it."""
    crs = {"type": "name", "properties": {"name": name}}
    geometry = {**SQUARE, "crs": crs}
    feature: Json = {**a_feature("S1A_2", crs=None), "crs": crs}
    del feature["properties"]["crs"]
    collection = {"type": "FeatureCollection", "features": [], "crs": crs}
    answers = [
        api.with_area().add(a_request(geometry=geometry)),
        api.add(feature),
        api.post("/aoi/DenmarkDemo/scenes", json=collection),
    ]
    for answer, path in zip(answers, ["geometry.crs", "crs", "crs"], strict=True):
        if right:
            assert answer.status_code == 200, answer.text
        else:
            assert [each["path"] for each in problem_of(answer, 422)["errors"]] == [path]


@pytest.mark.parametrize("crs", [5, [], {}, {"properties": 5}])
def test_a_reference_system_without_a_name_is_refused(api: Api, crs: object) -> None:
    """Nobody can tell which it is; null is none."""
    answer = api.with_area().add(a_request(geometry={**SQUARE, "crs": crs}))
    assert [each["path"] for each in problem_of(answer, 422)["errors"]] == ["geometry.crs"]
    assert api.add(a_request(geometry={**SQUARE, "crs": None})).status_code == 200


@pytest.mark.parametrize(("geometry", "reason"), BAD_GEOJSON[:12])
def test_what_is_wrong_with_a_geojson_is_told_without_its_readers_own_words(
    api: Api, geometry: object, reason: str
) -> None:
    """Whoever sent it does not know which library reads it."""
    answer = api.with_area().add(a_request(geometry=geometry))
    [error] = problem_of(answer, 422)["errors"]
    assert reason in error["message"]
    assert not any(each in error["message"] for each in ("json.exception", "Exception", "[json"))
