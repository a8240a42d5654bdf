"""What adds a scene: both its forms, both spellings, and every field that can be wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.unit.web.api import (
    AREA,
    Api,
    a_feature,
    a_request,
    denmark,
    problem_of,
    recorded,
    wrong_paths,
)
from tileweave.domain.errors import Invalid
from tileweave.domain.job_data import MOST_DOCUMENT, size_of
from tileweave.domain.model import Json
from tileweave.web.limits import MOST_DATA, MOST_TILES
from tileweave.web.scene_input import read_scene

SCENE_SPELLINGS = {
    "source_id": "SourceID",
    "data": "Data",
    "tags": "Tags",
    "tiles": "Tiles",
    "retry_count": "RetryCount",
    "wkt": "GeometryWKT",
    "product_name": "ProductName",
    "own_record": "OwnRecord",
    "ingested": "Ingested",
}

TILE_SPELLINGS = {
    "source_id": "SourceID",
    "data": "Data",
    "anx_time": "AnxTime",
    "wkt": "GeometryWKT",
    "previous": "Previous",
    "reference": "Reference",
    "scene_id": "SceneID",
    "date": "Date",
    "id": "ID",
    "ingested": "Ingested",
}

SQUARE = "POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))"


def respelt(value: Json, spellings: dict[str, str]) -> Json:
    """Return an object with its keys in the other spelling."""
    return {spellings.get(key, key): each for key, each in value.items()}


def a_full_tile(number: int) -> Json:
    """Return a tile with every key that a list of tiles may hold."""
    link = {"source_id": "B", "scene_id": "S0", "date": "2022-01-01T00:00:00Z"}
    return {
        "source_id": "B",
        "data": {"swath_id": "IW1", "tile_nr": number},
        "anx_time": 8951,
        "wkt": SQUARE,
        "previous": link if number else None,
        "reference": link if number else None,
        "scene_id": f"S{number}",
        "date": "2022-01-01T00:00:00Z",
        "id": 0,
        "ingested": False,
    }


def a_full_scene(number: int, **fields: object) -> Json:
    """Return a scene with every key that a Feature's properties may hold."""
    scene = {
        "source_id": f"S{number}",
        "data": {"date": f"2022-01-0{number + 1}T00:00:00Z"},
        "tags": {"area": "Denmark"},
        "tiles": [a_full_tile(number)],
        "retry_count": 4,
        "wkt": SQUARE,
        "product_name": "P",
        "own_record": True,
        "ingested": True,
    }
    return {**scene, **fields}


def shown(api: Api, scenes: list[Json]) -> str:
    """Return what GET answers of scenes that are added to an AOI of their own."""
    api.with_area()
    answers = [api.get(f"/scene/{api.added(each)}/tiles").json for each in scenes]
    for each in answers:
        properties = each["features"][0]["properties"]
        properties["updated_at"] = ""
        for tile in properties["Tiles"]:
            tile["UpdatedAt"] = ""
    return json.dumps(answers)


def in_our_spelling(scene: Json) -> Json:
    return scene


def in_the_documents_spelling(scene: Json) -> Json:
    tiles = []
    for tile in scene["tiles"]:
        links = {"source_id": "SourceID", "scene_id": "SceneID", "date": "Date"}
        named = {
            name: tile[name] and respelt(tile[name], links) for name in ("previous", "reference")
        }
        tiles.append(respelt({**tile, **named}, TILE_SPELLINGS))
    return respelt({**scene, "tiles": tiles}, SCENE_SPELLINGS)


def with_tiles_by_name(scene: Json) -> Json:
    tiles = {}
    for tile in scene["tiles"]:
        flat = {key: each for key, each in tile.items() if key not in ("previous", "reference")}
        for name in ("previous", "reference"):
            link = tile[name] or {"source_id": "", "scene_id": ""}
            flat |= {f"{name}_tile_id": link["source_id"], f"{name}_scene_id": link["scene_id"]}
        tiles[tile["source_id"]] = flat
    return {**scene, "tiles": tiles}


def as_a_request(scene: Json) -> Json:
    return {**scene, "aoi": AREA}


def as_a_feature(scene: Json) -> Json:
    return {"type": "Feature", "id": 7, "geometry": None, "properties": scene, "bbox": [0, 0, 1, 1]}


@pytest.mark.parametrize("form", [as_a_request, as_a_feature])
@pytest.mark.parametrize(
    "spelling", [in_our_spelling, in_the_documents_spelling, with_tiles_by_name]
)
def test_both_spellings_of_both_forms_say_the_same(
    form: Callable[[Json], Json], spelling: Callable[[Json], Json]
) -> None:
    """Each key of the envelope, of a tile and of a link."""
    scenes = [a_full_scene(0), a_full_scene(1)]
    expected = shown(Api(), [as_a_request(each) for each in scenes])
    assert shown(Api(), [form(spelling(each)) for each in scenes]) == expected
    assert '"Previous": {"Date": "2022-01-01T00:00:00Z"' in expected


@pytest.mark.parametrize(("ours", "theirs"), SCENE_SPELLINGS.items())
def test_a_key_in_both_spellings_is_refused(api: Api, ours: str, theirs: str) -> None:
    """Nobody can tell which of them is meant."""
    scene = a_full_scene(0, aoi=AREA)
    [path] = wrong_paths(api.with_area().add({**scene, theirs: scene[ours]}))
    assert path in (ours, theirs)


def test_a_recorded_request_loses_nothing(api: Api) -> None:
    """Its data and its tiles come back as they were sent."""
    request = recorded("post_scene_request")
    number = api.with_area("sample").added(request, "sample")
    properties = api.get(f"/scene/{number}/tiles").json["features"][0]["properties"]
    assert properties["data"] == request["data"]
    tiles = {each["SourceID"]: {"data": each["Data"]} for each in properties["Tiles"]}
    assert tiles == request["tiles"]


@pytest.mark.parametrize("aoi", ["Other", "", None, 5, AREA.lower(), f" {AREA}"])
def test_a_request_for_another_aoi_is_refused(api: Api, aoi: object) -> None:
    """It would be in the wrong place."""
    assert wrong_paths(api.with_area().add(a_request(aoi=aoi))) == ["aoi"]


def test_a_request_for_no_aoi_is_refused(api: Api) -> None:
    """It must say which."""
    request = a_request()
    del request["aoi"]
    assert wrong_paths(api.with_area().add(request)) == ["aoi"]


@pytest.mark.parametrize("aoi", ["Other", "", AREA])
def test_the_aoi_of_a_feature_is_passed_over(api: Api, aoi: str) -> None:
    """So that what one AOI answers can be given to another."""
    number = api.with_area().added(a_feature(aoi=aoi))
    assert api.get(f"/scene/{number}").json["properties"]["aoi"] == AREA


def test_ids_statuses_and_attempts_of_a_feature_are_passed_over(api: Api) -> None:
    """Whatever they are."""
    answered: Json = {
        "id": "x",
        "status": "FAILED",
        "message": "m",
        "attempt": [9],
        "updated_at": 0,
    }
    tile = {"ID": -1, "Status": "DONE", "Attempt": 3, "PreviousID": 7, "SourceID": "B"}
    number = api.with_area().added(a_feature(Tiles=[tile], **answered))
    properties = api.get(f"/scene/{number}/tiles").json["features"][0]["properties"]
    assert (properties["id"], properties["status"], properties["attempt"]) == (number, "PENDING", 1)
    [shown_tile] = properties["Tiles"]
    assert (shown_tile["Status"], shown_tile["Attempt"], shown_tile["PreviousID"]) == (
        "NEW",
        0,
        None,
    )


WRONG: list[tuple[Json, list[str]]] = [
    ({"source_id": ""}, ["source_id"]),
    ({"source_id": None}, ["source_id"]),
    ({"source_id": 5}, ["source_id"]),
    ({"source_id": "x" * 501}, ["source_id"]),
    ({"data": None}, ["data"]),
    ({"data": []}, ["data"]),
    ({"data": "{}"}, ["data"]),
    ({"data": {}}, ["data.date"]),
    ({"tags": []}, ["tags"]),
    ({"tags": "area"}, ["tags"]),
    ({"tiles": "A44"}, ["tiles"]),
    ({"tiles": 5}, ["tiles"]),
    ({"tiles": {"a": None}}, ["tiles.a"]),
    ({"tiles": {"a": {"data": []}}}, ["tiles.a.data"]),
    ({"tiles": {"": {}}}, ['tiles.""']),
    ({"tiles": {"x" * 501: {}}}, [f"tiles.{'x' * 501}"]),
    ({"tiles": {"a": {"source_id": "b"}}}, ["tiles.a.source_id"]),
    ({"tiles": {"a": {"anx_time": 2**53}}}, ["tiles.a.anx_time"]),
    ({"tiles": {"a": {"anx_time": "soon"}}}, ["tiles.a.anx_time"]),
    ({"tiles": {"a": {"sourceid": "b"}}}, ["tiles.a.sourceid"]),
    ({"tiles": {"a": {"previous": "b"}}}, ["tiles.a.previous"]),
    ({"tiles": {"a": {"previous": {"source_id": "b"}}}}, ["tiles.a.previous.SceneID"]),
    ({"tiles": {"a": {"previous_tile_id": 5}}}, ["tiles.a.previous_tile_id"]),
    ({"tiles": {"a": {"previous_tile_id": "b"}}}, ["tiles.a.previous_scene_id"]),
    ({"tiles": {"a": {"previous_scene_id": "b"}}}, ["tiles.a.previous_tile_id"]),
    ({"tiles": {"a": {"reference_tile_id": "b"}}}, ["tiles.a.reference_scene_id"]),
    ({"tiles": {"a": {"reference_scene_id": "b"}}}, ["tiles.a.reference_tile_id"]),
    ({"tiles": [{"data": {}}]}, ["tiles.0.source_id"]),
    ({"Tiles": [{"Data": {}}], "tiles": None}, ["Tiles"]),
    ({"tiles": [{"SourceID": "a"}, 5]}, ["tiles.1"]),
    ({"tiles": [{"SourceID": "a"}, {"SourceID": ""}]}, ["tiles.1.SourceID"]),
    ({"retry_count": -1}, ["retry_count"]),
    ({"retry_count": 1.5}, ["retry_count"]),
    ({"retry_count": 1_001}, ["retry_count"]),
    ({"retry_count": 10**30}, ["retry_count"]),
    ({"retry_count": "many"}, ["retry_count"]),
    ({"retry_count": "3"}, ["retry_count"]),
    ({"retry_count": True}, ["retry_count"]),
    ({"own_record": "yes"}, ["own_record"]),
    ({"tiles": {"a": {"anx_time": "8951"}}}, ["tiles.a.anx_time"]),
    ({"retry_count": None}, ["retry_count"]),
    ({"wkt": 5}, ["wkt"]),
    ({"own_record": "perhaps"}, ["own_record"]),
    ({"sourceid": "x"}, ["sourceid"]),
    ({"type": "scene"}, ["type"]),
    ({"status": "DONE"}, ["status"]),
]


@pytest.mark.parametrize(
    ("fields", "paths"), WRONG, ids=[json.dumps(each[0])[:60] for each in WRONG]
)
def test_a_wrong_field_is_told_by_its_path(api: Api, fields: Json, paths: list[str]) -> None:
    """And by it alone; nothing was added."""
    answer = api.with_area().add(a_request(**fields))
    assert wrong_paths(answer) == paths
    assert all(each["message"] for each in problem_of(answer, 422)["errors"])
    assert api.overview()["scenes"]["total"] == api.overview()["tiles"]["total"] == 0


def test_every_wrong_field_is_told_at_once(api: Api) -> None:
    """Of shape: what no further look is taken behind."""
    request = a_request(source_id="", datum=3, tags=5, tiles={"a": {"data": 3}, "b": {"x": 1}})
    assert sorted(wrong_paths(api.with_area().add(request))) == [
        "datum",
        "source_id",
        "tags",
        "tiles.a.data",
        "tiles.b.x",
    ]


def test_every_wrong_value_is_told_at_once(api: Api) -> None:
    """Of content: date, geometry, links, sizes."""
    tiles = {"a": {"wkt": "POINT(1 2)", "previous_tile_id": "x"}, "b": {"wkt": "POLYGON EMPTY"}}
    request = a_request(wkt="POLYGON((", data={"date": "yesterday"}, tiles=tiles)
    assert sorted(wrong_paths(api.with_area().add(request))) == [
        "data.date",
        "tiles.a.previous_scene_id",
        "tiles.a.wkt",
        "tiles.b.wkt",
        "wkt",
    ]


def test_every_wrong_link_is_told_at_once(api: Api) -> None:
    """Of the graph: unknown tiles, by the path of each link."""
    link = {"previous_tile_id": "x", "previous_scene_id": "y"}
    link |= {"reference_tile_id": "x", "reference_scene_id": "z"}
    paths = wrong_paths(api.with_area().add(a_request(tiles={"a": link, "b": link})))
    assert paths == [
        "tiles.a.previous_tile_id",
        "tiles.a.reference_tile_id",
        "tiles.b.previous_tile_id",
        "tiles.b.reference_tile_id",
    ]


def test_wrong_fields_of_a_feature_are_told_by_their_path(api: Api) -> None:
    """From the Feature's own root."""
    feature = a_feature(data={"date": 5}, Tiles=[{"SourceID": "a", "GeometryWKT": "POINT(1 2)"}])
    assert sorted(wrong_paths(api.with_area().add(feature))) == [
        "properties.Tiles.0.GeometryWKT",
        "properties.data.date",
    ]


@pytest.mark.parametrize("body", [[], None, "x", 5, True, [a_request()]])
def test_what_is_no_object_is_refused(api: Api, body: object) -> None:
    """The whole body is wrong."""
    assert wrong_paths(api.with_area().add(body)) == ["body"]


@pytest.mark.parametrize("properties", [None, [], "x"])
def test_a_feature_without_properties_is_refused(api: Api, properties: object) -> None:
    """They are what it is made of."""
    assert wrong_paths(api.with_area().add({"type": "Feature"})) == ["properties"]
    body = {"type": "Feature", "properties": properties}
    assert wrong_paths(api.add(body)) == ["properties"]


def test_an_empty_object_is_told_what_is_missing(api: Api) -> None:
    """All of it."""
    problem = problem_of(api.with_area().add({}), 422)
    assert problem["errors"] == [
        {"path": "source_id", "message": "is missing"},
        {"path": "data", "message": "is missing"},
        {"path": "aoi", "message": "is missing"},
    ]


@pytest.mark.parametrize(
    "date",
    [
        "2022-01-11T17:01:24",
        "2022-01-11",
        "2022-13-11T17:01:24Z",
        "2022-02-30T17:01:24Z",
        "2022-01-11T24:00:00Z",
        "2022-01-11T17:01:24+99:00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "10000-01-01T00:00:00Z",
        "2022-01-11 17:01:24Z",
        "2022-01-11t17:01:24z",
        "2022-01-11T17:01:24z",
        "2022-01-11T17:01Z",
        "2022-01-11 17:01Z",
        "2022-01-11T17:01:24+0100",
        "2022-01-11T17:01:24+01",
        "2022-01-11T17:01:24,5Z",
        "2022-01-11T17:01:24.Z",
        "2022-01-11T17:01:24.5 Z",
        " 2022-01-11T17:01:24Z",
        "2022-01-11T17:01:24Z\n",
        "٢٠٢٢-01-11T17:01:24Z",
        "yesterday",
        "",
        "1641920484",
        1641920484,
        1641920484.5,
        None,
        True,
        {},
    ],
)
def test_a_date_that_is_none_is_refused(api: Api, date: object) -> None:
    """Without a zone it might be anywhere; workers in Go read RFC 3339, and nothing like it."""
    assert wrong_paths(api.with_area().add(a_request(data={"date": date}))) == ["data.date"]


@pytest.mark.parametrize("date", ["2022-01-11T17:01:24", "2022-01-11t17:01:24Z", None, 5, ""])
def test_it_is_said_how_a_date_is_written(api: Api, date: object) -> None:
    """By an example."""
    [error] = problem_of(api.with_area().add(a_request(data={"date": date})), 422)["errors"]
    assert error["message"] == "must be a date and time by RFC 3339, as 2022-01-11T17:01:24.37Z"


@pytest.mark.parametrize(
    "kept",
    [
        {"unknown": {"nested": [[1, [2.5]], None, True, {"": ""}]}},
        {"big": 2**90, "small": -(2**70), "float": 1.7976931348623157e308, "tiny": 5e-324},
        {"text": 'quotes " \\ newline \n tab \t null \x00 satellite 🛰 \u2028'},
        {"key \n \x00 🛰": 1, "__proto__": {}, "date2": "x"},
    ],
)
def test_unknown_keys_of_data_and_tags_are_kept(api: Api, kept: Json) -> None:
    """Of the scene and of its tiles, in the answers and in the jobs."""
    data = {**a_request()["data"], "metadata": kept, "tiles": {"B": kept}, **kept}
    tiles = {"B": {"data": kept}}
    number = api.with_area().added(a_request(data=data, tags=kept, tiles=tiles))
    properties = api.get(f"/scene/{number}/tiles").json["features"][0]["properties"]
    assert (properties["data"], properties["Tags"]) == (data, kept)
    assert properties["Tiles"][0]["Data"] == kept
    assert api.publisher.messages[0].body["data"].items() >= data.items()


def test_a_scenes_job_names_its_tiles_where_the_request_does_not(api: Api) -> None:
    """With what is needed to cut them out."""
    api.with_area().added(a_request())
    [job] = api.publisher.take()
    assert job.body["data"]["tiles"] == {"A44_IW1_8951": {"swath_id": "IW1", "tile_nr": 4}}


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (("source_id",), "source_id"),
        (("aoi",), "aoi"),
        (("data", "x"), "data.x"),
        (("tags", "x"), "tags.x"),
        (("tiles", "A44_IW1_8951", "data", "swath_id"), "tiles.A44_IW1_8951.data.swath_id"),
    ],
)
@pytest.mark.parametrize("half", ["\ud800", "x\udbffx", "\udc00\ud800"])
def test_half_a_surrogate_pair_is_refused(
    api: Api, place: tuple[str, ...], path: str, half: str
) -> None:
    """JSON can spell it, but it is no text: no document and no answer could hold it."""
    request = a_request(tags={})
    inner: Any = request
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = half
    assert wrong_paths(api.with_area().add(request)) == [path]


@pytest.mark.parametrize("where", ["tiles", "tags", "data"])
def test_half_a_surrogate_pair_in_a_key_is_refused(api: Api, where: str) -> None:
    """In any of them; a whole pair is a character like others."""
    request = a_request(tags={})
    request[where] = {**request[where], "\ud83d\ude00": {}, "x\ud83d": {}}
    assert wrong_paths(api.with_area().add(request)) == [f"{where}.x?"]
    assert api.add(a_request(tags={"\ud83d\ude00": "\ud83d\ude00"})).status_code == 200


def test_an_escaped_pair_is_one_character(api: Api) -> None:
    """As encoders that write ASCII alone spell it."""
    assert "\\ud83d" in json.dumps(a_request("\U0001f6f0"))
    number = api.with_area().added(a_request("\U0001f6f0"))
    assert api.get(f"/scene/{number}").json["properties"]["source_id"] == "\U0001f6f0"


@pytest.mark.parametrize("depth", [300, 900])
@pytest.mark.parametrize("where", ["data", "tags"])
def test_what_is_nested_too_deep_is_refused(api: Api, where: str, depth: int) -> None:
    """By a path that can be read."""
    nested: object = 1
    for number in range(depth):
        nested = [nested] if number % 2 else {"k": nested}
    request = a_request(tags={})
    request[where] = {**request[where], "deep": nested}
    assert wrong_paths(api.with_area().add(request)) == [f"{where}.deep"]


def test_what_is_nested_as_deep_as_anyone_needs_is_kept(api: Api) -> None:
    """A hundred levels."""
    nested: object = 1
    for _ in range(100):
        nested = [{"k": nested}]
    data = {**a_request()["data"], "deep": nested}
    number = api.with_area().added(a_request(data=data))
    assert api.get(f"/scene/{number}").json["properties"]["data"]["deep"] == nested


def test_as_many_tiles_as_a_scene_may_have_are_read() -> None:
    """All of them, with what the scene's job says of them."""
    tiles: Json = {f"A44_IW1_{number}": {"wkt": SQUARE} for number in range(MOST_TILES)}
    scene = read_scene(AREA, a_request(tiles=tiles))
    assert len(scene.tiles) == len(scene.data["tiles"]) == MOST_TILES


@pytest.mark.parametrize("as_list", [True, False])
def test_one_tile_more_is_refused(api: Api, as_list: bool) -> None:  # noqa: FBT001
    """It says how many there may be."""
    names = [f"B{number}" for number in range(MOST_TILES + 1)]
    tiles = [{"SourceID": name} for name in names] if as_list else {name: {} for name in names}
    answer = api.with_area().add(a_request(tiles=tiles))
    assert wrong_paths(answer) == ["tiles"]
    assert str(MOST_TILES) in problem_of(answer, 422)["errors"][0]["message"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"data": {"date": "2022-01-01T00:00:00Z", "x": "y" * MOST_DATA}}, "data"),
        ({"tags": {"x": "y" * MOST_DATA}}, "data"),
        ({"tiles": {"B": {"data": {"x": "y" * MOST_DATA}}}}, "tiles.B.data"),
    ],
)
def test_data_that_no_job_can_carry_is_refused(api: Api, fields: Json, path: str) -> None:
    """Before any tile is written: it says how much is kept."""
    answer = api.with_area().add(a_request(**fields))
    assert wrong_paths(answer) == [path]
    assert str(MOST_DATA) in problem_of(answer, 422)["errors"][0]["message"]
    assert api.overview()["tiles"]["total"] == 0


def test_a_tile_that_is_there_twice_is_refused(api: Api) -> None:
    """In a list it can be."""
    feature = deepcopy(denmark()[2])
    feature["properties"]["Tiles"].append(feature["properties"]["Tiles"][0])
    answer = api.with_area().add(feature)
    assert wrong_paths(answer) == ["properties.Tiles.3"]
    assert "A44_IW1_8951" in problem_of(answer, 422)["detail"]


def test_a_link_that_is_there_twice_is_refused(api: Api) -> None:
    """As an object and by names."""
    link = {"source_id": "x", "scene_id": "y"}
    tile = {"previous": link, "previous_tile_id": "z", "previous_scene_id": "y"}
    answer = api.with_area().add(a_request(tiles={"B": tile}))
    assert "tiles.B.previous" in wrong_paths(answer)
    assert "twice" in problem_of(answer, 422)["detail"]


def test_links_in_a_circle_are_refused(api: Api) -> None:
    """Also of a tile to itself."""
    api.with_area()
    for other in ("a", "b"):
        link = {"previous_tile_id": other, "previous_scene_id": "S1A_1"}
        back = {"previous_tile_id": "a", "previous_scene_id": "S1A_1"}
        assert wrong_paths(api.add(a_request(tiles={"a": link, "b": back}))) == ["tiles"]


@pytest.mark.parametrize(
    "name", ['"', "'", "\\", "\n", "\t", " ", "/", "..", "__x__", "%2F", "<b>", "日本", "\x00", "🛰"]
)
def test_source_ids_are_names_of_any_kind(api: Api, name: str) -> None:
    """They come back as they were, in links too."""
    api.with_area().added(a_request(name, tiles={name: {}}))
    link = {"previous_tile_id": name, "previous_scene_id": name}
    second = api.added(a_request(f"{name}2", tiles={name: link}))
    [tile] = api.tiles(second)
    assert (tile["Previous"]["SceneID"], tile["Previous"]["SourceID"]) == (name, name)


@pytest.mark.parametrize(
    ("source_id", "name"),
    [
        (
            "S1A_IW_SLC__1SDV_20220111T170124_20220111T170151_041416_04ECAD_F4D7",
            "S1A_IW_SLC__1SDV_20220111T170124_20220111T170151_041416_04ECAD_",
        ),
        ("S2A_MSIL1C_20220101T103431_N0301_R108", "S2A_MSIL1C_20220101T103431_N0301_R108"),
    ],
)
def test_a_product_is_named_after_its_scene(api: Api, source_id: str, name: str) -> None:
    """Without the checksum that a Sentinel-1 name ends with, unless the request names it."""
    number = api.with_area().added(a_request(source_id))
    assert api.get(f"/scene/{number}").json["properties"]["ProductName"] == name


def test_what_is_wrong_for_different_reasons_is_told_at_once() -> None:
    """An unknown key hides neither the AOI nor the date nor the geometry."""
    body = a_request(aoi="Other", foo=1, wkt="POINT(1 2)", data={"date": "soon"})
    with pytest.raises(Invalid) as invalid:
        read_scene(AREA, body)
    paths = {each.path for each in invalid.value.problems}
    assert paths == {"aoi", "foo", "wkt", "data.date"}


def test_what_is_wrong_with_a_feature_is_told_at_once() -> None:
    """With the paths that its properties have."""
    feature = a_feature(foo=1, GeometryWKT="POINT(1 2)", data={"date": "soon"})
    with pytest.raises(Invalid) as invalid:
        read_scene(AREA, feature)
    paths = {each.path for each in invalid.value.problems}
    assert paths == {"properties.foo", "properties.GeometryWKT", "properties.data.date"}


def test_every_wrong_field_of_every_tile_is_told_at_once(api: Api) -> None:
    """Beside an unknown key and another AOI: geometries and links too."""
    tiles = {
        "a": {"wkt": "POINT(0 0)"},
        "b": {"previous_tile_id": "x"},
        "c": {"data": 5, "geometry": {"type": "Point"}},
        "d": 5,
        "e": {"previous": {"source_id": "x"}, "reference_scene_id": "y"},
    }
    point = {"type": "Point", "coordinates": [1, 2]}
    body = a_request(aoi="Other", foo=1, geometry=point, tiles=tiles)
    assert sorted(wrong_paths(api.with_area().add(body))) == [
        "aoi",
        "foo",
        "geometry",
        "tiles.a.wkt",
        "tiles.b.previous_scene_id",
        "tiles.c.data",
        "tiles.c.geometry",
        "tiles.d",
        "tiles.e.previous.SceneID",
        "tiles.e.reference_tile_id",
    ]


def test_what_is_missing_hides_nothing(api: Api) -> None:
    """It is told with the rest, and nothing is told of what stands in its place."""
    body = {"data": {"date": "soon"}, "foo": 1, "tiles": [{"wkt": "POINT(0 0)"}]}
    assert sorted(wrong_paths(api.with_area().add(body))) == [
        "aoi",
        "data.date",
        "foo",
        "source_id",
        "tiles.0.source_id",
        "tiles.0.wkt",
    ]


def test_a_missing_aoi_is_said_to_be_missing(api: Api) -> None:
    """Not to be another one."""
    request = a_request()
    del request["aoi"]
    errors = problem_of(api.with_area().add(request), 422)["errors"]
    assert errors == [{"path": "aoi", "message": "is missing"}]


@pytest.mark.parametrize(
    "fields",
    [
        {"aoi": None},
        {"aoi": 5},
        {"AOI": []},
        {"retry_countdown": "many"},
        {"retry_countdown": -1},
        {"retry_countdown": 10**6},
        {"retry_countdown": True},
        {"retry_countdown": None},
    ],
)
def test_what_is_read_over_in_a_feature_may_be_anything(api: Api, fields: Json) -> None:
    """It says nothing of the scene that is added."""
    number = api.with_area().added(a_feature(**fields))
    properties = api.get(f"/scene/{number}").json["properties"]
    assert (properties["aoi"], properties["retry_countdown"]) == (AREA, 0)


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"retry_countdown": 3}, 3),
        ({"retry_countdown": 3, "retry_count": 5}, 5),
        ({"retry_countdown": 3, "RetryCount": 0}, 0),
    ],
)
def test_the_retries_that_a_get_shows_are_those_of_the_copy(
    api: Api, fields: Json, count: int
) -> None:
    """Unless the Feature says how many there are to be."""
    number = api.with_area().added(a_feature(**fields))
    assert api.get(f"/scene/{number}").json["properties"]["retry_countdown"] == count


TWICE: list[tuple[Json, str, str]] = [
    ({"tiles": {}, "Tiles": []}, "Tiles", "tiles"),
    ({"wkt": SQUARE, "GeometryWKT": SQUARE}, "wkt", "GeometryWKT"),
    ({"tiles": {"B": {"data": {}, "Data": {}}}}, "tiles.B.data", "Data"),
    (
        {"tiles": {"B": {"previous": {"source_id": "x", "SourceID": "x", "scene_id": "y"}}}},
        "tiles.B.previous.source_id",
        "SourceID",
    ),
]


@pytest.mark.parametrize(("fields", "path", "other"), TWICE)
def test_a_key_in_two_spellings_is_said_to_be_there_twice(
    api: Api, fields: Json, path: str, other: str
) -> None:
    """It is a key that is read here: once."""
    errors = problem_of(api.with_area().add(a_request(**fields)), 422)["errors"]
    assert errors == [{"path": path, "message": f"is given twice: also as {other}"}]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ({"previous": {"source_id": "x", "scene_id": "y"}}, "previous"),
        ({"Previous": {"SourceID": "x", "SceneID": "y"}}, "Previous"),
        ({"previous_tile_id": "x", "previous_scene_id": "y"}, "previous_tile_id"),
    ],
)
def test_a_link_is_named_as_it_was_sent(api: Api, link: Json, path: str) -> None:
    """In each of its three spellings."""
    assert wrong_paths(api.with_area().add(a_request(tiles={"B": link}))) == [f"tiles.B.{path}"]


def test_fields_of_a_feature_are_named_as_they_were_sent(api: Api) -> None:
    """Its own geometry is none of its properties."""
    tile = {"SourceID": "B", "GeometryWKT": "POINT(1 2)"}
    point = {"type": "Point", "coordinates": [1, 2]}
    feature = {**a_feature(Data={"date": "soon"}, Tiles=[tile]), "geometry": point}
    del feature["properties"]["data"]
    assert sorted(wrong_paths(api.with_area().add(feature))) == [
        "geometry",
        "properties.Data.date",
        "properties.Tiles.0.GeometryWKT",
    ]


def test_what_is_no_scene_is_told_in_one_sentence(api: Api) -> None:
    """A list of scenes, a tile's Feature: where they belong."""
    number = api.with_area().added(denmark()[-1])
    tile = api.get(f"/tile/{api.tiles(number)[0]['ID']}").json
    many = [{"type": "FeatureCollection", "features": denmark()}, [denmark()[0]]]
    for body, path, said in [
        *((each, "body", "/scenes") for each in many),
        (tile, "properties", "tile"),
    ]:
        [error] = problem_of(api.add(body), 422)["errors"]
        assert error["path"] == path
        assert said in error["message"]


@pytest.mark.parametrize("tiles", [[1], [], 5, "", False])
def test_the_tiles_of_a_scenes_data_are_an_object(api: Api, tiles: object) -> None:
    """A worker could not read its job otherwise."""
    data = {**a_request()["data"], "tiles": tiles}
    assert wrong_paths(api.with_area().add(a_request(data=data))) == ["data.tiles"]


def test_as_many_tiles_as_a_scene_may_have_fit_with_names_of_any_usual_length() -> None:
    """What Tileweave adds for the job is not counted as if it had been sent."""
    names = [
        f"{'S2A_MSIL1C_20220101T103431_T32UNG_'[:30]}{number:05}" for number in range(MOST_TILES)
    ]
    data = {"swath_id": "whole scene", "tile_nr": 1}
    scene = read_scene(AREA, a_request(tiles={name: {"data": data} for name in names}))
    assert size_of(scene.data) > MOST_DATA
    assert len(scene.data["tiles"]) == MOST_TILES


def test_tiles_whose_list_has_no_room_are_refused(api: Api) -> None:
    """It says what makes the data so large."""
    tiles: Json = {f"{number:400}": {} for number in range(2_000)}
    errors = problem_of(api.with_area().add(a_request(tiles=tiles)), 422)["errors"]
    assert [each["path"] for each in errors] == ["tiles"]
    assert "the list of them for the scene's job" in errors[0]["message"]
    assert str(MOST_DOCUMENT) in errors[0]["message"]
    assert api.overview()["tiles"]["total"] == 0
