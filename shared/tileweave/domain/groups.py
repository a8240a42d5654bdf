"""Which scenes are of one chain, before their tiles are linked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tileweave.domain.acquisitions import product_name
from tileweave.domain.components import components
from tileweave.domain.footprints import footprints
from tileweave.domain.ingestion import NewScene

Refused = Mapping[str, Collection[str]]
"""Scenes that were refused before, with the source ids of their tiles."""

_Mark = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Scenes that belong together, and the names of refused ones that belong to them."""

    scenes: Sequence[NewScene]
    refused: Sequence[str]


def groups(scenes: Sequence[NewScene], there: Iterable[str], refused: Refused) -> list[Group]:
    """Return the scenes in groups, in their given order.

    Those of two groups share no footprint and no acquisition, and name each other not. `there`:
    source ids of tiles that are there, by which two footprints may be one.
    """
    tiles = {new.source_id: [tile.source_id for tile in new.tiles] for new in scenes}
    every = [*there, *(each for ids in (*tiles.values(), *refused.values()) for each in ids)]
    of = footprints(every)
    graph: dict[_Mark, list[_Mark]] = {}
    for new in scenes:
        marks = [("scene", name) for name in new.named]
        marks += [("acquisition", product_name(new.source_id))]
        marks += [("footprint", of[each]) for each in tiles[new.source_id]]
        _mark(graph, ("scene", new.source_id), marks)
    for name, ids in refused.items():
        _mark(graph, ("refused", name), [("footprint", of[each]) for each in ids])
    place = {new.source_id: number for number, new in enumerate(scenes)}
    found = [_group(each, scenes, place) for each in components(graph)]
    known = [each for each in found if each.scenes]
    return sorted(known, key=lambda each: place[each.scenes[0].source_id])


def _mark(graph: dict[_Mark, list[_Mark]], one: _Mark, marks: Iterable[_Mark]) -> None:
    """Note that what has these marks belongs together."""
    mine = graph.setdefault(one, [])
    for each in marks:
        mine.append(each)
        graph.setdefault(each, []).append(one)


def _group(marks: Iterable[_Mark], scenes: Sequence[NewScene], place: Mapping[str, int]) -> Group:
    named = [(kind, name) for kind, name in marks if kind in ("scene", "refused")]
    places = sorted(place[name] for kind, name in named if kind == "scene" and name in place)
    refused = sorted(name for kind, name in named if kind == "refused")
    return Group([scenes[each] for each in places], refused)
