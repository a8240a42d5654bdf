"""`links=auto` and `dry_run=true`: what the calls take and answer."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tests.unit.web.api import (
    AREA,
    Answer,
    Api,
    a_feature,
    a_request,
    denmark,
    problem_of,
    wrong_paths,
)
from tileweave.domain.model import Json
from tileweave.web.openapi import document

COMPONENTS = document()["components"]["schemas"]


@pytest.fixture
def api() -> Api:
    return Api().with_area()


def unlinked() -> list[Json]:
    """Return Denmark without its links, the newest scene first."""
    features = deepcopy(denmark())
    for tile in (tile for each in features for tile in each["properties"]["Tiles"]):
        del tile["Previous"], tile["Reference"]
    return features


def add(api: Api, scenes: object, query: str = "links=auto", area: str = AREA) -> Answer:
    """Add many scenes."""
    path = f"/aoi/{area}/scenes{'?' if query else ''}{query}"
    return api.post(path, data=json.dumps(scenes), content_type="application/json")


def add_one(api: Api, scene: object, query: str = "links=auto") -> Answer:
    """Add one scene."""
    path = f"/aoi/{AREA}/scene?{query}"
    return api.post(path, data=json.dumps(scene), content_type="application/json")


def links(api: Api, area: str = AREA) -> dict[tuple[str, str], Any]:
    """Return what each tile names, by names."""
    features = api.get(f"/aoi/{area}/tiles").json["features"]
    tiles = [tile for each in features for tile in each["properties"]["Tiles"]]
    return {
        (each["SourceID"], each["SceneID"]): (each["Previous"], each["Reference"]) for each in tiles
    }


def collection(features: list[Json]) -> Json:
    """Return a FeatureCollection."""
    return {"type": "FeatureCollection", "features": features}


def foreseen(answer: Answer) -> Json:
    """Return the answer of a dry run, which is as it is documented."""
    assert answer.status_code == 200, answer.text
    schema = {"$ref": "#/components/schemas/Foreseen", "components": {"schemas": COMPONENTS}}
    assert [str(each) for each in Draft202012Validator(schema).iter_errors(answer.json)] == []
    found: Json = answer.json
    return found


def test_denmark_without_its_links_is_denmark(api: Api) -> None:
    """As a FeatureCollection; the same as with them."""
    api.with_area("given")
    assert add(api, collection(denmark()), "", "given").json["added"] == 3
    assert add(api, collection(unlinked())).json["added"] == 3
    assert links(api) == links(api, "given")


def test_one_scene_after_the_other_is_linked(api: Api) -> None:
    """By the call for one; a second time it is there."""
    for each in unlinked():
        assert add_one(api, each).status_code == 200
    first = add_one(api, unlinked()[0])
    assert problem_of(first, 409)["id"] == api.get(f"/aoi/{AREA}/scenes").json["features"][2]["id"]
    api.with_area("given")
    add(api, denmark(), "", "given")
    assert links(api) == links(api, "given")


def test_what_is_wrong_with_one_scene_is_told_by_its_path(api: Api) -> None:
    """As without automatic links."""
    tile = {"previous_tile_id": "A44_IW1_1", "previous_scene_id": "S1A_9"}
    answer = add_one(api, a_request(tiles={"A44_IW1_8951": tile}))
    assert wrong_paths(answer) == ["tiles.A44_IW1_8951.previous_tile_id"]


@pytest.mark.parametrize("query", ["links=maybe", "dry_run=yes", "links=auto&dry_run=1"])
def test_other_values_are_refused(api: Api, query: str) -> None:
    """Before anything is done."""
    assert "must be" in problem_of(add(api, unlinked(), "dry_run=yes"), 400)["detail"]
    problem_of(add(api, unlinked(), query), 400)
    problem_of(add_one(api, unlinked()[0], query), 400)
    assert api.overview()["scenes"]["total"] == 0


def test_a_dry_run_answers_the_graph_that_would_be_made(api: Api) -> None:
    """It can be added, to this AOI or another; nothing is made before."""
    found = foreseen(add(api, collection(unlinked()), "links=auto&dry_run=true"))
    assert (found["added"], len(found["graph"]["features"]), found["relinked"]) == (3, 3, [])
    assert api.overview()["scenes"]["total"] == 0
    assert api.publisher.messages == []
    assert add(api, found["graph"], "").json["added"] == 3
    api.with_area("given")
    add(api, denmark(), "", "given")
    assert links(api) == links(api, "given")
    ids = [each["id"] for each in found["graph"]["features"]]
    assert sorted(ids) == sorted(
        each["id"] for each in api.get(f"/aoi/{AREA}/scenes").json["features"]
    )


def test_a_dry_run_answers_which_tiles_would_be_linked_anew(api: Api) -> None:
    """With their links before and after."""
    newest, middle, oldest = unlinked()
    add(api, [oldest, newest])
    found = foreseen(add(api, [middle], "links=auto&dry_run=true"))
    assert len(found["relinked"]) == 3
    [burst] = [each for each in found["relinked"] if each["source_id"] == "A44_IW1_8951"]
    names = [each["properties"]["source_id"] for each in (newest, middle, oldest)]
    assert burst["scene_source_id"] == names[0]
    before, after = burst["before"], burst["after"]
    assert (before["previous"]["scene_source_id"], after["previous"]["scene_source_id"]) == (
        names[2],
        names[1],
    )
    assert before["reference"] == after["reference"]


def test_given_links_are_foreseen_as_well(api: Api) -> None:
    """And refusals; one scene is answered as many are."""
    found = foreseen(add(api, denmark()[1:], "dry_run=true"))
    assert (found["added"], found["refused"]) == (2, 0)
    alone = foreseen(add_one(api, denmark()[0], "dry_run=true"))
    assert (alone["refused"], alone["graph"]["features"]) == (1, [])
    assert "there is no tile" in alone["scenes"][0]["errors"][0]["message"]
    assert wrong_paths(add_one(api, a_request(data={}), "dry_run=true")) == ["data.date"]
    assert api.overview()["scenes"]["total"] == 0


@pytest.mark.parametrize(
    "tiles",
    [
        [{"SourceID": "A44_IW1_8952", "AnxTime": "x"}],
        {"A44_IW1_8952": {"anx_time": "x"}},
    ],
)
def test_a_scene_that_cannot_be_read_is_of_its_chain(api: Api, tiles: object) -> None:
    """Its tiles are read as far as they can be: what would come right after it waits for it."""
    data = {"date": "2022-01-17T17:01:24Z"}
    wrong = a_feature("S1A_wrong", data=data, tiles=tiles)
    outcomes = add(api, [a_request("S1A_1"), wrong]).json["scenes"]
    assert [each["outcome"] for each in outcomes] == ["refused", "refused"]
    assert "S1A_wrong" in outcomes[0]["errors"][0]["message"]
    other = a_feature("S1A_other", data=data, tiles=7)
    outcomes = add(api, [a_request("S1A_1"), other]).json["scenes"]
    assert [each["outcome"] for each in outcomes] == ["added", "refused"]


def test_scenes_without_tiles_are_one_each(api: Api) -> None:
    """Nothing is missing then."""
    names = [f"S2A_MSIL1C_2022010{day}T103421_N0301_R108_T32UNG_X" for day in (1, 4)]
    body = [
        a_feature(each, data={"date": f"{each[11:15]}-01-0{n}T10:34:21Z"})
        for n, each in enumerate(names, 1)
    ]
    outcomes = add(api, body).json
    assert outcomes["added"] == 2
    assert all("errors" not in each for each in outcomes["scenes"])
    assert [bool(previous) for previous, _ in links(api).values()] == [False, True]
