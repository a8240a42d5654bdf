"""Automatic links: the tiles of one footprint as a chain, by date.

The first is the root and the reference of the others, each has the one before as previous. What the
rule made of tiles that still wait, it may change when others come between; what has started, or was
linked otherwise by whoever added it, stays as it is.

No circle can come of it. A *member* of a chain names only members before it (by date, then by
name), or ones without links; a tile that names anything else is linked to by nobody. Links by the
rule go to members before, or to a root that has none and keeps none. A tile without links that an
earlier one, not to be changed, names is *held*: it gets none either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from tileweave.domain.footprints import footprints
from tileweave.domain.ingestion import NewScene, NewTile, Placed, TileRef
from tileweave.domain.model import Link, Tile
from tileweave.domain.status import Status

Links = tuple[TileRef | None, TileRef | None]
"""Previous and reference."""

UNLINKED: Links = (None, None)


@dataclass(frozen=True, slots=True)
class Node:
    """A tile that is there or (without status) to come."""

    ref: TileRef
    date: datetime
    links: Links = UNLINKED
    status: Status | None = None

    @property
    def place(self) -> tuple[datetime, str, str]:
        """Where it stands in a chain."""
        return self.date, self.ref.scene_source_id, self.ref.source_id

    @property
    def is_to_come(self) -> bool:
        """Whether it is to be linked for the first time."""
        return self.status is None and self.links == UNLINKED


Chain = Sequence[Node]
"""Members, in their order."""


@dataclass(frozen=True, slots=True)
class Linking:
    """Links of tiles to come, new links of tiles that are there, and what is to be said of both."""

    links: dict[TileRef, Links] = field(default_factory=dict)
    moved: dict[TileRef, Links] = field(default_factory=dict)
    before_started: dict[TileRef, TileRef] = field(default_factory=dict)
    """Tiles to come, each with the one after it that keeps its previous."""
    before_root: dict[TileRef, TileRef] = field(default_factory=dict)
    """Tiles to come that are earlier than a root that has started."""


def linking(there: Iterable[Tile], to_come: Iterable[Placed]) -> Linking:
    """Return how tiles are linked that come without links, and which others are linked anew.

    `there`: all tiles of their footprints; FAILED ones tell which footprints are one, no more.
    """
    every, new = list(there), [_to_come(*each) for each in to_come]
    ids = [each.source_id for each in every]
    now = footprints([*ids, *(each.ref.source_id for each in new)])
    before = footprints(ids)
    old = [_there(each) for each in every if each.status is not Status.FAILED]
    wanted = {now[each.ref.source_id] for each in new if each.is_to_come}
    found = Linking()
    movable = {each for chain in _by(before, old) for each in _made_by_the_rule(chain)}
    for nodes in _by(now, [*old, *new]):
        if now[nodes[0].ref.source_id] in wanted:
            _link(nodes, movable, found)
    return found


def with_links(new: NewScene, links: Mapping[TileRef, Links]) -> NewScene:
    """Return a scene whose tiles have the links that were found for them."""
    tiles = []
    for tile in new.tiles:
        previous, reference = links.get(TileRef(tile.source_id, new.source_id), (None, None))
        moved = replace(tile, previous=previous, reference=reference)
        tiles.append(moved if previous or reference else tile)
    return replace(new, tiles=tuple(tiles))


def _to_come(new: NewScene, tile: NewTile) -> Node:
    ref = TileRef(tile.source_id, new.source_id)
    return Node(ref, new.date, (tile.previous, tile.reference))


def _there(tile: Tile) -> Node:
    links = (_named(tile.previous), _named(tile.reference))
    return Node(TileRef(tile.source_id, tile.scene_source_id), tile.date, links, tile.status)


def _named(link: Link | None) -> TileRef | None:
    return None if link is None else TileRef(link.source_id, link.scene_source_id)


def _by(names: Mapping[str, str], nodes: Iterable[Node]) -> list[list[Node]]:
    """Return the nodes by footprint, each in the order of its chain."""
    found: dict[str, list[Node]] = {}
    for node in sorted(nodes, key=lambda each: each.place):
        found.setdefault(names[node.ref.source_id], []).append(node)
    return list(found.values())


def _members(nodes: Iterable[Node]) -> Chain:
    """Return those that can be linked to: they name none but members before, or without links."""
    nodes = list(nodes)
    known = {each.ref for each in nodes if each.links == UNLINKED}
    found = []
    for node in nodes:
        if all(link is None or link in known for link in node.links):
            found.append(node)
            known.add(node.ref)
    return found


def _made_by_the_rule(nodes: Iterable[Node]) -> Iterable[TileRef]:
    """Return the tiles that wait, linked as the rule would."""
    chain = _members(nodes)
    waiting = {each.ref: each.links for each in chain if each.status is Status.NEW}
    ruled = _ruled(chain, waiting)
    return [ref for ref, links in waiting.items() if ruled.get(ref, UNLINKED) == links]


def _ruled(chain: Chain, movable: Collection[TileRef]) -> dict[TileRef, Links]:
    """Return the links that the rule gives those that can be changed."""
    if not chain:
        return {}
    kept = _kept(chain, movable)
    root = _root(chain, kept)
    before: TileRef | None = None
    ruled = {}
    for node in chain:
        if node.ref not in kept:
            ruled[node.ref] = UNLINKED if node.ref == root else (before, root)
        before = node.ref
    return ruled


def _kept(chain: Chain, movable: Collection[TileRef]) -> set[TileRef]:
    """Return those whose links stay, the held ones included."""
    kept: set[TileRef] = set()
    later = {each.ref for each in chain}
    for node in chain:
        later.discard(node.ref)
        if node.ref not in movable:
            kept.add(node.ref)
            kept.update(link for link in node.links if link in later)
    return kept


def _root(chain: Chain, kept: Collection[TileRef]) -> TileRef:
    """Return the root: that of the earliest tile that is there, if it must stay, or the first."""
    for node in chain:
        if node.status is not None:
            root = node.ref if node.links == UNLINKED else node.links[1]
            return root if root in kept and root is not None else chain[0].ref
    return chain[0].ref


def _link(nodes: Iterable[Node], movable: Collection[TileRef], found: Linking) -> None:
    """Link the tiles of a footprint, and add it to what was found."""
    chain = _members(nodes)
    to_come = {each.ref for each in chain if each.is_to_come}
    ruled = _ruled(chain, {*movable, *to_come})
    to_come &= ruled.keys()
    by_ref = {each.ref: each for each in chain}
    for ref, links in ruled.items():
        if ref in to_come:
            found.links[ref] = links
        elif links != by_ref[ref].links and not _are_done(links, by_ref):
            found.moved[ref] = links
    _note(chain, to_come, ruled, found)


def _are_done(links: Links, nodes: Mapping[TileRef, Node]) -> bool:
    """Whether all of them are DONE: who waited for another would be ready, and nobody told."""
    return all(nodes[each].status is Status.DONE for each in links if each)


def _note(
    chain: Chain, to_come: Collection[TileRef], ruled: Collection[TileRef], found: Linking
) -> None:
    """Note what is not as it would be if nothing had started."""
    root = next((found.links[each][1] for each in to_come if found.links[each][1]), None)
    before_root = root is not None and root not in ruled
    for node, after in pairwise(chain):
        before_root = before_root and node.ref != root
        if node.ref in to_come and before_root and root is not None:
            found.before_root[node.ref] = root
        elif node.ref in to_come and after.ref not in (found.moved.keys() | to_come):
            found.before_started[node.ref] = after.ref
