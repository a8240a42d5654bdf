"""Heartbeats over HTTP: a worker tells that it is alive, and learns when it was given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import World, a_chain
from tests.unit.web.api import Api, problem_of
from tileweave.domain.status import Status


@pytest.fixture
def world() -> World:
    """A chain of two, whose scenes are DONE and whose first tile is handed out."""
    world = World(*a_chain(2, retry_count=1))
    world.finish_scenes()
    return world


@pytest.mark.parametrize("query", ["", "?attempt=1"])
def test_a_heartbeat_extends_the_lease(world: World, query: str) -> None:
    """It answers until when."""
    world.now += timedelta(hours=1)

    answer = Api(world.services).post(f"/tile/{world.tile(0).id}/heartbeat{query}")

    assert answer.status_code == 200
    assert answer.json == {
        "id": world.tile(0).id,
        "attempt": 1,
        "lease_until": "2022-03-02T13:00:00Z",
    }
    assert world.tile(0).due_at == world.now + timedelta(hours=24)


def test_a_scene_has_a_heartbeat_too() -> None:
    """As a tile."""
    world = World(*a_chain(1))
    path = f"/scene/{world.scene(0).id}/heartbeat"

    answer = Api(world.services).post(path)

    assert answer.json["lease_until"] == "2022-03-02T12:00:00Z"


def test_a_heartbeat_of_another_attempt_is_a_conflict(world: World) -> None:
    """It says which attempt there is, and that the result will be ignored."""
    answer = Api(world.services).post(f"/tile/{world.tile(0).id}/heartbeat?attempt=2")

    detail = problem_of(answer, 409)["detail"]
    assert "attempt 2 is over" in detail
    assert "is at 1" in detail


def test_a_heartbeat_of_what_is_not_pending_is_a_conflict(world: World) -> None:
    """It says what it is."""
    answer = Api(world.services).post(f"/tile/{world.tile(1).id}/heartbeat")

    assert Status.NEW in problem_of(answer, 409)["detail"]


@pytest.mark.parametrize("attempt", ["0", "-1", "1.5", "x", "", "1000000000", "9" * 5_000])
def test_an_attempt_is_a_number(world: World, attempt: str) -> None:
    """From 1 on; else it is a bad request."""
    answer = Api(world.services).post(f"/tile/{world.tile(0).id}/heartbeat?attempt={attempt}")

    assert "attempt" in problem_of(answer, 400)["detail"]


@pytest.mark.parametrize("path", ["/tile/4711", "/scene/4711"])
@pytest.mark.parametrize("query", ["", "?attempt=x"])
def test_a_heartbeat_of_nothing_is_not_found(api: Api, path: str, query: str) -> None:
    """Whatever else is wrong with it."""
    problem_of(api.post(f"{path}/heartbeat{query}"), 404)


def test_a_heartbeat_is_posted(api: Api) -> None:
    """Nothing else."""
    assert api.put("/tile/4711/heartbeat").headers["Allow"] == "POST"
