"""An automatic retry may wait: it is published by the janitor, once it is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, sent_to
from tileweave.domain.model import Document
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.usecases.janitor import visit
from tileweave.usecases.leases import heartbeat, set_policy

MINUTE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
LEASE = timedelta(hours=3)


def a_world(delay: timedelta = MINUTE, cap: timedelta = 5 * MINUTE) -> World:
    """Return a chain of two, whose first tile is handed out; retries wait."""
    world = World(*a_chain(2, retry_count=9))
    set_policy(world.services, AOI, Policy(LEASE, delay, 2.0, cap))
    world.finish_scenes()
    world.take_jobs()
    return world


def attempts(world: World) -> list[int]:
    """Return the attempts of the jobs published since the last call."""
    return [each.body["attempt"] for each in world.take_jobs()]


def wait(world: World) -> timedelta:
    """Let the clock go on until the first tile is handed out; return how long that took."""
    due = world.tile(0).due_at
    assert due is not None
    assert world.tile(0).delayed
    waited, world.now = due - world.now, due
    visit(world.services)
    assert not world.tile(0).delayed
    return waited


def test_a_retry_is_published_at_once_unless_its_aoi_has_a_delay() -> None:
    """As geocube-ingester does."""
    world = a_world(delay=timedelta(0))

    world.answer(world.tile(0), "RETRY")

    assert attempts(world) == [2]
    assert (world.tile(0).delayed, world.tile(0).due_at) == (False, world.now + LEASE)


def test_a_delayed_retry_is_pending_and_not_published() -> None:
    """It has its attempt and its place in the history; nobody has its job."""
    world = a_world()

    world.answer(world.tile(0), "RETRY", "no space left")
    visit(world.services)
    world.now += MINUTE - MOMENT
    visit(world.services)

    tile = world.tile(0)
    assert (tile.status, tile.attempt, tile.retry_countdown) == (Status.PENDING, 2, 8)
    assert (tile.history[-1].attempt, tile.message) == (2, "no space left")
    assert (tile.delayed, tile.outbox) == (True, frozenset())
    assert attempts(world) == []


def test_a_delayed_retry_is_published_when_it_is_due() -> None:
    """By the janitor, with the same attempt; it is no change of status, and its lease begins."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")
    before = world.tile(0)

    waited = wait(world)
    visit(world.services)

    tile = world.tile(0)
    assert waited == MINUTE
    assert attempts(world) == [2]
    assert (tile.attempt, tile.history) == (2, before.history)
    assert (tile.outbox, tile.due_at) == (frozenset(), world.now + LEASE)


def test_a_scene_waits_as_a_tile_does() -> None:
    """Its job is published when it is due."""
    world = World(a_new_scene(0, retry_count=1))
    set_policy(world.services, AOI, Policy(first_delay=MINUTE))
    world.take_jobs()
    world.answer(world.scene(0), "RETRY")
    assert attempts(world) == []

    world.now += MINUTE
    visit(world.services)

    assert attempts(world) == [2]


def test_each_retry_in_a_row_waits_longer_up_to_the_cap() -> None:
    """Twice as long here."""
    world = a_world()

    waits = []
    for _ in range(5):
        world.answer(world.tile(0), "RETRY")
        waits.append(wait(world))

    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE, 5 * MINUTE]
    assert attempts(world) == [2, 3, 4, 5, 6]


def test_an_operators_retry_begins_the_row_anew() -> None:
    """It is published at once, and the next automatic retry waits as long as the first."""
    world = a_world()
    for _ in range(3):
        world.answer(world.tile(0), "RETRY")
        wait(world)
    world.take_jobs()

    world.operate(world.tile(0), Event.FORCE_RETRY)

    assert attempts(world) == [5]
    world.answer(world.tile(0), "RETRY")
    assert wait(world) == MINUTE


def test_an_operator_need_not_wait() -> None:
    """A forced retry is published at once, and what was delayed is not published as well."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")

    world.operate(world.tile(0), Event.FORCE_RETRY)

    assert attempts(world) == [3]
    assert (world.tile(0).delayed, world.tile(0).due_at) == (False, world.now + LEASE)
    world.now += MINUTE
    visit(world.services)
    assert attempts(world) == []


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_a_result_without_attempt_counts_while_the_retry_waits(status: str) -> None:
    """Then there is nothing left to hand out."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")

    assert world.answer(world.tile(0), status) is None

    tile = world.tile(0)
    assert (tile.status, tile.due_at, tile.delayed) == (status, None, False)
    world.now += MINUTE
    visit(world.services)
    assert ("tile", tile.id) not in sent_to(world.take_jobs())


def test_a_second_retry_without_attempt_waits_anew() -> None:
    """It counts as a result of the attempt that waits."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")
    world.now += MINUTE / 2

    world.answer(world.tile(0), "RETRY")

    assert (world.tile(0).attempt, world.tile(0).due_at) == (3, world.now + 2 * MINUTE)
    wait(world)
    assert attempts(world) == [3]


def test_a_result_of_the_attempt_before_is_stale_while_the_retry_waits() -> None:
    """The delayed attempt is the current one."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")

    late = world.answer(world.tile(0), attempt=1)

    assert late is not None
    assert late.kind == "stale"
    assert world.tile(0).delayed


def test_a_heartbeat_does_not_put_off_what_waits() -> None:
    """Nobody works on it."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")
    before = world.tile(0)
    world.now += MINUTE / 2

    assert heartbeat(world.services, before.key) == before


def test_a_lease_that_runs_out_after_a_delay_hands_out_anew() -> None:
    """The delay was over: it is a lease like any other."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")
    wait(world)
    world.now += LEASE

    visit(world.services)

    assert attempts(world) == [2, 3]


def test_a_delayed_tile_whose_dependencies_were_forced_back_waits_for_them() -> None:
    """It is NEW when its delay is over, and says why; it is handed out after them."""
    world = a_world()
    world.answer(world.tile(0))
    world.settle()
    world.answer(world.tile(1), "RETRY")
    world.operate(world.tile(0), Event.FORCE_PENDING)
    world.take_jobs()
    world.now += MINUTE

    visit(world.services)

    tile: Document = world.tile(1)
    assert (tile.status, tile.due_at, tile.delayed) == (Status.NEW, None, False)
    assert tile.history[-1].cause.reason == "its delay is over, but what it waits for is not DONE"
    assert attempts(world) == []
    world.answer(world.tile(0))
    world.settle()
    assert attempts(world) == [3]


def test_what_waits_longer_than_a_new_delay_is_not_called_sooner() -> None:
    """A policy holds for the retries to come."""
    world = a_world()
    world.answer(world.tile(0), "RETRY")

    set_policy(world.services, AOI, Policy(LEASE))

    assert wait(world) == MINUTE
    world.answer(world.tile(0), "RETRY")
    assert attempts(world) == [2, 3]
