"""Parts of what is too much at once, none of which needs what comes in a later one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tileweave.domain.batches import in_pieces
from tileweave.domain.components import components

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One of many: its name, the names of others that it needs, and how much it weighs."""

    value: T
    name: str
    needs: Collection[str]
    weight: int


def closed_parts(items: Iterable[Item[T]], most: int) -> Iterator[list[T]]:
    """Return the items in parts of about `most` by weight; each comes with or after what it needs.

    What needs an item that is still to come is held back until then; to the end, if it never comes.
    """
    held: dict[str, Item[T]] = {}
    done: set[str] = set()
    weight, enough = 0, most
    for item in items:
        held[item.name] = item
        weight += item.weight
        if weight < enough:
            continue
        closed = _closed(held, done)
        yield from _pieces(closed, most)
        done.update(each.name for each in closed)
        held = {name: each for name, each in held.items() if name not in done}
        weight = sum(each.weight for each in held.values())
        enough = max(most, 2 * weight)  # not looked at again for each item that comes
    yield from _pieces(list(held.values()), most)


def _closed(held: dict[str, Item[T]], done: set[str]) -> list[Item[T]]:
    """Return what needs nothing that is still to come, directly or not."""
    needed_by: dict[str, list[str]] = {}
    for item in held.values():
        for name in item.needs:
            needed_by.setdefault(name, []).append(item.name)
    waiting = [name for name in needed_by if name not in held and name not in done]
    blocked = set(waiting)
    for name in waiting:  # it grows on the way
        fresh = [each for each in needed_by.get(name, ()) if each not in blocked]
        blocked.update(fresh)
        waiting += fresh
    return [item for item in held.values() if item.name not in blocked]


def _pieces(items: list[Item[T]], most: int) -> Iterator[list[T]]:
    """Return items in pieces, those that need each other in the same one."""
    known = {item.name: item for item in items}
    graph = {item.name: [each for each in item.needs if each in known] for item in items}
    groups = [[known[name] for name in group] for group in components(graph)]
    for piece in in_pieces(groups, lambda group: sum(each.weight for each in group), most):
        yield [item.value for group in piece for item in group]
