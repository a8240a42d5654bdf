"""Two or three at work on the same graph: every order of their steps, and all that follows.

A step is a call of the store. After each schedule what is still on its way is delivered (once the
oldest first, once the newest), all jobs are answered DONE, and the janitor comes: then everything
must be at its end, and nothing left for him to mend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, a_chain, a_new_scene, a_new_tile, ref
from tests.faults import aftermath
from tests.faults.actors import (
    addition,
    additions,
    beat,
    janitor,
    operation,
    propagated,
    replaying,
    result,
    retry_of_all,
    update,
)
from tests.faults.figures import record
from tests.faults.schedules import Outcome, explore
from tests.faults.stepped import Act, SharedWorld
from tileweave.domain.errors import Invalid, NotAllowed
from tileweave.domain.ingestion import NewScene
from tileweave.domain.status import Event, Status
from tileweave.domain.tally import Increments

NO_ERRORS: tuple[type[Exception], ...] = ()
A_DAY = timedelta(days=1, minutes=1)


def check(  # noqa: PLR0913 - one for each thing that cases vary
    name: str,
    world: SharedWorld,
    actors: Mapping[str, Act],
    *,
    at_least: int,
    refusals: tuple[type[Exception], ...] = NO_ERRORS,
    forced: bool = False,
    helped: bool = False,
) -> list[Outcome[SharedWorld]]:
    """Explore all schedules; return one outcome of each kind.

    `refusals` are the errors that tell a caller what was decided; see `aftermath` for the rest.
    """

    def look(now: SharedWorld, steps: Sequence[str]) -> None:
        assert aftermath.wrong_at_any_time(now, forced=forced) == [], "\n".join(["after", *steps])

    acting = {each: world.acting(act) for each, act in actors.items()}
    explored = explore(world, acting, look)
    for outcome in explored.outcomes:
        errors = [each.error for each in outcome.ends.values() if each.error is not None]
        unexpected = [each for each in errors if not isinstance(each, refusals)]
        assert unexpected == [], f"after\n{outcome}"
        for newest_first in (False, True):
            wrong = aftermath.wrong_at_the_end(
                outcome.world.copied(), forced=forced, helped=helped, newest_first=newest_first
            )
            assert wrong == [], f"after\n{outcome}"
    found = {"schedules": explored.schedules, "states": explored.states}
    record(name, **found, outcomes=len(explored.outcomes))
    assert explored.schedules >= at_least
    return explored.outcomes


def a_running_chain(length: int = 3, *, retry_count: int = 0) -> SharedWorld:
    """A chain whose first scene is downloaded: tile 0 handed out, the others waiting."""
    world = SharedWorld(*a_chain(length, retry_count=retry_count))
    world.answer(world.scene(0))
    world.settle()
    return world


def a_downloaded_chain(length: int = 3) -> SharedWorld:
    """A chain whose scenes are all downloaded: tile 0 handed out, the others waiting for it."""
    world = SharedWorld(*a_chain(length))
    world.finish_scenes()
    return world


def after(number: int, other: int) -> NewScene:
    """Return a scene of another number whose tile names this one's as previous, and the first."""
    return a_new_scene(other, [a_new_tile(previous=ref(number), reference=ref(0))])


def a_meeting() -> SharedWorld:
    """Two tiles handed out, and one that waits for both: all scenes downloaded."""
    world = SharedWorld(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
    )
    world.finish_scenes()
    return world


# --- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["DONE", "RETRY", "FAILED"])
def test_the_same_result_may_be_delivered_twice_at_once(status: str) -> None:
    """One message, taken by two at once: it is applied once."""
    world = a_running_chain(2, retry_count=1)
    act = result(world.tile(0), status)

    runs = check(f"the same {status} twice", world, {"a": act, "b": act}, at_least=2, helped=True)

    assert {run.world.tile(0).attempt for run in runs} == {2 if status == "RETRY" else 1}
    assert {each.value for run in runs for each in run.ends.values()} == {None}


@pytest.mark.parametrize("status", ["DONE", "RETRY"])
def test_the_same_result_may_be_propagated_twice_at_once(status: str) -> None:
    """The same, where each of the two propagates it too."""
    world = a_running_chain(2, retry_count=1)
    act = propagated(result(world.tile(0), status), world.tile(0))

    check(
        f"the same {status} twice, propagated",
        world,
        {"a": act, "b": act},
        at_least=2,
        helped=True,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("DONE", "FAILED"), ("DONE", "RETRY"), ("FAILED", "RETRY"), ("RETRY", "RETRY")],
)
@pytest.mark.parametrize("retry_count", [0, 1])
def test_two_results_may_come_for_the_same_job(one: str, other: str, retry_count: int) -> None:
    """Two workers answer the same attempt differently: one is first, the other is kept or applied."""
    world = a_running_chain(2, retry_count=retry_count)
    tile = world.tile(0)
    actors = {
        "one": propagated(result(tile, one, attempt=1, id_="r1"), tile),
        "other": propagated(result(tile, other, attempt=1, id_="r2"), tile),
    }

    runs = check(
        f"{one} and {other} of one job, countdown {retry_count}",
        world,
        actors,
        at_least=2,
    )

    for run in runs:
        assert aftermath.lost_results(run.world, ["r1", "r2"]) == []


@pytest.mark.parametrize(("one", "other"), [("DONE", "DONE"), ("DONE", "FAILED"), ("FAILED", "FAILED")])
def test_two_dependencies_may_end_at_once(one: str, other: str) -> None:
    """Two tiles that a third waits for: each result is applied and propagated."""
    world = a_meeting()
    tile, neighbour = world.tile(0), world.tile(0, NEIGHBOUR)
    actors = {
        "tile": propagated(result(tile, one, id_="r1"), tile),
        "neighbour": propagated(result(neighbour, other, id_="r2"), neighbour),
    }

    check(f"{one} and {other} of two dependencies", world, actors, at_least=2)


def test_a_scene_may_be_done_while_its_tile_is_unblocked() -> None:
    """Scene 1 and tile 0, both of which tile 1 waits for, are DONE and propagated: one hand-out."""
    world = a_running_chain(2)
    scene, tile = world.scene(1), world.tile(0)
    actors = {
        "scene": propagated(result(scene, id_="r1"), scene),
        "tile": propagated(result(tile, id_="r2"), tile),
    }

    runs = check("scene DONE and tile unblocked", world, actors, at_least=2)

    assert {(run.world.tile(1).status, run.world.tile(1).attempt) for run in runs} == {
        (Status.PENDING, 1)
    }


# --- operators ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_an_operator_may_fail_what_a_late_result_comes_for(status: str) -> None:
    """A tile in RETRY: a result and an operator's fail, each propagated."""
    world = a_running_chain(2)
    world.answer(world.tile(0), "RETRY")
    tile = world.tile(0)
    actors = {
        "worker": propagated(result(tile, status, id_="late"), tile),
        "operator": propagated(operation(tile, Event.FAIL), tile),
    }

    runs = check(
        f"{status} and an operator's fail",
        world,
        actors,
        at_least=2,
        refusals=(NotAllowed,),
    )

    for run in runs:
        assert aftermath.lost_results(run.world, ["late"]) == []
        told = isinstance(run.ends["operator"].error, NotAllowed)
        first = run.world.tile(0).history[-1].cause.actor
        assert told is (first == "worker")


@pytest.mark.parametrize("status", ["DONE", "FAILED", "RETRY"])
@pytest.mark.parametrize("force", [False, True])
def test_an_operator_may_retry_the_whole_aoi_while_a_result_comes(
    status: str, *, force: bool
) -> None:
    """One tile in RETRY, one PENDING: all is retried while a result for either arrives."""
    world = a_meeting()
    world.answer(world.tile(0), "RETRY")
    for tile in (world.tile(0), world.tile(0, NEIGHBOUR)):
        actors = {
            "worker": result(tile, status, attempt=1, id_="r1"),
            "operator": retry_of_all(force=force),
        }

        runs = check(
            f"{status} of a tile in {tile.status} and a retry of all, force {force}",
            world,
            actors,
            at_least=2,
        )

        for run in runs:
            assert aftermath.lost_results(run.world, ["r1"]) == []


# --- ingestion ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["FAILED", "DONE"])
@pytest.mark.parametrize("add", [addition, additions])
def test_a_scene_may_be_added_while_its_previous_tile_ends(
    status: str, add: Callable[..., Act]
) -> None:
    """A scene names tile 0 as previous and reference, which fails or is DONE, and is propagated."""
    world = a_running_chain(1)
    tile = world.tile(0)
    actors = {
        "ingestion": add(a_chain(2)[1]),
        "worker": propagated(result(tile, status), tile),
    }

    check(
        f"{add.__name__} and {status} of the previous tile",
        world,
        actors,
        at_least=2,
        refusals=(Invalid,),
    )


def test_a_chain_may_be_added_by_two_at_once() -> None:
    """The same scenes, added together by two: each is there once, and both are told so."""
    world = SharedWorld()
    act = additions(*a_chain(2))

    outcomes = check("the same chain added twice", world, {"a": act, "b": act}, at_least=2)

    for each in outcomes:
        assert len(list(each.world.store.scenes(AOI))) == 2


def test_a_chain_may_grow_while_its_previous_tile_is_cut_out() -> None:
    """A scene names tile 1, which is FAILED with its scene and about to be relinked: refused."""
    world = a_running_chain()
    world.answer(world.scene(1), "FAILED")
    actors = {"ingestion": addition(after(1, 3)), "propagation": update(world.scene(1))}

    check(
        "addition and its previous tile's scene FAILED",
        world,
        actors,
        at_least=2,
        refusals=(Invalid,),
    )


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (0, 2)])
def test_two_failures_in_a_chain_may_be_relinked_at_once(numbers: tuple[int, int]) -> None:
    """Two tiles of a chain are FAILED already, forced; their updates arrive together."""
    world = a_running_chain(4)
    tiles = [world.tile(each) for each in numbers]
    for each in tiles:
        world.operate(each, Event.FORCE_FAIL)
    actors = {f"tile {n}": update(each) for n, each in zip(numbers, tiles, strict=True)}

    check(f"relinking tiles {numbers}", world, actors, at_least=2, forced=True)


def test_two_failures_in_a_chain_may_come_at_once() -> None:
    """Tile 0 fails by a result, tile 1 with its scene: both results, and the first's relinking."""
    world = a_running_chain(3)
    tile, scene = world.tile(0), world.scene(1)
    actors = {
        "tile": propagated(result(tile, "FAILED", id_="r1"), tile),
        "scene": propagated(result(scene, "FAILED", id_="r2"), scene),
    }

    check("two failures in a chain", world, actors, at_least=2)


@pytest.mark.parametrize("event", [Event.FORCE_RETRY, Event.FORCE_NEW, Event.FORCE_DONE])
@pytest.mark.parametrize("number", [0, 1])
def test_a_failed_tile_may_be_forced_back_while_it_is_relinked(event: Event, number: int) -> None:
    """Its update is being looked after when an operator forces it back."""
    world = a_running_chain(3)
    tile = world.tile(number)
    world.operate(tile, Event.FORCE_FAIL)
    actors = {"propagation": update(tile), "operator": propagated(operation(tile, event), tile)}

    check(f"{event} of tile {number} and its relinking", world, actors, at_least=2, forced=True)


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_an_update_may_be_delivered_twice_at_once(status: str) -> None:
    """A dependency update of tile 0, delivered and redelivered."""
    world = a_downloaded_chain(3)
    world.answer(world.tile(0), status)
    tile = world.tile(0)
    actors = {"a": update(tile), "b": update(tile, again=True)}

    check(f"the update of a {status} tile twice", world, actors, at_least=2, helped=True)


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_an_update_of_a_scene_may_be_delivered_twice_at_once(status: str) -> None:
    """The same of scene 0, two of whose tiles depend on nothing else."""
    world = SharedWorld(*a_chain(2, [BURST, NEIGHBOUR]))
    world.answer(world.scene(0), status)
    actors = {"a": update(world.scene(0)), "b": update(world.scene(0), again=True)}

    check(f"the update of a {status} scene twice", world, actors, at_least=2, helped=True)


# --- the janitor --------------------------------------------------------------------------------


@pytest.mark.parametrize("retry_count", [0, 1])
@pytest.mark.parametrize("status", ["DONE", "RETRY", "FAILED"])
def test_a_result_may_come_when_its_lease_has_run_out(status: str, retry_count: int) -> None:
    """The janitor hands the job out anew while a result of the last attempt arrives."""
    world = a_running_chain(2, retry_count=retry_count)
    world.now += A_DAY
    tile = world.tile(0)
    actors = {"worker": result(tile, status, attempt=1, id_="r1"), "janitor": janitor()}

    outcomes = check(
        f"{status} and an expired lease, countdown {retry_count}", world, actors, at_least=2
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["r1"]) == []
        assert each.world.tile(0).attempt <= 2


@pytest.mark.parametrize("attempt", [None, 1])
def test_a_heartbeat_may_come_when_its_lease_has_run_out(attempt: int | None) -> None:
    """Either the lease begins anew, or the job is handed out anew and the worker is told so."""
    world = a_running_chain(1)
    world.now += A_DAY
    tile = world.tile(0)
    actors = {"worker": beat(tile, attempt), "janitor": janitor()}

    outcomes = check(
        f"a heartbeat of attempt {attempt} and an expired lease",
        world,
        actors,
        at_least=2,
        refusals=(NotAllowed,),
    )

    assert {each.world.tile(0).attempt for each in outcomes} == {1, 2}


def test_two_janitors_may_come_at_once() -> None:
    """A job that was never published, one whose lease ran out, a FAILED tile that is not cut out."""
    world = a_running_chain(3)
    world.answer(world.scene(1), "FAILED")
    world.publisher.take()
    world.now += A_DAY

    outcomes = check(
        "two janitors", world, {"a": janitor(), "b": janitor()}, at_least=2, helped=True
    )

    assert {each.world.tile(0).attempt for each in outcomes} == {2}


def test_two_audits_may_be_made_at_once() -> None:
    """Totals that are off are mended once."""
    world = a_running_chain(1)
    world.store.commit([], [Increments(AOI, {"tiles_DONE": 3})])

    check(
        "two audits", world, {"a": janitor(audit=True), "b": janitor(audit=True)}, at_least=2
    )


# --- rejected messages --------------------------------------------------------------------------
