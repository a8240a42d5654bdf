"""New data of a scene or tile: kept whole, checked, and in every job from then on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.web.api import AREA, Answer, Api, a_request, problem_of, wrong_paths
from tileweave.domain.model import Json
from tileweave.web.limits import MOST_DATA

DATE = "2022-01-11T17:01:24.37Z"


@pytest.fixture
def scene(api: Api) -> str:
    """The path of a scene of one tile."""
    return f"/scene/{api.with_area().added(a_request())}"


@pytest.fixture
def tile(api: Api, scene: str) -> str:
    """The path of its tile."""
    return f"/tile/{api.tiles(int(scene.split('/')[2]))[0]['ID']}"


def put(api: Api, path: str, body: object) -> Answer:
    """Replace data."""
    text = json.dumps(body)
    return api.put(f"{path}/data", data=text, content_type="application/json")


def data_of(api: Api, path: str) -> Json:
    """Return the data of a scene or tile."""
    properties = api.get(path).json["properties"]
    data: Json = properties["data"] if "data" in properties else properties["Data"]
    return data


NEW: Json = {"date": DATE, "graph_name": "Other", "é": [[1, {"x": None}], "🛰"], "big": 2**60}


def test_the_data_of_a_scene_is_replaced(api: Api, scene: str) -> None:
    """By all of the new, and nothing of the old."""
    answer = put(api, scene, NEW)
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert data_of(api, scene) == NEW
    assert put(api, scene, NEW).status_code == 204


@pytest.mark.parametrize("body", [NEW, {}, {"date": 1}])
def test_the_data_of_a_tile_is_replaced(api: Api, tile: str, body: Json) -> None:
    """By any object."""
    assert put(api, tile, body).status_code == 204
    assert data_of(api, tile) == body


def test_what_else_is_known_stays(api: Api, scene: str, tile: str) -> None:
    """Status, attempt and totals; nothing is handed out by it."""
    api.publisher.take()
    before = api.overview()
    for path in (scene, tile):
        was = api.get(path).json["properties"]
        put(api, path, NEW)
        now = api.get(path).json["properties"]
        changed = {name for name in was if was[name] != now[name]}
        assert changed in ({"data", "updated_at"}, {"Data", "UpdatedAt"})
    assert api.overview() == before
    assert api.publisher.take() == []


def test_a_job_published_afterwards_carries_the_new_data(api: Api, scene: str, tile: str) -> None:
    """Of the scene, and in the tile's of both."""
    put(api, scene, NEW)
    put(api, tile, {"swath_id": "IW9"})
    api.publisher.take()
    assert api.put(f"{scene}/retry/force").status_code == 200
    [job] = api.publisher.take()
    assert job.body["data"].items() >= NEW.items()
    api.push(api.results, {"type": "scene", "id": job.body["id"], "status": "DONE"})
    [update] = api.publisher.take()
    api.push(api.dependencies, update.body)
    [job] = api.publisher.take()
    assert job.body["data"]["swath_id"] == "IW9"
    assert job.body["scene"]["data"]["graph_name"] == "Other"


@pytest.mark.parametrize("path", ["/scene/4711", "/tile/4711", "/scene/0", f"/tile/{2**80}"])
def test_what_is_not_there_has_no_data(api: Api, path: str) -> None:
    """Whatever it would be."""
    problem_of(put(api, path, {"date": DATE}), 404)


@pytest.mark.parametrize("body", [None, [], "text", 1, True])
def test_data_is_an_object(api: Api, scene: str, tile: str, body: Any) -> None:  # noqa: ANN401
    """Nothing else is."""
    for path in (scene, tile):
        before = data_of(api, path)
        assert wrong_paths(put(api, path, body)) == ["body"]
        assert data_of(api, path) == before


@pytest.mark.parametrize(
    "date", [None, "", "2022-01-11", "2022-01-11T17:01:24.38Z", "2022-01-12T17:01:24.37Z", 0]
)
def test_the_date_of_a_scene_stays(api: Api, scene: str, date: object) -> None:
    """Tiles are ordered by it."""
    assert wrong_paths(put(api, scene, {"date": date})) == ["date"]
    assert data_of(api, scene)["date"] == DATE


def test_a_scene_without_date_is_refused(api: Api, scene: str) -> None:
    """It is named as missing."""
    assert wrong_paths(put(api, scene, {})) == ["date"]


def test_the_date_of_a_scene_may_be_spelt_differently(api: Api, scene: str) -> None:
    """As long as it is the same moment."""
    assert put(api, scene, {"date": "2022-01-11T18:01:24.370+01:00"}).status_code == 204


@pytest.mark.parametrize(("more", "status"), [(0, 204), (1, 422)])
@pytest.mark.parametrize("character", ["x", "\u00e6", "\u2192"])
def test_data_has_a_largest_size(  # noqa: PLR0913 - one for each thing that varies
    api: Api, scene: str, tile: str, character: str, *, more: int, status: int
) -> None:
    """Told to the byte, of UTF-8 without white space, as it is kept."""
    for path in (scene, tile):
        empty = json.dumps({"date": DATE, "text": ""}, separators=(",", ":"))
        left, width = MOST_DATA - len(empty) + more, len(character.encode())
        text = character * (left // width) + "x" * (left % width)
        answer = put(api, path, {"date": DATE, "text": text})
        assert answer.status_code == status, answer.text
        if status == 422:
            assert str(MOST_DATA) in problem_of(answer, 422)["detail"]


@pytest.mark.parametrize(
    ("text", "mimetype", "status"),
    [
        ("{", "application/json", 400),
        ("", "application/json", 400),
        ('{"a": NaN}', "application/json", 400),
        ("{}", "text/plain", 415),
        ('{"a": "\\ud800"}', "application/json", 422),
    ],
)
def test_what_cannot_be_read_is_told(
    api: Api, tile: str, text: str, mimetype: str, status: int
) -> None:
    """As of every request."""
    problem_of(api.put(f"{tile}/data", data=text, content_type=mimetype), status)


def test_data_is_put_and_nothing_else(api: Api, tile: str) -> None:
    """Other methods are told so."""
    assert api.get(f"{tile}/data").headers["Allow"] == "PUT"
    assert AREA in api.get(tile).json["properties"]["aoi"]
