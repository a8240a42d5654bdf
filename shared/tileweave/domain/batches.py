"""Many scenes at once: which belong together, and in which order they are added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json


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


def chains(scenes: Sequence[NewScene]) -> list[list[NewScene]]:
    """Return the scenes in groups that name no scene of another group, in their given order."""
    known = {scene.source_id: scene for scene in scenes}
    group_of = {name: [name] for name in known}
    for scene in scenes:
        for name in named_by(scene) & known.keys():
            _join(group_of, scene.source_id, name)
    groups: dict[int, list[NewScene]] = {}
    for name, scene in known.items():
        groups.setdefault(id(group_of[name]), []).append(scene)
    return list(groups.values())


def in_order(chain: Sequence[NewScene]) -> list[NewScene] | None:
    """Return the scenes so that each comes after those that it names; None if that cannot be."""
    known = {scene.source_id: scene for scene in chain}
    graph = {name: sorted(named_by(scene) & known.keys()) for name, scene in known.items()}
    try:
        return [known[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError:
        return None


def named_by(scene: NewScene) -> set[str]:
    """Return the source ids of the other scenes that this one's tiles name."""
    refs = (ref for tile in scene.tiles for ref in (tile.previous, tile.reference) if ref)
    return {ref.scene_source_id for ref in refs} - {scene.source_id}


def in_pieces(
    chain: Sequence[NewScene], sizes: Mapping[str, int], most: int
) -> Iterator[list[NewScene]]:
    """Return the scenes in pieces of up to `most` by their sizes, at least one in each."""
    piece: list[NewScene] = []
    size = 0
    for scene in chain:
        if piece and size + sizes[scene.source_id] > most:
            yield piece
            piece, size = [], 0
        piece.append(scene)
        size += sizes[scene.source_id]
    if piece:
        yield piece


def _join(group_of: dict[str, list[str]], one: str, other: str) -> None:
    mine, theirs = group_of[one], group_of[other]
    if mine is theirs:
        return
    small, large = sorted((mine, theirs), key=len)
    large.extend(small)
    for name in small:
        group_of[name] = large
