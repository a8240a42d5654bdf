"""A job whose worker disappeared is handed out again when its lease runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, sent_to
from tileweave.domain.errors import NotAllowed, NotFound
from tileweave.domain.model import Document, Key
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.usecases import sweep
from tileweave.usecases.janitor import visit
from tileweave.usecases.leases import heartbeat, set_policy
from tileweave.usecases.ports import POLICY_AGE
from tileweave.usecases.watch import create_aoi

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_world(retry_count: int = 3) -> World:
    """Return a chain of two, whose scenes are DONE and whose first tile is handed out."""
    world = World(*a_chain(2, retry_count=retry_count))
    world.finish_scenes()
    world.take_jobs()
    return world


def with_lease(world: World, lease: timedelta) -> World:
    """Give the AOI a lease, from the next hand-out on."""
    set_policy(world.services, AOI, Policy(lease=lease))
    return world


def test_a_scene_has_a_day_unless_its_aoi_says_otherwise() -> None:
    """From the moment that it is added."""
    world = World(a_new_scene(0))

    assert world.scene(0).due_at == world.now + DAY


def test_a_tile_has_a_lease_of_its_own() -> None:
    """From the moment that it is handed out; one that waits has none."""
    world = World(*a_chain(2))
    world.now += HOUR
    world.finish_scenes()

    assert [world.tile(0).due_at, world.tile(1).due_at] == [world.now + DAY, None]


@pytest.mark.parametrize("event", [Event.FORCE_RETRY, Event.FORCE_PENDING])
def test_every_hand_out_begins_a_lease(event: Event) -> None:
    """Also that of an operator."""
    world = a_world()
    world.now += HOUR

    world.operate(world.tile(0), event)

    assert world.tile(0).due_at == world.now + DAY


def test_an_automatic_retry_begins_a_lease() -> None:
    """The new attempt has as long as the first."""
    world = a_world()
    world.now += HOUR

    world.answer(world.tile(0), "RETRY")

    assert world.tile(0).due_at == world.now + DAY


def test_each_aoi_has_its_own_lease() -> None:
    """What it is set to holds for the jobs that are handed out then."""
    world = with_lease(World(a_new_scene(0)), HOUR)
    world.add(a_new_scene(1))

    assert world.scene(0).due_at == world.now + DAY
    assert world.scene(1).due_at == world.now + HOUR


def test_an_aoi_that_is_not_there_has_no_policy() -> None:
    """There is nothing to change."""
    with pytest.raises(NotFound, match="AOI Nowhere"):
        set_policy(World().services, "Nowhere", Policy())


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_a_lease_is_gone_when_the_job_ends(status: str) -> None:
    """Nothing is handed out for it, however long ago it was."""
    world = a_world()
    world.answer(world.tile(0), status)
    world.settle()
    world.answer(world.tile(1), status)
    world.settle()
    world.take_jobs()
    world.now += 30 * DAY

    assert [each.due_at for each in world.documents()] == [None] * 4
    assert visit(world.services).findings == []
    assert world.take_jobs() == []


@pytest.mark.parametrize("event", [Event.FORCE_NEW, Event.FORCE_STATUS_RETRY, Event.FORCE_FAIL])
def test_a_lease_is_gone_when_an_operator_takes_the_job_back(event: Event) -> None:
    """Only a PENDING job has one."""
    world = a_world()

    world.operate(world.tile(0), event)

    assert world.tile(0).due_at is None


def test_a_job_is_left_alone_until_its_lease_runs_out() -> None:
    """To the microsecond."""
    world = a_world()
    world.now += DAY - timedelta(microseconds=1)

    assert visit(world.services).findings == []
    assert world.take_jobs() == []


def test_a_job_whose_lease_ran_out_is_handed_out_as_a_new_attempt() -> None:
    """By the janitor, with a lease of its own; once, however often it comes."""
    world = a_world()
    world.now += DAY

    visit(world.services)
    visit(world.services)

    tile = world.tile(0)
    assert (tile.status, tile.attempt, tile.due_at) == (Status.PENDING, 2, world.now + DAY)
    last = tile.history[-1]
    assert (last.before, last.after, last.attempt) == (Status.PENDING, Status.PENDING, 2)
    assert (last.cause.actor, last.cause.reason) == ("janitor", "its lease ran out")
    assert [(each.body["id"], each.body["attempt"]) for each in world.take_jobs()] == [(tile.id, 2)]


def test_a_lease_that_ran_out_costs_no_automatic_retry() -> None:
    """It is not the job that went wrong; what was said of it stays to be read."""
    world = a_world(retry_count=1)
    world.answer(world.tile(0), "RETRY", "no space left")
    world.now += DAY

    visit(world.services)

    tile = world.tile(0)
    assert (tile.attempt, tile.retry_countdown, tile.message) == (3, 0, "no space left")


def test_a_late_result_of_the_attempt_before_is_stale() -> None:
    """Its worker was given up; the new one's counts."""
    world = a_world()
    world.now += DAY
    visit(world.services)

    late = world.answer(world.tile(0), "FAILED", attempt=1)

    assert late is not None
    assert late.kind == "stale"
    assert world.tile(0).status is Status.PENDING
    assert world.answer(world.tile(0), attempt=2) is None
    assert world.tile(0).status is Status.DONE


def test_a_tile_whose_dependencies_were_forced_back_waits_for_them() -> None:
    """Its lease ran out, but its job must not be begun: it is NEW, and handed out after them."""
    world = a_world()
    world.answer(world.tile(0))
    world.settle()
    world.operate(world.tile(0), Event.FORCE_PENDING)
    world.now += DAY - HOUR
    heartbeat(world.services, world.tile(0).key)
    world.take_jobs()
    world.now += HOUR

    visit(world.services)

    tile = world.tile(1)
    assert (tile.status, tile.attempt, tile.due_at) == (Status.NEW, 1, None)
    assert tile.history[-1].cause.actor == "janitor"
    assert world.take_jobs() == []
    world.answer(world.tile(0))
    world.settle()
    assert (world.tile(1).status, world.tile(1).attempt) == (Status.PENDING, 2)


def test_more_leases_than_a_piece_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is handed out again."""
    monkeypatch.setattr(sweep, "PIECE", 2)
    world = World(*(a_new_scene(number) for number in range(5)))
    world.take_jobs()
    world.now += DAY

    visit(world.services)

    assert sorted(sent_to(world.take_jobs())) == sorted(
        ("scene", each.id) for each in world.store.scenes(AOI)
    )


# --- heartbeats ---


@pytest.mark.parametrize("attempt", [None, 1])
@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_a_heartbeat_begins_the_lease_anew(kind: str, attempt: int | None) -> None:
    """Nothing else changes, and nothing is published."""
    world = World(*a_chain(1)) if kind == "scene" else a_world()
    job: Document = world.scene(0) if kind == "scene" else world.tile(0)
    world.take_jobs()
    world.now += DAY - HOUR

    after = heartbeat(world.services, job.key, attempt)

    assert after.due_at == world.now + DAY
    world.now += DAY - HOUR
    assert visit(world.services).findings == []
    found = world.find(job.key)
    assert found is not None
    assert (found.attempt, found.history, found.updated_at) == (1, job.history, job.updated_at)
    assert world.take_jobs() == []


def test_a_heartbeat_of_another_attempt_is_refused() -> None:
    """The worker learns that its result would be ignored."""
    world = a_world()
    before = world.tile(0)
    world.now += HOUR

    with pytest.raises(NotAllowed, match=f"attempt 2 is over: tile {before.id} is at 1"):
        heartbeat(world.services, before.key, 2)

    assert world.tile(0) == before


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PENDING])
def test_only_a_pending_job_has_a_heartbeat(status: Status) -> None:
    """It is over, or was never begun: the refusal names the status."""
    world = a_world()
    world.operate(world.tile(0), Event(f"forced {status}"))
    before = world.tile(0)

    with pytest.raises(NotAllowed, match=f"is {status}: only a PENDING job has a lease"):
        heartbeat(world.services, before.key)

    assert world.tile(0) == before


@pytest.mark.parametrize("key", [Key("scene", 4711), Key("tile", 4711)])
def test_a_heartbeat_of_nothing_is_not_found(key: Key) -> None:
    """Its AOI may have been deleted."""
    with pytest.raises(NotFound, match=f"{key.kind} 4711"):
        heartbeat(a_world().services, key)


def test_a_heartbeat_that_comes_too_late_is_refused() -> None:
    """The job was handed out again: who names no attempt extends the lease of the new one."""
    world = a_world()
    world.now += DAY
    visit(world.services)

    with pytest.raises(NotAllowed, match="attempt 1 is over"):
        heartbeat(world.services, world.tile(0).key, 1)

    assert heartbeat(world.services, world.tile(0).key).attempt == 2


# --- what a process knows of policies ---


def test_a_process_learns_of_a_new_policy_within_half_a_minute() -> None:
    """One that changes it knows it at once; no hand-out costs a read of the AOI."""
    world = World()
    elsewhere = replace(world.services, policies={})
    assert elsewhere.policy_of(AOI).lease == DAY

    with_lease(world, HOUR)

    assert world.services.policy_of(AOI).lease == HOUR
    world.now += POLICY_AGE - timedelta(seconds=1)
    assert elsewhere.policy_of(AOI).lease == DAY
    world.now += timedelta(seconds=1)
    assert elsewhere.policy_of(AOI).lease == HOUR


def test_another_aoi_keeps_its_policy() -> None:
    """Only the one that is named changes."""
    world = World()
    create_aoi(world.services, "Another")

    with_lease(world, HOUR)

    assert world.services.policy_of("Another") == Policy()


def test_leases_that_run_out_in_a_row_grow() -> None:
    """Or a queue of jobs that is longer than a lease would never be worked off."""
    world = a_world()
    leases = []
    for _ in range(4):
        due = world.tile(0).due_at
        assert due is not None
        leases.append(due - world.now)
        world.now = due
        visit(world.services)
    assert leases == [DAY, DAY, 2 * DAY, 4 * DAY]
    world.operate(world.tile(0), Event.FORCE_RETRY)
    assert world.tile(0).due_at == world.now + DAY
    assert Policy(timedelta(days=1)).lease_after(100) == timedelta(days=30)


def test_a_heartbeat_takes_nothing_from_a_lease() -> None:
    """One that has grown ends no earlier for it."""
    world = a_world()
    for _ in range(3):
        world.now += 4 * DAY
        visit(world.services)
    before = world.tile(0).due_at
    assert heartbeat(world.services, world.tile(0).key).due_at == before
