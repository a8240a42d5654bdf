"""An AOI that is deleted is gone, with all that it held, for good."""

from __future__ import annotations

import pytest

from tests.unit.web.api import AREA, Api, a_request, denmark, problem_of
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Unavailable
from tileweave.usecases import chores

BELOW = (
    ("GET", ""),
    ("DELETE", ""),
    ("POST", "/scene"),
    ("POST", "/scenes"),
    ("GET", "/scenes"),
    ("GET", "/scenes/done"),
    ("GET", "/tiles"),
    ("GET", "/tiles/new"),
    ("GET", "/roottiles"),
    ("GET", "/leaftiles"),
    ("GET", "/dot"),
    ("PUT", "/retry"),
    ("PUT", "/retry/force"),
)

WRONG = (
    ("GET", "/scenes?limit=0"),
    ("GET", "/scenes/nix"),
    ("GET", "/tiles?view=x"),
    ("GET", "/tiles?cursor=x"),
    ("GET", "/dot?format=gif"),
)


@pytest.fixture
def area(api: Api) -> Api:
    """All functions, over Denmark."""
    api.with_area().with_denmark()
    return api


def test_an_aoi_is_deleted(area: Api) -> None:
    """Without a word."""
    answer = area.call("DELETE", f"/aoi/{AREA}")
    assert (answer.status_code, answer.get_data()) == (204, b"")


@pytest.mark.parametrize(("method", "path"), [*BELOW, *WRONG])
@pytest.mark.parametrize("name", [AREA, "Never", "a.b", "K%C3%B8benhavn"])
def test_nothing_is_found_below_an_aoi_that_is_not_there(
    area: Api, name: str, method: str, path: str
) -> None:
    """Whether it is deleted, never was or cannot be, and whatever else is wrong."""
    area.call("DELETE", f"/aoi/{AREA}")
    answer = area.call(method, f"/aoi/{name}{path}")
    assert problem_of(answer, 404)["detail"].startswith("There is no AOI")


@pytest.mark.parametrize("what", ["", "/tiles"])
def test_its_scenes_and_tiles_are_not_found(area: Api, what: str) -> None:
    """By their ids."""
    scenes = [each["id"] for each in area.get(f"/aoi/{AREA}/scenes").json["features"]]
    tiles = [each["ID"] for number in scenes for each in area.tiles(number)]
    area.call("DELETE", f"/aoi/{AREA}")
    for number in scenes:
        problem_of(area.get(f"/scene/{number}{what}"), 404)
    for number in tiles:
        problem_of(area.get(f"/tile/{number}"), 404)
        problem_of(area.put(f"/tile/{number}/retry/force"), 404)


@pytest.mark.parametrize("at_once", [1, 400])
def test_results_on_their_way_are_rejected(
    area: Api, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """As unknown, and acknowledged; whether what they are about is deleted by then or not."""
    monkeypatch.setattr(chores, "DELETED_AT_ONCE", at_once)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", at_once)
    jobs = area.publisher.take()
    area.call("DELETE", f"/aoi/{AREA}")
    for job in jobs:
        result = {"type": "scene", "id": job.body["id"], "status": "DONE"}
        answer = area.push(area.results, result, messageId=f"of {job.body['id']}")
        assert answer.status_code == 204
    assert [each.kind for each in area.rejected.values()] == ["unknown"] * 3
    assert not any(each.topic == "tile-jobs" for each in area.publisher.take())


def test_a_new_aoi_of_the_same_name_is_another(area: Api) -> None:
    """It is empty, and its scenes and tiles get ids that there never were."""
    before = area.get(f"/aoi/{AREA}/scenes").json["features"]
    area.call("DELETE", f"/aoi/{AREA}")
    area.with_area()
    assert area.overview()["status"] == "NEW"
    assert area.overview()["scenes"]["total"] == 0
    area.with_denmark()
    after = area.get(f"/aoi/{AREA}/scenes").json["features"]
    assert not {each["id"] for each in before} & {each["id"] for each in after}
    names = [[each["properties"]["source_id"] for each in some] for some in (before, after)]
    assert names[0] == names[1]


def test_other_aois_stay(area: Api) -> None:
    """Also one whose name begins alike."""
    area.with_area(f"{AREA}2").with_denmark(f"{AREA}2")
    area.call("DELETE", f"/aoi/{AREA}")
    assert area.overview(f"{AREA}2")["scenes"]["total"] == len(denmark())
    assert [each["ID"] for each in area.get("/aoi/").json] == [f"{AREA}2"]


def test_while_it_is_being_deleted_there_is_no_new_one(
    area: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever creates it is told to come back."""
    monkeypatch.setattr(chores, "DELETED_AT_ONCE", 4)
    monkeypatch.setattr(chores, "DELETED_A_MESSAGE", 4)
    area.publisher.take()
    area.call("DELETE", f"/aoi/{AREA}")
    answer = area.post(f"/aoi/{AREA}")
    assert "being deleted" in problem_of(answer, 503)["detail"]
    assert answer.headers["Retry-After"]
    while updates := area.publisher.take():
        for update in updates:
            assert area.push(area.dependencies, update.body).status_code == 204
    area.with_area().added(a_request())


class SilentStore(MemoryStore):
    """A store that does not answer when an AOI is to be taken away."""

    def bury_aoi(self, name: str) -> int | None:
        raise Unavailable("nobody answers")


def test_a_store_that_does_not_answer_deletes_nothing() -> None:
    """The problem says to come back."""
    api = Api(store=SilentStore()).with_area()
    problem_of(api.call("DELETE", f"/aoi/{AREA}"), 503)
    assert api.overview()["name"] == AREA
