"""Cut FAILED tiles out of the graph, and put them back (SPEC section 2, relinking).

A link is only ever made together with its other end (`next`, `referenced_by` of the tile it
names), in one commit, and only to a tile that was read as not FAILED. So whoever fails that
tile at the same time either is refused and reads again, or finds the new dependant in its list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from tileweave.domain.draft import Draft
from tileweave.domain.model import Key, Link, Tile
from tileweave.domain.readiness import links_of, tile_keys
from tileweave.domain.status import Status


def dependants_of(tile: Tile) -> tuple[int, ...]:
    """Return the ids of all tiles that named this one, each once: some may have moved on."""
    return tuple(dict.fromkeys((*tile.next, *tile.referenced_by)))


def cut_out(draft: Draft, failed: Tile, dependants: Iterable[int]) -> list[int]:
    """Relink those of `dependants` that still name `failed`; return their ids."""
    draft.need(Key("tile", each) for each in dependants)
    draft.guard(failed)
    elect_heir(draft, failed)
    moved = [tile for tile in draft.find_tiles(dependants) if tile.status is not Status.FAILED]
    moved = [tile for tile in moved if _names(tile, failed)]
    draft.need(tile_keys(moved))
    for tile in moved:
        follow(draft, tile)
    return [tile.id for tile in moved]


def failed_dependants(draft: Draft, failed: Tile) -> list[Tile]:
    """Return the FAILED tiles that name this one and were not cut out themselves yet.

    They are to be cut out first: live tiles still name it through them.
    """
    found = draft.find_tiles(dependants_of(failed))
    waiting = [tile for tile in found if tile.status is Status.FAILED and not tile.cut]
    return [tile for tile in waiting if _names(tile, failed)]


def close_cut(draft: Draft, failed: Tile) -> None:
    """Mark a FAILED tile as cut, and take it off the lists of the live tiles it depended on."""
    elect_heir(draft, failed)
    current = draft.tile(failed.id)
    _detach(draft, current, None, None)
    draft.put(replace(current, cut=True))


def elect_heir(draft: Draft, failed: Tile) -> Link | None:
    """Return the tile that takes the place of a FAILED root, electing it if there is none yet.

    It is the dependant by `previous` with the earliest scene date, then the lowest id; a FAILED
    dependant stands for its own ones. The choice is kept in `heir`, so that it is made once. Others
    must not wait for a staged tile, which may never be seen: it is elected only where the failed
    one was cut out, so that no other is left.
    """
    current = draft.tile(failed.id)
    if current.heir is not None or not current.is_root:
        return current.heir
    found = _live_children(draft, current)
    children = [tile for tile in found if current.cut or not tile.staged]
    if not children:
        return None
    chosen = min(children, key=lambda tile: (tile.date, tile.id))
    draft.put(replace(current, heir=chosen.link))
    relinked(draft, chosen, None, None)
    return chosen.link


def relinked(draft: Draft, tile: Tile, previous: Link | None, reference: Link | None) -> Tile:
    """Give a tile these links, and the tiles at their other ends the knowledge of it."""
    _detach(draft, tile, previous, reference)
    after = replace(draft.tile(tile.id), previous=previous, reference=reference)
    draft.put(after)
    _attach(draft, after)
    return after


def put_linked(draft: Draft, tile: Tile) -> None:
    """Create a tile, and give the tiles that it names the knowledge of it."""
    draft.put(tile)
    _attach(draft, tile)


def relinked_late(draft: Draft, tiles: Mapping[int, tuple[Link | None, Link | None]]) -> None:
    """Give new tiles the links they would have by now, had they named these before any FAILED.

    They are linked to the FAILED ones, and cut out of there at once. So they are on their lists
    like any other dependant, are elected like any other, and come back if those are put back.
    """
    for tile_id, links in tiles.items():
        relinked(draft, draft.tile(tile_id), *links)
    _need_failed(draft, [link for links in tiles.values() for link in links if link])
    for tile_id in tiles:
        follow(draft, draft.tile(tile_id))


def follow(draft: Draft, tile: Tile) -> None:
    """Link a tile past the FAILED ones that it names."""
    previous = live_previous(draft, tile.previous)
    tile = draft.tile(tile.id)  # it may have become an heir on the way
    if tile.previous is None and tile.reference is None:
        return
    reference = live_reference(draft, tile.reference)
    if draft.tile(tile.id).is_root:
        return
    relinked(draft, tile, previous, reference if _is_other(reference, tile) else None)


def live_previous(draft: Draft, link: Link | None) -> Link | None:
    """Follow a `previous` link over FAILED tiles to one that is not, or to none."""

    def onward(failed: Tile) -> Link | None:
        elect_heir(draft, _topmost_failed(draft, failed))
        return failed.previous

    return _live(draft, link, onward)


def live_reference(draft: Draft, link: Link | None) -> Link | None:
    """Follow a `reference` link over FAILED tiles, and from a FAILED root to its heir."""
    return _live(draft, link, lambda failed: failed.reference or elect_heir(draft, failed))


def _live(draft: Draft, link: Link | None, onward: Callable[[Tile], Link | None]) -> Link | None:
    """Follow links from FAILED tiles `onward`; each must still be FAILED at the commit."""
    seen: set[int] = set()
    while link is not None and link.tile_id not in seen:
        seen.add(link.tile_id)
        tile = draft.linked(link)
        if tile is None:
            return None
        if tile.status is not Status.FAILED:
            return link
        draft.guard(tile)
        link = onward(tile)
    return None


def _need_failed(draft: Draft, links: Iterable[Link]) -> None:
    """Read what the links may be followed to, a round trip or two for each row of FAILED tiles."""
    seen: set[int] = set()
    ids = {link.tile_id for link in links}
    while ids:
        seen |= ids
        failed = [each for each in draft.find_tiles(sorted(ids)) if each.status is Status.FAILED]
        heirless = [tile for tile in failed if tile.is_root and tile.heir is None]
        draft.need(Key("tile", each) for tile in heirless for each in tile.next)
        onward = (link for tile in failed for link in (*links_of(tile), tile.heir) if link)
        ids = {link.tile_id for link in onward} - seen


def _topmost_failed(draft: Draft, tile: Tile) -> Tile:
    seen = {tile.id}
    while (previous := draft.linked(tile.previous)) and previous.status is Status.FAILED:
        if previous.id in seen:
            break
        seen.add(previous.id)
        tile = previous
    return tile


def _live_children(draft: Draft, tile: Tile) -> Iterator[Tile]:
    """Return the live tiles that name this one as previous, or a FAILED one that does, and so on.

    A level at a time: a long row of FAILED tiles is read in as many round trips.
    """
    seen = {tile.id}
    parents = [tile]
    while parents:
        ids = {parent.id for parent in parents}
        found = draft.find_tiles(each for parent in parents for each in parent.next)
        children = [each for each in found if each.previous and each.previous.tile_id in ids]
        fresh = [child for child in children if child.id not in seen]
        seen.update(child.id for child in fresh)
        yield from (child for child in fresh if child.status is not Status.FAILED)
        parents = [child for child in fresh if child.status is Status.FAILED]


def _detach(draft: Draft, tile: Tile, previous: Link | None, reference: Link | None) -> None:
    """Take a tile off the lists of live tiles that it no longer names.

    They are guarded though: a list that was read before the link was made, or whose tile was put
    back since, needs no change by what was read.
    """
    if tile.previous != previous and (other := draft.linked(tile.previous)) is not None:
        draft.guard(other)
        if other.status is not Status.FAILED:
            draft.put(replace(other, next=_without(other.next, tile.id)))
    if tile.reference != reference and (other := draft.linked(tile.reference)) is not None:
        draft.guard(other)
        if other.status is not Status.FAILED:
            draft.put(replace(other, referenced_by=_without(other.referenced_by, tile.id)))


def _attach(draft: Draft, tile: Tile) -> None:
    """Put a tile on the lists of the tiles that it names."""
    if (previous := draft.linked(tile.previous)) is not None:
        draft.put(replace(previous, next=_with(previous.next, tile.id)))
    if (reference := draft.linked(tile.reference)) is not None:
        draft.put(replace(reference, referenced_by=_with(reference.referenced_by, tile.id)))


def _names(tile: Tile, other: Tile) -> bool:
    return any(link and link.tile_id == other.id for link in (tile.previous, tile.reference))


def _is_other(link: Link | None, tile: Tile) -> bool:
    return link is not None and link.tile_id != tile.id


def _with(ids: tuple[int, ...], new: int) -> tuple[int, ...]:
    return ids if new in ids else (*ids, new)


def _without(ids: tuple[int, ...], gone: int) -> tuple[int, ...]:
    return tuple(each for each in ids if each != gone)
