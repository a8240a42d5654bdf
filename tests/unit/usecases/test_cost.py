"""What propagation costs: bounded for each tile, however long a row of failures is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from tests.builders import World, a_chain, a_link_of_chain, a_new_scene, a_new_tile, ref
from tests.property import invariants
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Key
from tileweave.domain.status import Event
from tileweave.usecases.ports import Stored
from tileweave.usecases.propagate import propagate


class Counting(MemoryStore):
    """A store in memory that counts its round trips."""

    trips = 0

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Count, and return the documents."""
        self.trips += 1
        return super().read(keys)


def a_braid(length: int) -> list[NewScene]:
    """Return a chain whose tiles refer to the one two dates before."""
    first = [a_new_scene(number, [a_link_of_chain(number)]) for number in (0, 1)]
    return first + [
        a_new_scene(number, [a_new_tile(previous=ref(number - 1), reference=ref(number - 2))])
        for number in range(2, length)
    ]


@pytest.mark.parametrize("graph", [a_chain, a_braid])
@pytest.mark.parametrize("length", [30, 60])
def test_failures_in_a_row_cost_so_much_each(graph: type, length: int) -> None:
    """All but the last FAILED before any of it is propagated: it takes as long as there are."""
    store = Counting()
    world = World(*graph(length), store=store)
    for number in range(length - 1):
        world.operate(world.tile(number), Event.FORCE_FAIL)
    store.trips = 0

    propagate(world.services, world.tile(0).key)

    assert store.trips < 10 * length
    assert world.links() == {length - 1: (None, None)}
    assert invariants.links_to_failed(store) == []


def test_a_very_long_row_of_failures_is_cut_out() -> None:
    """Longer than calls can be nested."""
    length = 1_050
    world = World(*a_chain(length))
    for number in range(length - 1):
        world.operate(world.tile(number), Event.FORCE_FAIL)

    propagate(world.services, world.tile(0).key)

    assert world.links() == {length - 1: (None, None)}


def test_what_was_propagated_costs_little_to_propagate_again() -> None:
    """A redelivery finds nothing to do."""
    store = Counting()
    world = World(*a_chain(20), store=store)
    world.operate(world.tile(3), Event.FORCE_FAIL)
    world.settle()
    store.trips = 0

    propagate(world.services, world.tile(3).key)

    assert store.trips < 10
