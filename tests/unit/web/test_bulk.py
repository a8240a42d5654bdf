"""Many scenes in one request: what is read, what becomes of each, and what it leaves behind."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.builders import date_of, product
from tests.unit.web.api import AREA, Answer, Api, a_feature, a_request, denmark, problem_of
from tests.unit.web.api import wrong_paths as paths_of
from tileweave.domain.model import Json
from tileweave.web import bulk

BURSTS = ("A44_IW1_8951", "A44_IW1_8979", "A44_IW2_9007")


@pytest.fixture
def area(api: Api) -> Api:
    """All functions, over an empty AOI."""
    return api.with_area()


def add(api: Api, body: object, area: str = AREA) -> Answer:
    """Add many scenes, as JSON."""
    return api.post(f"/aoi/{area}/scenes", json=body)


def add_lines(api: Api, *lines: object, mimetype: str = "application/x-ndjson") -> Answer:
    """Add many scenes, one a line; a text or bytes are a line as they are."""
    texts = (each if isinstance(each, str | bytes) else json.dumps(each) for each in lines)
    data = b"\n".join(each.encode() if isinstance(each, str) else each for each in texts)
    return api.post(f"/aoi/{AREA}/scenes", data=data, content_type=mimetype)


def fates(answer: Answer) -> list[tuple[str, str]]:
    """Return name and outcome of each scene, in order; the totals must agree with them."""
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    found = [(each["source_id"], each["outcome"]) for each in answer.json["scenes"]]
    for fate in ("added", "known", "refused"):
        assert answer.json[fate] == sum(said == fate for _, said in found)
    return found


def wrong(answer: Answer, place: int) -> list[Json]:
    """Return what is wrong with the scene at this place of a request."""
    found: list[Json] = answer.json["scenes"][place].get("errors", [])
    return found


def a_link(number: int, burst: str) -> Json:
    """Return the links of a tile to those of the date before and of the first."""
    if number == 0:
        return {}
    names = {"previous": product(number - 1), "reference": product(0)}
    scenes = {f"{name}_scene_id": scene for name, scene in names.items()}
    return {**scenes, **{f"{name}_tile_id": burst for name in names}}


def a_chain(length: int, bursts: tuple[str, ...] = BURSTS) -> list[Json]:
    """Return scene requests whose tiles are chains."""
    return [
        a_request(
            product(number),
            data={"date": date_of(number).isoformat()},
            tiles={each: a_link(number, each) for each in bursts},
        )
        for number in range(length)
    ]


def naming(name: str, *others: str) -> Json:
    """Return a scene request of a tile for each of the other scenes, which it names."""
    tiles = {each: {"previous_tile_id": name, "previous_scene_id": each} for each in others}
    return a_request(name, tiles={name: {}, **tiles})


@pytest.mark.parametrize("form", ["collection", "list", "lines"])
def test_scenes_are_added_in_each_form(area: Api, form: str) -> None:
    """Denmark's newest scene first; the outcomes are in that order."""
    features = denmark()
    if form == "lines":
        answer = add_lines(area, *features)
    else:
        body = {"type": "FeatureCollection", "features": features}
        answer = add(area, body if form == "collection" else features)
    names = [each["properties"]["source_id"] for each in features]
    assert fates(answer) == [(name, "added") for name in names]
    for name, outcome in zip(names, answer.json["scenes"], strict=True):
        assert area.get(f"/scene/{outcome['id']}").json["properties"]["source_id"] == name
    assert area.overview()["tiles"]["total"] == 9
    assert len(area.publisher.take()) == 3


def test_a_collection_may_say_that_it_is_geojson(area: Api) -> None:
    """By its media type."""
    text = json.dumps({"type": "FeatureCollection", "features": denmark()})
    answer = area.post(f"/aoi/{AREA}/scenes", data=text, content_type="application/geo+json")
    assert answer.json["added"] == 3


def test_requests_and_features_may_be_mixed(area: Api) -> None:
    """Each is read as what it is."""
    assert [fate for _, fate in fates(add(area, [a_request("A"), a_feature("B")]))] == ["added"] * 2


@pytest.mark.parametrize("body", [[], {"type": "FeatureCollection", "features": []}])
def test_no_scenes_are_no_error(area: Api, body: object) -> None:
    """Nothing becomes of nothing."""
    answer = add(area, body)
    assert answer.json == {"added": 0, "known": 0, "refused": 0, "scenes": []}


def test_a_repeated_request_finds_all_known(area: Api) -> None:
    """With the same ids, and hands nothing out again."""
    first = add(area, a_chain(3))
    area.publisher.take()
    again = add(area, a_chain(3))
    assert [fate for _, fate in fates(again)] == ["known"] * 3
    assert [each["id"] for each in again.json["scenes"]] == [
        each["id"] for each in first.json["scenes"]
    ]
    assert area.publisher.take() == []


@pytest.mark.parametrize("seed", range(3))
def test_outcomes_are_in_the_order_of_the_request(area: Api, seed: int) -> None:
    """Whatever becomes of each, and whichever chain it is of."""
    add(area, a_chain(2))
    bodies = [*a_chain(4), a_request("alone"), a_request("bad", data={}), {"source_id": "worse"}]
    shuffled = random.Random(seed).sample(bodies, len(bodies))
    found = fates(add(area, shuffled))
    assert [name for name, _ in found] == [each["source_id"] for each in shuffled]
    known = dict.fromkeys((product(0), product(1)), "known")
    added = dict.fromkeys((product(2), product(3), "alone"), "added")
    assert dict(found) == {**known, **added, "bad": "refused", "worse": "refused"}


def test_what_is_refused_says_why_and_where(area: Api) -> None:
    """Each wrong field with its path within the scene."""
    answer = add(
        area, [a_request("A", data={}, retry_count=-1), a_feature("B", data={"date": "x"})]
    )
    assert [fate for _, fate in fates(answer)] == ["refused", "refused"]
    assert [each["path"] for each in wrong(answer, 0)] == ["retry_count", "data.date"]
    assert [each["path"] for each in wrong(answer, 1)] == ["properties.data.date"]
    assert all(each["message"] for place in (0, 1) for each in wrong(answer, place))
    assert answer.json["scenes"][0]["id"] is None


@pytest.mark.parametrize("body", [None, 1, "text", [], {}, {"properties": None}, True])
def test_what_is_no_scene_has_no_name(area: Api, body: Any) -> None:  # noqa: ANN401 - JSON
    """It is refused at its place; the others are added."""
    answer = add(area, [a_request("A"), body, a_request("B")])
    assert fates(answer) == [("A", "added"), ("", "refused"), ("B", "added")]
    assert wrong(answer, 1)


def test_of_a_chain_all_is_added_or_nothing(area: Api) -> None:
    """A scene that names an unknown tile takes its chain with it, and no other."""
    broken = a_chain(3)
    broken[2]["tiles"]["A44_IW1_8951"]["previous_tile_id"] = "elsewhere"
    answer = add(area, [*broken, a_request("alone")])
    assert [fate for _, fate in fates(answer)] == ["refused"] * 3 + ["added"]
    assert wrong(answer, 2)[0]["path"] == "tiles.A44_IW1_8951.previous_tile_id"
    assert product(2) in wrong(answer, 0)[0]["message"]
    assert area.overview()["scenes"]["total"] == 1
    assert len(area.publisher.take()) == 1


def test_a_scene_that_is_added_without_its_tiles_is_told(area: Api) -> None:
    """As a list of scenes shows it: none can be added to it later."""
    first = add(area, denmark()).json["scenes"]
    assert not any("errors" in each for each in first)
    area.with_area("Copy")
    listed = area.get(f"/aoi/{AREA}/scenes").json
    copied = area.post("/aoi/Copy/scenes", json=listed)
    assert [fate for _, fate in fates(copied)] == ["added"] * 3
    for number in range(3):
        [error] = wrong(copied, number)
        assert error["path"] == "tiles"
        assert "without tiles" in error["message"]


def test_a_scene_that_has_no_tiles_is_added_without_a_word(area: Api) -> None:
    """Nothing is missing of it."""
    request = a_request("A", tiles={})
    assert "errors" not in add(area, [request]).json["scenes"][0]


def test_tiles_features_are_each_told_in_one_sentence(area: Api) -> None:
    """They are of another list than what is posted."""
    add(area, denmark())
    tiles = area.get(f"/aoi/{AREA}/tiles?view=tile").json
    answer = area.post(f"/aoi/{AREA}/scenes", json=tiles)
    assert {fate for _, fate in fates(answer)} == {"refused"}
    assert {len(wrong(answer, number)) for number in range(9)} == {1}
    assert "view=tile" in wrong(answer, 0)[0]["message"]


def test_a_scene_that_cannot_be_read_takes_its_chain_with_it(area: Api) -> None:
    """Whatever names it is refused, directly or not; each says which scene is to blame."""
    answer = add(area, [naming("C", "B"), a_request("A", data={}), naming("B", "A")])
    assert [fate for _, fate in fates(answer)] == ["refused"] * 3
    assert "scene B" in wrong(answer, 0)[0]["message"]
    assert "scene A" in wrong(answer, 2)[0]["message"]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("fields", [{"foo": 1}, {"data": {}}, {"wkt": "POINT(1 2)"}])
@pytest.mark.parametrize("feature", [True, False])
def test_wherever_in_a_chain_a_scene_cannot_be_read_all_is_refused(
    area: Api, place: int, fields: Json, *, feature: bool
) -> None:
    """Also those before it, which it names, in either form of a scene."""
    bodies = [each["properties"] for each in reversed(denmark())] if feature else a_chain(3)
    bodies[place] = {**bodies[place], **fields}
    wrapped = [{"type": "Feature", "geometry": None, "properties": each} for each in bodies]
    answer = add(area, [*(wrapped if feature else bodies), a_request("alone")])
    assert [fate for _, fate in fates(answer)] == ["refused"] * 3 + ["added"]
    assert area.overview()["scenes"]["total"] == 1


def test_what_is_known_of_a_refused_chain_is_known(area: Api) -> None:
    """It is there, whatever became of the others."""
    add(area, a_chain(1))
    broken = a_chain(2)
    broken[1]["tiles"]["A44_IW1_8951"]["previous_tile_id"] = "elsewhere"
    assert [fate for _, fate in fates(add(area, broken))] == ["known", "refused"]


def test_a_failed_tile_may_not_be_named(area: Api) -> None:
    """The scene that names it is refused; the one that holds it is known."""
    first = add(area, a_chain(1)).json["scenes"][0]["id"]
    [tile] = [each for each in area.tiles(first) if each["SourceID"] == "A44_IW1_8951"]
    assert area.put(f"/tile/{tile['ID']}/fail/force").status_code == 200
    answer = add(area, a_chain(2))
    assert [fate for _, fate in fates(answer)] == ["known", "refused"]
    assert {each["path"] for each in wrong(answer, 1)} == {
        "tiles.A44_IW1_8951.previous_tile_id",
        "tiles.A44_IW1_8951.reference_tile_id",
    }


def test_scenes_in_a_circle_are_refused(area: Api) -> None:
    """Both of them."""
    answer = add(area, [naming("A", "B"), naming("B", "A")])
    assert [fate for _, fate in fates(answer)] == ["refused", "refused"]
    assert "circle" in wrong(answer, 0)[0]["message"]
    assert area.overview()["scenes"]["total"] == 0


def a_tile(previous: tuple[str, str] | None = None) -> Json:
    """Return a tile of a request, with a previous by scene and tile."""
    return dict(zip(("previous_scene_id", "previous_tile_id"), previous or (), strict=False))


def test_scenes_whose_tiles_make_no_circle_may_name_each_other(area: Api) -> None:
    """They are added together, with what names them."""
    h1 = a_request("h1", tiles={"a": a_tile(), "b": a_tile(("h2", "b"))})
    h2 = a_request("h2", tiles={"b": a_tile(), "a": a_tile(("h1", "a"))})
    h3 = a_request("h3", tiles={"a": a_tile(("h2", "a"))})
    answer = add(area, [h3, h1, h2])
    assert fates(answer) == [(name, "added") for name in ("h3", "h1", "h2")]
    assert area.overview()["root_tiles"] == 2
    area.finish()
    assert area.overview()["status"] == "DONE"


def test_a_circle_of_tiles_says_which(area: Api) -> None:
    """By tile and scene; what is of its chain is refused with it, others are added."""
    h1 = a_request("h1", tiles={"a": a_tile(("h2", "b")), "c": a_tile()})
    h2 = a_request("h2", tiles={"b": a_tile(("h1", "a"))})
    h3 = a_request("h3", tiles={"a": a_tile(("h1", "c"))})
    answer = add(area, [h1, h2, h3, a_request("alone")])
    assert [fate for _, fate in fates(answer)] == ["refused"] * 3 + ["added"]
    for place in (0, 1):
        [error] = wrong(answer, place)
        assert error["path"] == "tiles"
        assert error["message"].startswith("the tiles name each other in a circle: ")
        assert {"a of h1", "b of h2"} == set(error["message"].split(": ")[1].split(" -> "))
    assert "h1" in wrong(answer, 2)[0]["message"]


def test_a_scene_is_added_once(area: Api) -> None:
    """The second of the same name is refused, whatever it holds."""
    answer = add(area, [a_request("A"), naming("B", "A"), a_request("A"), a_request("A", data={})])
    assert [fate for _, fate in fates(answer)][2:] == ["refused", "refused"]
    assert wrong(answer, 2)[0] == {"path": "source_id", "message": "A is in the request already"}


def test_the_same_scene_twice_is_added_once(area: Api) -> None:
    """The others of its chain are added with it."""
    answer = add(area, [*a_chain(3), a_chain(2)[1]])
    assert [fate for _, fate in fates(answer)] == ["added"] * 3 + ["refused"]
    assert area.overview()["tiles"]["total"] == 9


def test_a_scene_in_two_parts_is_added_as_one(area: Api) -> None:
    """As two pages of a list of tiles have it."""
    [scene] = [each for each in denmark() if "20220111T" in each["properties"]["source_id"]]
    tiles = scene["properties"]["Tiles"]
    parts = [
        {**scene, "properties": {**scene["properties"], "Tiles": some}}
        for some in (tiles[:1], tiles[1:])
    ]
    answer = add(area, parts)
    assert [fate for _, fate in fates(answer)] == ["added", "added"]
    assert len({each["id"] for each in answer.json["scenes"]}) == 1
    assert area.overview()["tiles"]["total"] == 3
    assert area.overview()["scenes"]["total"] == 1


def test_a_part_that_is_wrong_refuses_the_scene(area: Api) -> None:
    """Nothing of it is added."""
    [scene] = a_chain(1)
    parts = [{**scene, "tiles": {each: {}}} for each in BURSTS[:1]]
    answer = add(area, [*parts, {**scene, "tiles": {BURSTS[1]: {"data": 1}}}])
    assert [fate for _, fate in fates(answer)] == ["refused", "refused"]
    assert area.overview()["scenes"]["total"] == 0


def test_tiles_that_a_known_scene_has_not_are_told(area: Api) -> None:
    """They are not added, and not passed over in silence."""
    [scene] = a_chain(1)
    add(area, [{**scene, "tiles": {BURSTS[0]: {}}}])
    answer = add(area, [scene])
    assert [fate for _, fate in fates(answer)] == ["known"]
    assert wrong(answer, 0)[0]["path"] == "tiles"
    assert BURSTS[1] in wrong(answer, 0)[0]["message"]
    assert area.overview()["tiles"]["total"] == 1


def test_a_scene_of_another_aoi_is_refused(area: Api) -> None:
    """A request says which AOI it means; a Feature's is read over."""
    answer = add(area, [a_request("A", aoi="Other"), a_feature("B", aoi="Other")])
    assert [fate for _, fate in fates(answer)] == ["refused", "added"]
    assert [each["path"] for each in wrong(answer, 0)] == ["aoi"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "body"),
        (None, "body"),
        ("text", "body"),
        ({"type": "Feature"}, "body"),
        ({"type": "FeatureCollection"}, "features"),
        ({"type": "FeatureCollection", "features": None}, "features"),
        ({"type": "FeatureCollection", "features": {}}, "features"),
    ],
)
def test_what_is_no_list_is_wrong(area: Api, body: object, path: str) -> None:
    """It says where a list must be."""
    text = json.dumps(body)
    answer = area.post(f"/aoi/{AREA}/scenes", data=text, content_type="application/json")
    assert paths_of(answer) == [path]


@pytest.mark.parametrize("path", ["/aoi/Nowhere/scenes", "/aoi/a.b/scenes"])
@pytest.mark.parametrize("body", ["[]", "{", "{}", '[{"source_id": "A"}]'])
def test_an_aoi_that_is_not_there_is_told_first(api: Api, path: str, body: str) -> None:
    """Whatever is wrong with the request besides."""
    answer = api.post(path, data=body, content_type="application/json")
    assert "AOI" in problem_of(answer, 404)["detail"]


def test_what_is_not_json_is_a_bad_request(area: Api) -> None:
    """As a whole."""
    answer = area.post(f"/aoi/{AREA}/scenes", data="[{", content_type="application/json")
    assert "not JSON" in problem_of(answer, 400)["detail"]


def test_what_says_that_it_is_something_else_is_not_read(area: Api) -> None:
    """The problem says what to send."""
    answer = area.post(f"/aoi/{AREA}/scenes", data="[]", content_type="text/csv")
    assert "application/json" in problem_of(answer, 415)["detail"]


@pytest.mark.parametrize("mimetype", bulk.NDJSON)
def test_lines_may_be_empty_and_end_as_they_like(area: Api, mimetype: str) -> None:
    """A mark of the byte order and carriage returns are read over."""
    lines = ("\ufeff" + json.dumps(a_request("A")) + "\r", "", " \t", a_request("København 🛰"))
    answer = add_lines(area, *lines, "", mimetype=mimetype)
    assert fates(answer) == [("A", "added"), ("København 🛰", "added")]


@pytest.mark.parametrize("line", ["{", '{"a": NaN}', '{"a": 1e999}', b'"\xff"', "[" * 100_000])
def test_a_line_that_is_not_json_is_named(area: Api, line: str | bytes) -> None:
    """Nothing of the request is added."""
    answer = add_lines(area, a_request("A"), "", line, a_request("B"))
    assert problem_of(answer, 400)["detail"].startswith("Line 3: ")
    assert area.overview()["scenes"]["total"] == 0


def test_a_line_that_nobody_can_write_is_named(area: Api) -> None:
    """It holds half a character."""
    line = json.dumps(a_request("A")).replace("S1Preprocessing", "\\ud800")
    assert paths_of(add_lines(area, a_request("B"), line)) == ["2.data.graph_name"]
    assert area.overview()["scenes"]["total"] == 0


def test_a_line_that_is_no_scene_is_refused(area: Api) -> None:
    """The others are added."""
    found = fates(add_lines(area, "null", a_request("A"), "[]"))
    assert found == [("", "refused"), ("A", "added"), ("", "refused")]


def test_a_request_has_a_largest_number_of_scenes(
    area: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is too many: nothing is added."""
    monkeypatch.setattr(bulk, "MOST_SCENES", 3)
    bodies = [a_request(str(number)) for number in range(4)]
    assert "more than 3 scenes" in problem_of(add(area, bodies), 413)["detail"]
    assert "more than 3 scenes" in problem_of(add_lines(area, *bodies), 413)["detail"]
    assert area.overview()["scenes"]["total"] == 0
    assert add(area, bodies[:3]).json["added"] == 3


def test_a_scene_has_a_largest_number_of_tiles_in_all_its_parts(
    area: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One part more than that refuses it."""
    monkeypatch.setattr(bulk, "MOST_TILES", 2)
    [scene] = a_chain(1)
    answer = add(
        area,
        [
            {**scene, "data": {**scene["data"], "tiles": {"a": {}}}, "tiles": {each: {}}}
            for each in BURSTS
        ],
    )
    assert [fate for _, fate in fates(answer)] == ["refused"] * 3
    assert wrong(answer, 2)[0]["path"] == "tiles"


def test_a_thousand_scenes_are_added(area: Api) -> None:
    """Of chains of fifty dates, in any order; all of them are handed out."""
    bodies = [
        {**each, "source_id": f"{chain}_{each['source_id']}"}
        for chain in range(20)
        for each in (
            json.loads(json.dumps(scene).replace('_scene_id": "', f'_scene_id": "{chain}_'))
            for scene in a_chain(50)
        )
    ]
    random.Random(1).shuffle(bodies)
    found = fates(add(area, bodies))
    assert found == [(each["source_id"], "added") for each in bodies]
    overview = area.overview()
    assert (overview["scenes"]["pending"], overview["tiles"]["new"]) == (1_000, 3_000)
    assert overview["root_tiles"] == 60
    assert len(area.publisher.take()) == 1_000
