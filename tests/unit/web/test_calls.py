"""Every call that goes right: its status, and what it answers."""

from __future__ import annotations

import pytest

from tests.builders import AOI, BURST, World, a_chain, product
from tests.unit.web.api import AREA, Api, a_feature, a_request, denmark, problem_of, recorded
from tileweave import __version__
from tileweave.domain.messages import Topic
from tileweave.domain.status import Event


@pytest.fixture
def world() -> World:
    """Three dates of one burst, of which nothing has been answered yet."""
    return World(*a_chain(3))


def test_the_service_tells_its_version(api: Api) -> None:
    """Whoever is no browser gets JSON."""
    answer = api.get("/")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"status": "ok", "version": __version__}


# --- AOIs ---


@pytest.mark.parametrize("name", ["A", "Den-mark:2_0", "x" * 128, "-", "retry"])
def test_an_aoi_is_created(api: Api, name: str) -> None:
    """It answers its overview, empty and NEW."""
    answer = api.post(f"/aoi/{name}")
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["status"]) == (name, "NEW")
    assert answer.json == api.overview(name)


def test_an_aoi_is_created_by_a_client_that_sends_an_empty_body(api: Api) -> None:
    """As Go's does, which says it is JSON all the same."""
    answer = api.post(f"/aoi/{AREA}", data=b"", content_type="application/json")
    assert answer.status_code == 200


def test_an_aoi_is_created_once(api: Api) -> None:
    """The second time it is a conflict, whatever it holds by then."""
    problem = problem_of(api.with_area().post(f"/aoi/{AREA}"), 409)
    assert problem["detail"] == f"The AOI {AREA} exists already."
    assert "id" not in problem


@pytest.mark.parametrize(
    "name", ["Den%20mark", "%C3%89", "a.b", "a%00", "x" * 129, "a%0A", "%D9%A7"]
)
def test_an_aoi_of_a_bad_name_is_refused(api: Api, name: str) -> None:
    """The problem says which names there are."""
    problem = problem_of(api.post(f"/aoi/{name}"), 422)
    assert [each["path"] for each in problem["errors"]] == ["aoi"]
    assert "A-Z a-z 0-9 - : _" in problem["errors"][0]["message"]


# --- adding a scene ---


def test_a_scene_is_added(api: Api) -> None:
    """It answers its id, and the scene's job is published with all it came with."""
    request = recorded("post_scene_request")
    answer = api.with_area("sample").add(request, "sample")
    number = answer.json["id"]
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"id": number}
    [job] = api.publisher.take()
    assert job.topic is Topic.SCENE_JOBS
    assert job.body == {**recorded("scene_job"), "id": number, "attempt": 1}


def test_a_scene_is_added_by_an_older_catalogue(api: Api) -> None:
    """It sends the id of a scene that has none yet, and links that are empty."""
    request = recorded("post_scene_request")
    names = ("previous_tile_id", "previous_scene_id", "reference_tile_id", "reference_scene_id")
    tiles = {key: {**dict.fromkeys(names, ""), **each} for key, each in request["tiles"].items()}
    number = api.with_area("sample").added({**request, "id": 0, "tiles": tiles}, "sample")
    assert [each["Previous"] for each in api.tiles(number)] == [None, None]


def test_an_id_that_a_request_brings_along_is_refused(api: Api) -> None:
    """Ids are derived: nobody's wish for one is passed over in silence."""
    problem = problem_of(api.with_area().add(a_request(id=4)), 422)
    assert [each["path"] for each in problem["errors"]] == ["id"]


@pytest.mark.parametrize("again", [a_request(), a_request(retry_count=3, tiles={}), a_feature()])
def test_a_scene_is_added_once(api: Api, again: object) -> None:
    """The conflict carries the id of the one that is there, which stays as it was."""
    number = api.with_area().added(a_request("S1A_1"))
    before = api.get(f"/scene/{number}/tiles").json
    assert problem_of(api.add(again), 409)["id"] == number
    assert api.get(f"/scene/{number}/tiles").json == before


def test_an_id_is_the_same_wherever_it_is_derived() -> None:
    """And another one in another AOI."""
    ids = [Api().with_area(name).added(a_request(aoi=name), name) for name in ("A", "A", "B")]
    assert ids[0] == ids[1] != ids[2]
    assert all(0 < each < 2**53 for each in ids)


def test_a_scene_may_have_no_tiles(api: Api) -> None:
    """In whatever way that is said."""
    api.with_area()
    kinds: tuple[object, ...] = ({}, [], None)
    for number, tiles in enumerate(kinds):
        scene = api.added(a_request(f"S{number}", tiles=tiles))
        assert api.tiles(scene) == []
    assert api.tiles(api.added(a_feature("S3"))) == []


# --- retrying an AOI ---


def test_retrying_nothing_answers_nothing(api: Api) -> None:
    """204, as there is nothing to say."""
    answer = api.with_area().put(f"/aoi/{AREA}/retry")
    assert (answer.status_code, answer.get_data()) == (204, b"")


def test_retrying_an_aoi_answers_what_it_started(world: World) -> None:
    """The scene and the tile that wait for a person are handed out; the second time none is."""
    world.finish_scenes()
    world.answer(world.tile(0), "RETRY")
    world.operate(world.scene(2), Event.FORCE_STATUS_RETRY)
    api = Api(world.services)
    answer = api.put(f"/aoi/{AOI}/retry")
    assert (answer.status_code, answer.json) == (200, {"Scenes": 1, "Tiles": 1})
    assert api.put(f"/aoi/{AOI}/retry").status_code == 204


def test_retrying_an_aoi_by_force_takes_what_is_pending_too(world: World) -> None:
    """As often as it is asked."""
    api = Api(world.services)
    assert api.put(f"/aoi/{AOI}/retry").status_code == 204
    for _ in range(2):
        assert api.put(f"/aoi/{AOI}/retry/force").json == {"Scenes": 3, "Tiles": 0}
    assert world.scene(0).attempt == 3


# --- scenes and tiles ---


def test_a_scene_is_shown_without_its_tiles(api: Api) -> None:
    """As a Feature."""
    number = api.with_area().added(a_request())
    answer = api.get(f"/scene/{number}")
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    assert (answer.json["type"], answer.json["id"]) == ("Feature", number)
    assert answer.json["properties"]["Tiles"] is None


def test_a_tile_is_shown_with_a_link_to_its_scene(api: Api) -> None:
    """As a Feature of its own."""
    number = api.with_area().added(a_request())
    [tile] = api.tiles(number)
    answer = api.get(f"/tile/{tile['ID']}")
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    assert (answer.json["type"], answer.json["id"]) == ("Feature", tile["ID"])
    assert answer.json["properties"] == {**tile, "aoi": AREA}
    assert api.get(answer.json["links"][0]["href"]).json["id"] == number


@pytest.mark.parametrize(
    ("call", "before", "after"),
    [
        ("retry", "RETRY", "PENDING"),
        ("retry/force", "DONE", "PENDING"),
        ("fail", "RETRY", "FAILED"),
        ("fail/force", "DONE", "FAILED"),
        ("force/new", "DONE", "NEW"),
        ("force/PENDING", "RETRY", "PENDING"),
        ("force/Done", "RETRY", "DONE"),
        ("force/retry", "PENDING", "RETRY"),
        ("force/FAILED", "RETRY", "FAILED"),
    ],
)
@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_an_operation_answers_what_it_changed(
    world: World, kind: str, call: str, before: str, after: str
) -> None:
    """The scene or tile with its new status, as a GET shows it."""
    world.finish_scenes()
    found = world.scene(0) if kind == "scene" else world.tile(0)
    world.operate(found, Event(f"forced {before}"))
    api = Api(world.services)
    answer = api.put(f"/{kind}/{found.id}/{call}")
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    properties = answer.json["properties"]
    assert properties["status" if kind == "scene" else "Status"] == after
    assert answer.json == api.get(f"/{kind}/{found.id}").json


@pytest.mark.parametrize("call", ["retry", "fail"])
@pytest.mark.parametrize("kind", ["scene", "tile"])
@pytest.mark.parametrize("status", ["NEW", "PENDING", "DONE", "FAILED"])
def test_an_operation_is_refused_where_the_status_forbids_it(
    world: World, kind: str, call: str, status: str
) -> None:
    """The conflict says which status that is, and nothing has changed."""
    world.finish_scenes()
    found = world.scene(0) if kind == "scene" else world.tile(0)
    if world.find(found.key) != found or found.status != status:
        world.operate(found, Event(f"forced {status}"))
    api = Api(world.services)
    before = api.get(f"/{kind}/{found.id}").json
    assert status in problem_of(api.put(f"/{kind}/{found.id}/{call}"), 409)["detail"]
    assert api.get(f"/{kind}/{found.id}").json == before


def test_a_tile_is_not_retried_before_its_scene_is_done(world: World) -> None:
    """The conflict names the scene's status."""
    tile = world.tile(0)
    world.operate(tile, Event.FORCE_STATUS_RETRY)
    problem = problem_of(Api(world.services).put(f"/tile/{tile.id}/retry"), 409)
    assert "PENDING" in problem["detail"]


def test_a_body_that_an_operation_does_not_read_is_of_no_matter(world: World) -> None:
    """Whatever a client sends along."""
    answer = Api(world.services).put(f"/scene/{world.scene(0).id}/force/retry", data="{[")
    assert answer.status_code == 200


def test_a_head_is_answered_as_a_get_without_its_body(api: Api) -> None:
    """For those who only want to know whether it is there."""
    number = api.with_area().added(a_request())
    for path in ("/", f"/aoi/{AREA}", f"/aoi/{AREA}/dot", f"/scene/{number}"):
        answer = api.call("HEAD", path)
        assert (answer.status_code, answer.get_data()) == (200, b"")


# --- the janitor ---


def test_the_janitor_tells_what_it_found(world: World) -> None:
    """Here nothing is wrong."""
    answer = Api(world.services).janitor.post("/")
    counts = dict.fromkeys(
        (
            *("unpublished", "due", "not cut out"),
            *("ready, not handed out", "wrong totals", "half deleted"),
        ),
        0,
    )
    assert answer.status_code == 200
    assert answer.json == {"dry_run": False, "counts": counts, "findings": [], "more": False}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 405), ("POST", "/x", 404)])
def test_the_janitor_is_called_by_the_clock_alone(
    api: Api, method: str, path: str, status: int
) -> None:
    """In one way."""
    problem_of(api.janitor.open(path, method=method), status)


# --- a whole run ---


def test_denmark_runs_from_a_feature_to_the_last_tile(api: Api) -> None:
    """Added, worked on and propagated over HTTP alone."""
    scenes = api.with_area().with_denmark()
    api.finish()
    overview = api.overview()
    assert overview["status"] == "DONE"
    assert overview["scenes"] == {**dict.fromkeys(overview["scenes"], 0), "done": 3, "total": 3}
    assert overview["tiles"] == {**dict.fromkeys(overview["tiles"], 0), "done": 9, "total": 9}
    assert all(tile["Ingested"] for number in scenes for tile in api.tiles(number))


def test_denmark_is_refused_newest_first(api: Api) -> None:
    """The problem names each previous and reference that is not there, by its path."""
    problem = problem_of(api.with_area().add(denmark()[0]), 422)
    paths = [each["path"] for each in problem["errors"]]
    assert paths == [
        f"properties.Tiles.{number}.{name}"
        for number in range(3)
        for name in ("Previous", "Reference")
    ]
    assert "A44_IW1_8951" in problem["errors"][0]["message"]
    assert denmark()[1]["properties"]["source_id"] in problem["errors"][0]["message"]


def test_a_previous_that_failed_is_refused_by_its_path(world: World) -> None:
    """A tile cannot be linked to what was cut out."""
    world.operate(world.scene(0), Event.FORCE_FAIL)
    world.settle()
    link = {"previous_tile_id": BURST, "previous_scene_id": product(0)}
    body = a_request(aoi=AOI, tiles={"new": link})
    problem = problem_of(Api(world.services).add(body, AOI), 422)
    assert [each["path"] for each in problem["errors"]] == ["tiles.new.previous_tile_id"]
    assert "FAILED" in problem["errors"][0]["message"]
