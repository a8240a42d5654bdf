"""Two or three at work on the same graph: every order of their steps, and all that follows.

A step is a call of the store. After each schedule what is still on its way is delivered (once the
oldest first, once the newest), all jobs are answered DONE, and the janitor comes: then everything
must be at its end, and nothing left for him to mend.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
import tenacity.nap

from tests.builders import AOI, BURST, NEIGHBOUR, a_chain, a_new_scene, a_new_tile, ref
from tests.faults import aftermath
from tests.faults.actors import (
    addition,
    additions,
    beat,
    consumed,
    ended,
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
from tileweave.usecases.ports import Rejected
from tileweave.usecases.reject import Delivery
from tileweave.usecases.replay import take_dead_letter

NO_ERRORS: tuple[type[Exception], ...] = ()
A_DAY = timedelta(days=1, minutes=1)


@pytest.fixture(scope="module", autouse=True)
def no_pauses_between_tries() -> Iterator[None]:
    """Let retries follow each other at once: who goes first is what the explorer decides."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))
        yield


def check(  # noqa: PLR0913 - one for each thing that cases vary
    name: str,
    world: SharedWorld,
    actors: Mapping[str, Act],
    *,
    at_least: int,
    refusals: tuple[type[Exception], ...] = NO_ERRORS,
    forced: bool = False,
    helped: bool = False,
    begins_wrong: bool = False,
) -> list[Outcome[SharedWorld]]:
    """Explore all schedules; return one outcome of each kind.

    `refusals` are the errors that tell a caller what was decided; see `aftermath` for the rest.
    """

    def look(now: SharedWorld, steps: Sequence[str]) -> None:
        wrong = [] if begins_wrong else aftermath.wrong_at_any_time(now, forced=forced)
        assert wrong == [], "\n".join(["after", *steps])

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

    outcomes = check(
        f"the same {status} twice", world, {"a": act, "b": act}, at_least=4, helped=True
    )

    assert {each.world.tile(0).attempt for each in outcomes} == {2 if status == "RETRY" else 1}
    assert {end.value for each in outcomes for end in each.ends.values()} == {None}


def test_the_same_result_may_be_propagated_twice_at_once() -> None:
    """One message DONE, taken by two at once, each of whom propagates it: one hand-out."""
    world = a_downloaded_chain(2)
    act = ended(world.tile(0), "DONE")

    outcomes = check(
        "the same DONE twice, propagated", world, {"a": act, "b": act}, at_least=1_500, helped=True
    )

    assert {each.world.tile(1).attempt for each in outcomes} == {1}


def test_the_same_result_may_be_propagated_twice_while_others_wait() -> None:
    """The same, of a tile with two dependants: one is handed out, the other left to an update."""
    world = SharedWorld(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0), reference=ref(0))]),
    )
    for number in (0, 1):
        world.answer(world.scene(number))
    world.settle()
    act = ended(world.tile(0), "DONE")

    outcomes = check(
        "the same DONE twice, in two ways", world, {"a": act, "b": act}, at_least=2_000, helped=True
    )

    assert {each.world.tile(1).attempt for each in outcomes} == {1}
    assert {each.world.tile(2).attempt for each in outcomes} == {0}


@pytest.mark.parametrize(
    ("one", "other"),
    [("DONE", "FAILED"), ("DONE", "RETRY"), ("FAILED", "RETRY"), ("RETRY", "RETRY")],
)
@pytest.mark.parametrize("retry_count", [0, 1])
def test_two_results_may_come_for_the_same_job(one: str, other: str, retry_count: int) -> None:
    """Two workers answer the same attempt: one is first, the other is applied too or rejected."""
    world = a_running_chain(2, retry_count=retry_count)
    tile = world.tile(0)
    actors = {
        "one": ended(tile, one, attempt=1, id_="r1"),
        "other": ended(tile, other, attempt=1, id_="r2"),
    }

    outcomes = check(
        f"{one} and {other} of one job, countdown {retry_count}",
        world,
        actors,
        at_least=4,
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["r1", "r2"]) == []


@pytest.mark.parametrize(
    ("one", "other"), [("DONE", "DONE"), ("DONE", "FAILED"), ("FAILED", "FAILED")]
)
def test_two_dependencies_may_end_at_once(one: str, other: str) -> None:
    """Two tiles that a third waits for: each result is applied and propagated."""
    world = a_meeting()
    tile, neighbour = world.tile(0), world.tile(0, NEIGHBOUR)
    actors = {
        "tile": ended(tile, one, id_="r1"),
        "neighbour": ended(neighbour, other, id_="r2"),
    }

    check(f"{one} and {other} of two dependencies", world, actors, at_least=10_000)


def test_a_scene_may_be_done_while_its_tile_is_unblocked() -> None:
    """Scene 1 and tile 0, both of which tile 1 waits for, are DONE and propagated: one hand-out."""
    world = a_running_chain(2)
    scene, tile = world.scene(1), world.tile(0)
    actors = {
        "scene": ended(scene, "DONE", id_="r1"),
        "tile": ended(tile, "DONE", id_="r2"),
    }

    outcomes = check("scene DONE and tile unblocked", world, actors, at_least=10_000)

    assert {(each.world.tile(1).status, each.world.tile(1).attempt) for each in outcomes} == {
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
        "worker": ended(tile, status, id_="late"),
        "operator": propagated(operation(tile, Event.FAIL), tile),
    }

    outcomes = check(
        f"{status} and an operator's fail",
        world,
        actors,
        at_least=1000,
        refusals=(NotAllowed,),
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["late"]) == []
        told = isinstance(each.ends["operator"].error, NotAllowed)
        first = each.world.tile(0).history[-1].cause.actor
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

        outcomes = check(
            f"{status} of a tile in {tile.status} and a retry of all, force {force}",
            world,
            actors,
            at_least=28,
        )

        for each in outcomes:
            assert aftermath.lost_results(each.world, ["r1"]) == []


# --- the batch consumer -------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["DONE", "RETRY", "FAILED"])
def test_a_consumer_and_a_function_may_take_the_same_result(status: str) -> None:
    """One message, taken by both: it is applied once."""
    world = a_downloaded_chain(2)
    actors = {
        "consumer": consumed((world.tile(0), status)),
        "function": result(world.tile(0), status),
    }

    outcomes = check(f"the same {status} by a consumer", world, actors, at_least=6, helped=True)

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["result"]) == []


def test_two_consumers_may_take_the_same_results() -> None:
    """A batch of two, delivered to both: each is applied once, each hand-out is one."""
    world = a_meeting()
    act = consumed((world.tile(0), "DONE"), (world.tile(0, NEIGHBOUR), "DONE"))

    outcomes = check("the same batch twice", world, {"a": act, "b": act}, at_least=20, helped=True)

    assert {each.world.tile(1).attempt for each in outcomes} == {1}


@pytest.mark.parametrize("event", [Event.FORCE_FAIL, Event.FORCE_NEW, Event.FORCE_RETRY])
def test_a_batch_may_be_taken_while_one_of_its_tiles_is_forced(event: Event) -> None:
    """The others are taken all the same."""
    world = a_meeting()
    actors = {
        "consumer": consumed((world.tile(0), "DONE"), (world.tile(0, NEIGHBOUR), "DONE")),
        "operator": operation(world.tile(0), event),
    }

    outcomes = check(
        f"{event} beside a batch", world, actors, at_least=10, forced=True, helped=True
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["result", "result 1"]) == []


def test_a_batch_may_be_taken_while_its_dependant_s_scene_is_done() -> None:
    """What both unblock is handed out once."""
    world = SharedWorld(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
    )
    world.answer(world.scene(0))
    world.settle()
    actors = {
        "consumer": consumed((world.tile(0), "DONE"), (world.tile(0, NEIGHBOUR), "DONE")),
        "function": ended(world.scene(1), "DONE", id_="scene"),
    }

    outcomes = check("a batch and a scene", world, actors, at_least=50)

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["result", "result 1", "scene"]) == []


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
        "worker": ended(tile, status),
    }

    check(
        f"{add.__name__} and {status} of the previous tile",
        world,
        actors,
        at_least=40,
        refusals=(Invalid,),
    )


def test_a_chain_may_be_added_by_two_at_once() -> None:
    """The same scenes, added together by two: each is there once, and both are told so."""
    world = SharedWorld()
    act = additions(*a_chain(2))

    outcomes = check("the same chain added twice", world, {"a": act, "b": act}, at_least=12)

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
        at_least=31,
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

    check(f"relinking tiles {numbers}", world, actors, at_least=1_000_000_000, forced=True)


def test_two_failures_in_a_chain_may_come_at_once() -> None:
    """Tile 0 fails by a result, tile 1 with its scene: both results, and the first's relinking."""
    world = a_running_chain(3)
    tile, scene = world.tile(0), world.scene(1)
    actors = {
        "tile": ended(tile, "FAILED", id_="r1"),
        "scene": ended(scene, "FAILED", id_="r2"),
    }

    check("two failures in a chain", world, actors, at_least=10_000)


@pytest.mark.parametrize("event", [Event.FORCE_RETRY, Event.FORCE_NEW, Event.FORCE_DONE])
@pytest.mark.parametrize("number", [0, 1])
def test_a_failed_tile_may_be_forced_back_while_it_is_relinked(event: Event, number: int) -> None:
    """Its update is being looked after when an operator forces it back."""
    world = a_running_chain(3)
    tile = world.tile(number)
    world.operate(tile, Event.FORCE_FAIL)
    actors = {"propagation": update(tile), "operator": propagated(operation(tile, event), tile)}

    check(
        f"{event} of tile {number} and its relinking", world, actors, at_least=100_000, forced=True
    )


def test_a_failed_tile_without_a_previous_may_be_forced_back_while_it_is_relinked() -> None:
    """Its dependant has the same reference: no list but its own tells of the relinking."""
    world = SharedWorld(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(1), reference=ref(0))]),
    )
    tile = world.tile(1)
    world.operate(tile, Event.FORCE_FAIL)
    actors = {"propagation": update(tile), "operator": operation(tile, Event.FORCE_NEW)}

    check("forced NEW of a tile without previous", world, actors, at_least=100_000, forced=True)


@pytest.mark.parametrize("event", [Event.FORCE_RETRY, Event.FORCE_NEW])
@pytest.mark.parametrize(("back", "failed"), [(0, 1), (1, 0), (1, 2), (2, 1)])
@pytest.mark.parametrize("is_cut", [False, True])
def test_a_failed_tile_may_be_forced_back_while_its_neighbour_is_relinked(
    event: Event, back: int, failed: int, *, is_cut: bool
) -> None:
    """Two neighbours are FAILED: one is relinked, the other, cut out or not yet, forced back."""
    world = a_running_chain(3)
    for number in (back, failed):
        world.operate(world.tile(number), Event.FORCE_FAIL)
    if is_cut:
        own = [each for each in world.updates if each.body["id"] == world.tile(back).id]
        world.deliver(own[0])
    actors = {
        "propagation": update(world.tile(failed)),
        "operator": operation(world.tile(back), event),
    }

    name = f"{event} of tile {back}, {'cut' if is_cut else 'uncut'}, and relinking tile {failed}"
    check(name, world, actors, at_least=100, forced=True)


def test_two_failed_neighbours_may_be_forced_back_at_once() -> None:
    """Tiles 0 and 1 of a chain, both cut out."""
    world = a_running_chain(3)
    for number in (0, 1):
        world.operate(world.tile(number), Event.FORCE_FAIL)
    world.settle()
    actors = {
        f"operator {number}": operation(world.tile(number), Event.FORCE_NEW, id_=f"call {number}")
        for number in (0, 1)
    }

    check("two neighbours forced back", world, actors, at_least=56, forced=True)


def test_a_scene_may_be_added_while_links_to_its_previous_tile_are_mended() -> None:
    """Tile 1 is FAILED, so that tile 2 gets tile 0 as previous, which a new scene names too."""
    world = a_running_chain(3)
    world.operate(world.tile(1), Event.FORCE_FAIL)
    actors = {"ingestion": addition(after(0, 4)), "propagation": update(world.tile(1))}

    check("addition and relinking to the same tile", world, actors, at_least=1000, forced=True)


@pytest.mark.parametrize(("status", "at_least"), [("DONE", 500), ("FAILED", 1000)])
def test_an_update_may_be_delivered_twice_at_once(status: str, at_least: int) -> None:
    """A dependency update of tile 0, delivered and redelivered; tile 1 became ready meanwhile."""
    world = a_running_chain(3)
    world.answer(world.tile(0), status)
    world.answer(world.scene(1))
    tile = world.tile(0)
    actors = {"a": update(tile), "b": update(tile, again=True)}

    check(f"the update of a {status} tile twice", world, actors, at_least=at_least, helped=True)


@pytest.mark.parametrize("status", ["DONE", "FAILED"])
def test_an_update_of_a_scene_may_be_delivered_twice_at_once(status: str) -> None:
    """The same of scene 0, two of whose tiles depend on nothing else."""
    world = SharedWorld(*a_chain(2, [BURST, NEIGHBOUR]))
    world.answer(world.scene(0), status)
    actors = {"a": update(world.scene(0)), "b": update(world.scene(0), again=True)}

    check(f"the update of a {status} scene twice", world, actors, at_least=100, helped=True)


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
        f"{status} and an expired lease, countdown {retry_count}", world, actors, at_least=56
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
        at_least=38,
        refusals=(NotAllowed,),
    )

    assert {each.world.tile(0).attempt for each in outcomes} == {1, 2}


def test_two_janitors_may_come_at_once() -> None:
    """A job not published, one whose lease ran out, a FAILED scene whose tiles are not."""
    world = a_running_chain(3)
    world.answer(world.scene(1), "FAILED")
    world.publisher.take()
    world.now += A_DAY

    outcomes = check(
        "two janitors", world, {"a": janitor(), "b": janitor()}, at_least=1000, helped=True
    )

    assert {each.world.tile(0).attempt for each in outcomes} == {2}


def test_two_audits_may_be_made_at_once() -> None:
    """Totals that are off are mended once."""
    world = a_running_chain(1)
    world.store.commit([], [Increments(AOI, {"tiles_DONE": 3})])

    act = janitor(audit=True)
    check("two audits", world, {"a": act, "b": act}, at_least=1000, begins_wrong=True)


# --- rejected messages --------------------------------------------------------------------------


def a_dead_letter(world: SharedWorld) -> Rejected:
    """A result DONE of tile 0 that no delivery got through."""
    body = json.dumps({"type": "tile", "id": world.tile(0).id, "status": "DONE"}).encode()
    rejected = take_dead_letter(world.services, Delivery("result", body))
    assert rejected is not None
    return rejected


def test_a_message_may_be_replayed_while_it_is_redelivered() -> None:
    """It is applied once, and known as replayed."""
    world = a_running_chain(2)
    kept = a_dead_letter(world)
    actors = {"operator": replaying(kept.id), "redelivery": result(world.tile(0), id_="result")}

    outcomes = check("a replay and a redelivery", world, actors, at_least=13, helped=True)

    assert {each.world.rejected["result"].replayed_at for each in outcomes} == {world.now}


def test_a_message_may_be_replayed_by_two_at_once() -> None:
    """It is applied once; who comes too late is told so."""
    world = a_running_chain(2)
    act = replaying(a_dead_letter(world).id)

    outcomes = check(
        "two replays",
        world,
        {"a": act, "b": act},
        at_least=59,
        refusals=(NotAllowed,),
        helped=True,
    )

    assert {each.world.tile(0).status for each in outcomes} == {Status.DONE}


def test_a_message_may_be_replayed_and_redelivered_while_its_job_is_handed_out() -> None:
    """Three: a result that came before its time is replayed, redelivered, and in time."""
    world = a_meeting()
    world.answer(world.tile(0))
    early = world.tile(1)
    kept = world.answer(early, message_id="result")
    assert kept is not None
    actors = {
        "operator": replaying(kept.id),
        "worker": ended(world.tile(0, NEIGHBOUR), "DONE", id_="last"),
        "redelivery": result(early, id_="result"),
    }

    outcomes = check(
        "a replay, a redelivery and a hand-out",
        world,
        actors,
        at_least=10_000,
        refusals=(NotAllowed,),
        helped=True,
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["result"]) == []


# --- three at once ------------------------------------------------------------------------------


def test_all_that_a_tile_waits_for_may_be_done_at_once() -> None:
    """Three results: its scene, its previous and its reference, each propagated: one hand-out."""
    world = SharedWorld(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
    )
    world.answer(world.scene(0))
    world.settle()
    scene, tile, neighbour = world.scene(1), world.tile(0), world.tile(0, NEIGHBOUR)
    actors = {
        "scene": ended(scene, "DONE", id_="r1"),
        "tile": ended(tile, "DONE", id_="r2"),
        "neighbour": ended(neighbour, "DONE", id_="r3"),
    }

    outcomes = check("scene, previous and reference DONE", world, actors, at_least=100_000_000_000)

    assert {each.world.tile(1).attempt for each in outcomes} == {1}


@pytest.mark.parametrize("status", ["DONE", "RETRY"])
def test_a_result_a_heartbeat_and_the_janitor_may_come_at_once(status: str) -> None:
    """Three, when a lease has run out."""
    world = a_running_chain(1, retry_count=1)
    world.now += A_DAY
    tile = world.tile(0)
    actors = {
        "worker": result(tile, status, attempt=1, id_="r1"),
        "heart": beat(tile, 1),
        "janitor": janitor(),
    }

    check(
        f"{status}, a heartbeat and the janitor",
        world,
        actors,
        at_least=1000,
        refusals=(NotAllowed,),
    )


def test_a_late_result_may_come_between_two_operators() -> None:
    """Three: a tile in RETRY gets a result, is failed, and is retried with the whole AOI."""
    world = a_running_chain(2)
    world.answer(world.tile(0), "RETRY")
    tile = world.tile(0)
    actors = {
        "worker": result(tile, "DONE", id_="late"),
        "one operator": operation(tile, Event.FAIL),
        "other operator": retry_of_all(),
    }

    outcomes = check(
        "a late result, a fail and a retry of all",
        world,
        actors,
        at_least=1000,
        refusals=(NotAllowed,),
    )

    for each in outcomes:
        assert aftermath.lost_results(each.world, ["late"]) == []


def test_a_scene_may_be_added_while_its_previous_tile_fails_and_the_janitor_comes() -> None:
    """Three: the tile's failure is propagated, and by the janitor too if he finds it."""
    world = a_running_chain(1)
    tile = world.tile(0)
    actors = {
        "ingestion": addition(a_chain(2)[1]),
        "janitor": janitor(),
        "worker": ended(tile, "FAILED"),
    }

    check(
        "addition, FAILED of the previous tile and the janitor",
        world,
        actors,
        at_least=100_000,
        refusals=(Invalid,),
    )
