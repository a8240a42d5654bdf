from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, sent_to, sweep
from tests.unit.usecases.troubled import TroubledPublisher, nobody_answers
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Key
from tileweave.usecases import sweep as module
from tileweave.usecases.ports import Stored
from tileweave.usecases.sweep import PATIENCE

MOMENT = timedelta(microseconds=1)


def a_world_whose_publisher_died(scenes: int = 1) -> World:
    """Return scenes that were committed, but whose jobs were never published."""
    publisher = TroubledPublisher()
    world = World(publisher=publisher)
    for number in range(scenes):
        publisher.troubles = [nobody_answers()]
        with pytest.raises(Unavailable):
            world.add(a_new_scene(number))
    return world


@pytest.mark.parametrize("age", [timedelta(0), PATIENCE])
def test_nothing_is_swept_while_it_is_fresh(age: timedelta) -> None:
    """Its publisher may still be at work."""
    world = a_world_whose_publisher_died()
    world.now += age

    assert sweep(world.services) == 0
    assert world.take_jobs() == []


def test_what_was_left_longer_is_published() -> None:
    """As it would have been, and confirmed."""
    world = a_world_whose_publisher_died()
    world.now += PATIENCE + MOMENT

    assert sweep(world.services) == 1

    [job] = world.take_jobs()
    assert (job.body["id"], job.body["attempt"]) == (world.scene(0).id, 1)
    assert list(world.store.unpublished()) == []
    assert sweep(world.services) == 0


def test_a_dependency_update_is_swept_up_too() -> None:
    """Without it, no tile would ever be handed out."""
    publisher = TroubledPublisher()
    world = World(*a_chain(1), publisher=publisher)
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.answer(world.scene(0))
    world.now += PATIENCE + MOMENT

    sweep(world.services)

    assert sent_to(world.updates) == [("scene", world.scene(0).id)]


def test_what_was_confirmed_is_never_published_again() -> None:
    """However old it is."""
    world = World(*a_chain(3))
    world.finish_scenes()
    world.take_jobs()
    world.now += timedelta(hours=23)

    assert sweep(world.services) == 0
    assert [world.take_jobs(), world.updates] == [[], []]


def test_more_than_a_piece_is_swept_up_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every one of them."""
    monkeypatch.setattr(module, "PIECE", 2)
    world = a_world_whose_publisher_died(scenes=5)
    world.now += PATIENCE + MOMENT

    assert sweep(world.services) == 5
    assert {each for _, each in sent_to(world.take_jobs())} == {
        each.id for each in world.store.scenes(AOI)
    }


def test_a_sweep_that_cannot_publish_leaves_it_to_the_next() -> None:
    """Nothing is confirmed that was not published."""
    world = a_world_whose_publisher_died()
    assert isinstance(world.publisher, TroubledPublisher)
    world.publisher.troubles = [nobody_answers()]
    world.now += PATIENCE + MOMENT
    with pytest.raises(Unavailable):
        sweep(world.services)

    assert sweep(world.services) == 1


class Forgetful(MemoryStore):
    """A store that has lost a scene, whose tile has a job to publish."""

    lost: frozenset[Key] = frozenset()

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return the documents, but those that were lost."""
        found = super().read(keys)
        return {key: None if key in self.lost else each for key, each in found.items()}


def test_what_cannot_be_published_keeps_nothing_else_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its scene is gone: that is logged, and everything else is published."""
    store, publisher = Forgetful(), TroubledPublisher()
    world = World(*a_chain(1), store=store, publisher=publisher)
    world.answer(world.scene(0))
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.settle()
    publisher.troubles = [nobody_answers()]
    with pytest.raises(Unavailable):
        world.add(a_new_scene(7))
    world.take_jobs()
    world.now += PATIENCE + MOMENT
    store.lost = frozenset({world.scene(0).key})

    sweep(world.services)

    assert sent_to(world.take_jobs()) == [("scene", world.scene(7).id)]
    assert str(world.tile(0).id) in caplog.text
