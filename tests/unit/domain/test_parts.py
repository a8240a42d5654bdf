"""Parts of what is too much at once."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tileweave.domain.parts import Item, closed_parts

GRAPHS = st.integers(0, 30).flatmap(
    lambda size: st.lists(
        st.sets(st.integers(0, size + 3), max_size=3), min_size=size, max_size=size
    )
)


@given(graph=GRAPHS, most=st.integers(1, 10))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_no_part_needs_a_later_one(graph: list[set[int]], most: int) -> None:
    """Each item is in one part, in which, or after which, is what it needs, as far as it comes."""
    items = [
        Item(number, str(number), {str(each) for each in needs}, 1)
        for number, needs in enumerate(graph)
    ]

    parts = list(closed_parts(items, most))

    assert sorted(each for part in parts for each in part) == list(range(len(graph)))
    done: set[int] = set()
    for part in parts:
        done |= set(part)
        assert all(graph[each] & set(range(len(graph))) <= done for each in part)


def test_parts_are_as_large_as_they_may_be() -> None:
    """Unless what is in them needs each other."""
    items = [
        Item(number, str(number), {str(number - 1)} if number else (), 1) for number in range(7)
    ]
    assert list(closed_parts(items, 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    circle = [Item(number, str(number), {str((number + 1) % 5)}, 1) for number in range(5)]
    assert [len(part) for part in closed_parts(circle, 2)] == [5]


def test_parts_come_before_all_has_come() -> None:
    """What needs a later one is held back, and nothing else."""
    taken: list[int] = []

    def coming() -> Iterator[Item[int]]:
        for number in range(100):
            taken.append(number)
            yield Item(number, str(number), {"99"} if number == 1 else (), 1)

    parts = closed_parts(coming(), 10)
    assert next(parts) == [0, *range(2, 10)]
    assert len(taken) == 10
    assert {1, 99} <= set(list(parts)[-1])
