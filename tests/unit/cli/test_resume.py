"""A run that goes on after its messages were lost ends like one that lost none."""

from dataclasses import replace

from tests.builders import AOI, World, a_chain
from tileweave.cli.resume import resume
from tileweave.domain.status import Event, Status


def lose_all_messages(world: World) -> None:
    world.take_jobs()
    for update in world.updates:
        world._updates.remove(update)  # noqa: SLF001 - what a stopped emulator forgets


def a_world(length: int = 3) -> World:
    return World(*a_chain(length))


def test_jobs_without_a_result_are_handed_out_again_as_they_were() -> None:
    world = a_world()
    before = [(each.body["id"], each.body["attempt"]) for each in world.take_jobs()]
    assert resume(world.services, [AOI]) == 3
    assert [(each.body["id"], each.body["attempt"]) for each in world.take_jobs()] == before
    assert all(not each.outbox for each in world.documents())


def test_it_changes_no_status_history_or_attempt() -> None:
    world = a_world()
    before = world.documents()
    resume(world.services, [AOI])
    assert [replace(each, outbox=frozenset()) for each in world.documents()] == before


def test_a_success_that_nobody_propagated_hands_out_what_is_ready() -> None:
    world = a_world()
    for scene in world.pending():
        world.answer(scene)
    lose_all_messages(world)
    assert world.tile(0).status is Status.NEW
    assert resume(world.services, [AOI]) == 0
    world.settle()
    assert [world.tile(number).status for number in range(3)] == [
        Status.PENDING,
        Status.NEW,
        Status.NEW,
    ]


def test_a_failure_that_nobody_propagated_is_relinked() -> None:
    world = a_world()
    world.finish_scenes()
    world.answer(world.tile(0), "FAILED")
    lose_all_messages(world)
    resume(world.services, [AOI])
    world.settle()
    assert world.tile(1).is_root
    assert world.tile(1).status is Status.PENDING


def test_a_scene_that_failed_takes_its_tiles_with_it() -> None:
    world = a_world()
    world.answer(world.scene(0), "FAILED")
    lose_all_messages(world)
    resume(world.services, [AOI])
    world.finish()
    assert [world.tile(number).status for number in range(3)] == [
        Status.FAILED,
        Status.DONE,
        Status.DONE,
    ]


def test_what_waits_for_a_person_goes_on_waiting() -> None:
    world = a_world(1)
    world.answer(world.scene(0), "RETRY", "offline")
    lose_all_messages(world)
    assert resume(world.services, [AOI]) == 0
    assert world.scene(0).status is Status.RETRY
    world.operate(world.scene(0), Event.RETRY)
    world.finish()
    assert world.tile(0).status is Status.DONE


def test_after_it_the_run_comes_to_its_end() -> None:
    world = a_world(4)
    world.finish_scenes()
    world.answer(world.tile(0))
    lose_all_messages(world)
    resume(world.services, [AOI])
    resume(world.services, [AOI])
    world.finish()
    assert {each.status for each in world.documents()} == {Status.DONE}
