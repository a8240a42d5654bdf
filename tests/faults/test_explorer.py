"""The explorer of schedules itself: it finds what can go wrong, and misses no order."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from math import comb
from typing import cast

import pytest

from tests.faults.schedules import Actor, Ask, Endless, Explored, Question, explore


@dataclass(frozen=True)
class Numbers:
    """A world of named numbers that are read and written; what is asked is kept."""

    named: dict[str, int] = field(default_factory=dict)

    def copied(self) -> Numbers:
        return replace(self, named=dict(self.named))

    def reply(self, question: Question) -> object:
        name, *value = question.arguments
        if value:
            self.named[str(name)] = cast("int", value[0])
        return self.named.get(str(name), 0)

    def essence(self) -> Hashable:
        return frozenset(self.named.items())

    def known_by(self, answer: object) -> Hashable:
        return str(answer)


def ask_for(ask: Ask, name: str, *value: int, free: bool = False) -> int:
    """Read a number, or write it."""
    question = Question("numbers", name, (name, *value), f"{name} {value}", free=free)
    return cast("int", ask(question))


def adding(name: str = "sum") -> Actor:
    """Add one, in two steps between which others may come."""
    return lambda ask: ask_for(ask, name, ask_for(ask, name) + 1)


def walking(name: str, steps: int) -> Actor:
    """Take steps that nobody else sees."""

    def walk(ask: Ask) -> None:
        for each in range(steps):
            ask_for(ask, name, each)

    return walk


def test_a_lost_update_is_found() -> None:
    """Of two who read before either writes, one is lost; the schedule is told."""
    explored = explore(Numbers(), {"a": adding(), "b": adding()})

    assert sorted(each.world.named["sum"] for each in explored.outcomes) == [1, 2, 2]
    lost = next(each for each in explored.outcomes if each.world.named["sum"] == 1)
    assert str(lost).split("\n")[:2] == ["  a: sum ()", "  b: sum ()"]


@pytest.mark.parametrize(("one", "other"), [(1, 1), (3, 2), (7, 7), (30, 40)])
def test_every_order_of_two_actors_is_counted(one: int, other: int) -> None:
    """As many as there are ways to shuffle their steps; each state is gone through once."""
    explored = explore(Numbers(), {"a": walking("a", one), "b": walking("b", other)})

    assert explored.schedules == comb(one + other, one)
    assert explored.states == (one + 1) * (other + 1)
    assert len(explored.outcomes) == 1


def test_every_order_of_three_actors_is_counted() -> None:
    explored = explore(Numbers(), {each: walking(each, 4) for each in "abc"})

    assert explored.schedules == comb(12, 4) * comb(8, 4)


def test_what_is_the_same_as_a_search_without_memory() -> None:
    """Three who add to the same number: the sums of all orders, one by one, are the outcomes."""
    actors = {each: adding() for each in "abc"}

    explored = explore(Numbers(), actors)

    sums = [_sum_after(order) for order in _orders("aabbcc")]
    assert explored.schedules == len(sums)
    assert {each.world.named["sum"] for each in explored.outcomes} == set(sums)


def _orders(left: str) -> list[str]:
    """Return all different orders of these letters."""
    if not left:
        return [""]
    return [
        each + rest for each in sorted(set(left)) for rest in _orders(left.replace(each, "", 1))
    ]


def _sum_after(order: str) -> int:
    """Let each add in two steps, in this order."""
    total = 0
    read: dict[str, int] = {}
    for each in order:
        if each in read:
            total = read[each] + 1
        else:
            read[each] = total
    return total


def test_every_world_on_the_way_is_looked_at_once() -> None:
    """With the steps that lead there."""
    seen: list[tuple[dict[str, int], Sequence[str]]] = []

    explore(
        Numbers(), {"a": walking("x", 2)}, lambda now, steps: seen.append((now.named, [*steps]))
    )

    assert seen == [
        ({}, []),
        ({"x": 0}, ["  a: x (0,)"]),
        ({"x": 1}, ["  a: x (0,)", "  a: x (1,)"]),
    ]


def test_what_is_free_is_no_step() -> None:
    """It is answered at once, before anybody else has a turn."""

    def act(ask: Ask) -> int:
        ask_for(ask, "x", 1, free=True)
        ask_for(ask, "y", 1)
        return ask_for(ask, "x", free=True)

    explored = explore(Numbers(), {"a": act, "b": act})

    assert explored.schedules == 2
    assert [each.value for each in explored.outcomes[0].ends.values()] == [1, 1]


def test_how_an_actor_ends_is_kept() -> None:
    """With an error, if it has one."""

    def fail(ask: Ask) -> None:
        ask_for(ask, "x")
        raise ValueError("enough")

    [outcome] = explore(Numbers(), {"a": fail}).outcomes

    assert repr(outcome.ends["a"].error) == "ValueError('enough')"


def test_an_endless_schedule_fails() -> None:
    """Its last steps are told."""

    def wait(ask: Ask) -> None:
        number = 0
        while True:
            number = ask_for(ask, "x", number + 1)

    with pytest.raises(Endless, match=r"a: x \(150,\)"):
        explore(Numbers(), {"a": wait})


def test_an_actor_that_does_not_do_the_same_again_fails() -> None:
    """A schedule that could not be repeated would prove nothing."""
    drawn = iter(range(100))

    def draw(ask: Ask) -> None:
        ask_for(ask, "x", next(drawn))
        ask_for(ask, "y", 1)

    [outcome] = _explored({"a": draw}).outcomes

    assert isinstance(outcome.ends["a"].error, RuntimeError)


def _explored(actors: dict[str, Callable[[Ask], object]]) -> Explored[Numbers]:
    return explore(Numbers(), actors)
