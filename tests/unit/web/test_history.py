"""What happened to a scene or tile: every change of its status, the oldest first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, a_new_tile, product
from tests.unit.usecases.troubled import TroubledStore, nobody_answers
from tests.unit.web.api import AREA, Api, a_request, problem_of
from tileweave.domain.errors import Unavailable
from tileweave.domain.identity import tile_id
from tileweave.domain.model import Json, Key
from tileweave.usecases import add_scene as adding
from tileweave.usecases.janitor import visit


def history(api: Api, path: str) -> list[Json]:
    """Return the history of a scene or tile."""
    answer = api.get(f"{path}/history")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: list[Json] = answer.json
    return found


def test_a_history_tells_when_what_who_and_why() -> None:
    """From the moment that it was added."""
    world = World(a_new_scene(0, retry_count=1))
    api = Api(world.services)
    path = f"/scene/{world.scene(0).id}"
    world.now += timedelta(seconds=1)
    world.answer(world.scene(0), "RETRY", "no space left")
    world.now += timedelta(hours=24)
    visit(world.services)
    world.answer(world.scene(0), "RETRY", "no space left at all")
    api.put(f"{path}/retry?reason=new%20disk")

    assert history(api, path) == [
        {
            "when": "2022-03-01T12:00:00.000000Z",
            "from": None,
            "to": "PENDING",
            "attempt": 1,
            "message": "",
            "actor": "ingestion",
            "reason": "",
        },
        {
            "when": "2022-03-01T12:00:01.000000Z",
            "from": "PENDING",
            "to": "PENDING",
            "attempt": 2,
            "message": "no space left",
            "actor": "worker",
            "reason": "",
        },
        {
            "when": "2022-03-02T12:00:01.000000Z",
            "from": "PENDING",
            "to": "PENDING",
            "attempt": 3,
            "message": "",
            "actor": "janitor",
            "reason": "its lease ran out",
        },
        {
            "when": "2022-03-02T12:00:01.000000Z",
            "from": "PENDING",
            "to": "RETRY",
            "attempt": 3,
            "message": "no space left at all",
            "actor": "worker",
            "reason": "",
        },
        {
            "when": "2022-03-02T12:00:01.000000Z",
            "from": "RETRY",
            "to": "PENDING",
            "attempt": 4,
            "message": "",
            "actor": "operator",
            "reason": "new disk",
        },
    ]


def test_the_history_of_a_tile_tells_of_propagation() -> None:
    """It was handed out because its scene was DONE, and failed with it."""
    world = World(*a_chain(1))
    world.finish_scenes()
    api = Api(world.services)
    api.put(f"/scene/{world.scene(0).id}/fail/force?reason=clouds")
    world.settle()

    found = history(api, f"/tile/{world.tile(0).id}")

    assert [(each["from"], each["to"], each["actor"]) for each in found] == [
        (None, "NEW", "ingestion"),
        ("NEW", "PENDING", "propagation"),
        ("PENDING", "FAILED", "propagation"),
    ]
    assert found[-1]["message"] == f"its scene {world.scene(0).source_id} FAILED"


def test_a_long_history_is_told_whole(api: Api) -> None:
    """However often it was handed out."""
    path = f"/scene/{api.with_area().added(a_request())}"
    for number in range(120):
        assert api.put(f"{path}/retry/force?reason={number}").status_code == 200

    found = history(api, path)

    assert [each["attempt"] for each in found] == list(range(1, 122))
    assert [each["reason"] for each in found[1:]] == [str(number) for number in range(120)]


@pytest.mark.parametrize("path", ["/scene/4711/history", "/tile/4711/history", "/tile/x/history"])
def test_what_is_not_there_has_no_history(api: Api, path: str) -> None:
    """Nor has what no path can name."""
    problem_of(api.get(path), 404)


def test_a_tile_that_is_staged_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to be shown, operated on, or kept alive, before its scene is added."""
    monkeypatch.setattr(adding, "MOST_TILES_A_COMMIT", 1)
    store = TroubledStore()
    world = World(store=store)
    store.commit_troubles = [None, nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_new_scene(0, [a_new_tile("A44_IW1_1"), a_new_tile("A44_IW1_2")]))
    bursts = [Key("tile", tile_id(AOI, product(0), each)) for each in ("A44_IW1_1", "A44_IW1_2")]
    [key] = [each for each, stored in store.read(bursts).items() if stored]
    api, path = Api(world.services), f"/tile/{key.id}"

    for method, call in [
        ("GET", ""),
        ("GET", "/history"),
        ("PUT", "/retry/force"),
        ("PUT", "/force/NEW"),
        ("POST", "/heartbeat"),
    ]:
        problem_of(api.call(method, f"{path}{call}"), 404)
    result = {"type": "tile", "id": key.id, "status": "DONE"}
    assert api.push(api.results, result, messageId="m-1").status_code == 204
    assert api.rejected["m-1"].kind == "unknown"
    assert api.put(f"{path}/data", json={}).status_code == 404


def test_what_was_deleted_has_no_history(api: Api) -> None:
    """It is gone with its AOI."""
    path = f"/scene/{api.with_area().added(a_request())}"
    api.call("DELETE", f"/aoi/{AREA}")

    problem_of(api.get(f"{path}/history"), 404)
