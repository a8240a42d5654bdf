"""Groups of nodes that lead to each other, against what following every path gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tileweave.domain.components import components

NODES = st.integers(0, 7)
GRAPHS = st.dictionaries(NODES, st.lists(NODES, max_size=3), max_size=8).map(
    lambda found: {node: [each for each in named if each in found] for node, named in found.items()}
)


def reached_from(graph: dict[int, list[int]], start: int) -> set[int]:
    """Return all nodes that a node leads to, itself included."""
    found, left = {start}, [start]
    while left:
        fresh = set(graph[left.pop()]) - found
        found |= fresh
        left += fresh
    return found


@given(GRAPHS)
def test_each_group_leads_to_itself_and_to_groups_before_it(graph: dict[int, list[int]]) -> None:
    """Two nodes are in one group if each leads to the other, and only then."""
    groups = components(graph)
    assert sorted(node for group in groups for node in group) == sorted(graph)
    reached = {node: reached_from(graph, node) for node in graph}
    before: set[int] = set()
    for group in groups:
        before |= set(group)
        for node in group:
            assert {each for each in reached[node] if node in reached[each]} == set(group)
            assert reached[node] <= before


def test_nodes_that_lead_nowhere_stay_in_order() -> None:
    """Each by itself."""
    assert components({3: [], 1: [], 2: []}) == [[3], [1], [2]]


def test_a_long_row_is_followed_to_its_end() -> None:
    """Deeper than Python calls functions."""
    row = {number: [number + 1] for number in range(10_000)} | {10_000: []}
    assert components(row) == [[number] for number in range(10_000, -1, -1)]
