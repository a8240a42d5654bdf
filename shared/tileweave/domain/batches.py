"""Many scenes at once: which belong together, and in which order they are added."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from tileweave.domain.components import components
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json

T = TypeVar("T")


class Linked(Protocol):
    """A scene, or what stands for one: its name, its date, and the other scenes that it names."""

    @property
    def source_id(self) -> str: ...  # noqa: D102 - what the class says

    @property
    def date(self) -> datetime: ...  # noqa: D102 - the same

    @property
    def named(self) -> Collection[str]: ...  # noqa: D102 - the same


LinkedT = TypeVar("LinkedT", bound=Linked)


def joined(one: NewScene, other: NewScene) -> NewScene | None:
    """Return two parts of a scene as one; None if they are not: they differ, or share a tile.

    A scene is in two parts where a page of a list of tiles ended within it.
    """
    names = {tile.source_id for tile in one.tiles} & {tile.source_id for tile in other.tiles}
    data = _joined_data(one.data, other.data)
    if data is None or names or not (one.tiles and other.tiles):
        return None
    if replace(one, tiles=(), data=data) != replace(other, tiles=(), data=data):
        return None
    return replace(one, tiles=one.tiles + other.tiles, data=data)


def _joined_data(one: Json, other: Json) -> Json | None:
    """Return the data of a scene in two parts, which name their own tiles each."""
    tiles = one.get("tiles"), other.get("tiles")
    if {**one, "tiles": None} != {**other, "tiles": None}:
        return None
    if not (isinstance(tiles[0], dict) and isinstance(tiles[1], dict)):
        return one if one == other else None
    return {**one, "tiles": {**tiles[0], **tiles[1]}}


def chains(scenes: Sequence[LinkedT]) -> list[list[LinkedT]]:
    """Return the scenes in groups that name no scene of another group, in their given order."""
    known = {scene.source_id: scene for scene in scenes}
    group_of = {name: [name] for name in known}
    for scene in scenes:
        for name in known.keys() & scene.named:
            _join(group_of, scene.source_id, name)
    groups: dict[int, list[LinkedT]] = {}
    for name, scene in known.items():
        groups.setdefault(id(group_of[name]), []).append(scene)
    return list(groups.values())


def in_units(chain: Sequence[LinkedT]) -> list[list[LinkedT]]:
    """Return the scenes in units that are added at once, each after those that it names.

    A unit is one scene, or all those that name each other both ways, directly or not. As far as
    that allows they are in the order of their dates.
    """
    known = {scene.source_id: scene for scene in sorted(chain, key=_by_date)}
    graph = {
        name: _earliest_first(known.keys() & scene.named, known) for name, scene in known.items()
    }
    return [[known[name] for name in group] for group in components(graph)]


def in_pieces(items: Sequence[T], weigh: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Return the items in pieces of up to `most` by their weights, at least one in each."""
    piece: list[T] = []
    total = 0
    for item in items:
        weight = weigh(item)
        if piece and total + weight > most:
            yield piece
            piece, total = [], 0
        piece.append(item)
        total += weight
    if piece:
        yield piece


def _by_date(scene: Linked) -> tuple[datetime, str]:
    return scene.date, scene.source_id


def _earliest_first(names: set[str], known: Mapping[str, Linked]) -> list[str]:
    return sorted(names, key=lambda name: _by_date(known[name]))


def _join(group_of: dict[str, list[str]], one: str, other: str) -> None:
    mine, theirs = group_of[one], group_of[other]
    if mine is theirs:
        return
    small, large = sorted((mine, theirs), key=len)
    large.extend(small)
    for name in small:
        group_of[name] = large
