"""A heartbeat that comes as a message has the lease of its job begin anew, and no more."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.builders import NOW, World, a_chain
from tileweave.domain.model import Document
from tileweave.domain.status import Event, Status
from tileweave.usecases.consume import Consumer
from tileweave.usecases.janitor import visit
from tileweave.usecases.reject import Delivery

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    """A chain of two whose first tile is handed out; an hour later."""
    world = World(*a_chain(2, retry_count=1))
    world.finish_scenes()
    world.now += HOUR
    world.take_jobs()
    return world


def a_heartbeat(job: Document, attempt: int | None = None) -> bytes:
    """Return the message."""
    body = {"type": job.key.kind, "id": job.id, "status": "HEARTBEAT", "attempt": attempt}
    return json.dumps(body).encode()


@pytest.mark.parametrize("attempt", [1, None])
def test_the_lease_begins_anew(world: World, attempt: int | None) -> None:
    """Without an attempt it is that of the current one."""
    before = world.tile(0)
    assert world.deliver_result(a_heartbeat(before, attempt)) is None

    after = world.tile(0)
    assert after.due_at == world.now + DAY
    assert (after.status, after.attempt, after.history) == (Status.PENDING, 1, before.history)
    assert world.published_jobs == []


def test_a_job_is_not_handed_out_again_while_its_worker_lives(world: World) -> None:
    """Once it falls silent, it is."""
    world.deliver_result(a_heartbeat(world.tile(0), 1))
    world.now += DAY - HOUR
    visit(world.services)
    assert world.tile(0).attempt == 1
    world.now += HOUR
    visit(world.services)
    assert world.tile(0).attempt == 2


@pytest.mark.parametrize("attempt", [2, 7])
def test_one_of_another_attempt_is_nothing(world: World, attempt: int) -> None:
    """It is not even kept as rejected: that a worker is late is nothing to look after."""
    world.deliver_result(a_heartbeat(world.tile(0), attempt))
    assert world.tile(0).due_at == NOW + DAY
    assert world.rejected == {}


def test_one_that_comes_after_the_result_is_nothing(world: World) -> None:
    """A tile that a person made NEW meanwhile is not handed out by it."""
    world.answer(world.tile(0))
    world.operate(world.tile(1), Event.FORCE_NEW)
    done, forced = world.tile(0), world.tile(1)

    world.deliver_result(a_heartbeat(done, 1))
    world.settle()

    assert (world.tile(0), world.tile(1)) == (done, forced)
    assert world.rejected == {}


def test_one_for_what_is_not_there_is_kept(world: World) -> None:
    """Its worker works for another Tileweave, or for an AOI that is gone."""
    kept = world.deliver_result(b'{"type": "tile", "id": 1, "status": "heartbeat"}')
    assert kept is not None
    assert kept.kind == "unknown"


def test_a_batch_takes_them_beside_results() -> None:
    """In any order."""
    world = World(*a_chain(2))
    world.now += HOUR
    scenes = [world.scene(0), world.scene(1)]
    done = json.dumps({"type": "scene", "id": scenes[0].id, "status": "DONE"}).encode()
    bodies = [a_heartbeat(scenes[1]), a_heartbeat(scenes[0]), done, a_heartbeat(scenes[0])]

    left = Consumer(world.services).take_results(
        [Delivery(f"m{number}", body) for number, body in enumerate(bodies)]
    )

    assert left == []
    assert world.scene(0).status is Status.DONE
    assert world.scene(1).due_at == world.now + DAY
    assert world.rejected == {}
