"""Which nodes of a graph lead to each other, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


def components(graph: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """Return the nodes in groups of those that lead to each other, after those they lead to.

    Groups are in the order of the graph's keys as far as that allows. `graph` names for each node
    those that it leads to, all of them among its keys. In linear time: the algorithm of Kosaraju
    (Sharir, Computers & Mathematics with Applications 7, 1981).
    """
    seen: set[T] = set()
    last_first = [each for node in graph for each in _reached(graph, node, seen)][::-1]
    back = _reversed(graph)
    seen = set()
    groups = [list(_reached(back, node, seen)) for node in last_first]
    return [group for group in groups if group][::-1]


def _reached(graph: Mapping[T, Iterable[T]], start: T, seen: set[T]) -> Iterator[T]:
    """Return what `start` leads to and was not seen yet, each after what it leads to itself."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(graph[start]))]
    while path:
        node, onward = path[-1]
        fresh = next((each for each in onward if each not in seen), None)
        if fresh is None:
            path.pop()
            yield node
        else:
            seen.add(fresh)
            path.append((fresh, iter(graph[fresh])))


def _reversed(graph: Mapping[T, Iterable[T]]) -> dict[T, list[T]]:
    back: dict[T, list[T]] = {node: [] for node in graph}
    for node, named in graph.items():
        for each in named:
            back[each].append(node)
    return back
