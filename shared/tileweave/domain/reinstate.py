"""Put a tile that is no longer FAILED back where it was cut out of its chain.

What has started without it stays as it is: only tiles that are still NEW are linked to it again.
"""

from __future__ import annotations

from dataclasses import replace

from tileweave.domain.draft import Draft
from tileweave.domain.model import Link, Tile
from tileweave.domain.readiness import links_of, tile_keys
from tileweave.domain.relink import dependants_of, live_previous, live_reference, relinked
from tileweave.domain.status import Status

MOST_ABOVE = 2_000
"""Tiles that are looked at to keep links from making a cycle."""


def put_back(draft: Draft, tile: Tile, before: Tile) -> Tile:
    """Relink `tile`, FAILED until now (`before`), and its dependants that have not started.

    Its kept links are followed to tiles that are not FAILED; a NEW dependant that got this
    tile's previous, reference or heir in its place gets this tile again, unless this tile
    depends on it by now.
    """
    draft.put(replace(tile, previous=None, reference=None, cut=False, heir=None))
    previous = live_previous(draft, before.previous)
    reference = live_reference(draft, before.reference)
    stand_in = reference or live_reference(draft, before.heir)
    back = relinked(draft, draft.tile(tile.id), previous, _other(reference, tile))
    dependants = draft.find_tiles(dependants_of(before))
    draft.need(tile_keys(dependants))
    joining = _not_above(draft, back, [each for each in dependants if each.status is Status.NEW])
    for each in joining:
        _join(draft, before, each, _id(previous), _id(stand_in))
    return _tidied(draft, back.id)


def _join(
    draft: Draft, before: Tile, dependant: Tile, previous_id: int | None, stand_in: int | None
) -> None:
    """Link a dependant to the tile that is back, where it still has what it got in its place."""
    link, heir = before.link, _id(before.heir)
    previous, reference = dependant.previous, dependant.reference
    if dependant.id in before.next and _id(previous) in (previous_id, before.id):
        previous = link
    instead = (stand_in, before.id, None) if dependant.id == heir else (stand_in, before.id)
    if dependant.id in before.referenced_by and _id(reference) in instead:
        reference = link
    relinked(draft, dependant, previous, reference)


def _not_above(draft: Draft, tile: Tile, candidates: list[Tile]) -> list[Tile]:
    """Return those of the candidates that the tile does not depend on, over whatever links.

    None of them if it depends on more than MOST_ABOVE tiles: then it stays without them.
    """
    above: set[int] = set()
    level = [tile]
    while candidates and level:
        ids = {link.tile_id for each in level for link in links_of(each)} - above
        above |= ids
        level = draft.find_tiles(sorted(ids))
        if len(above) > MOST_ABOVE:
            return []
    return [each for each in candidates if each.id not in above]


def _tidied(draft: Draft, tile_id: int) -> Tile:
    """Keep on the tile's lists only those that really name it, and still do at the commit.

    Whoever makes them name another one, or cuts them out, leaves the lists of a FAILED tile alone.
    """
    tile = draft.tile(tile_id)
    named = [each for each in draft.find_tiles(dependants_of(tile)) if not each.cut]
    after = replace(
        tile,
        next=tuple(each.id for each in named if _id(each.previous) == tile.id),
        referenced_by=tuple(each.id for each in named if _id(each.reference) == tile.id),
    )
    draft.put(after)
    for each in draft.find_tiles(dependants_of(after)):
        draft.guard(each)
    return after


def _other(link: Link | None, tile: Tile) -> Link | None:
    return None if _id(link) == tile.id else link


def _id(link: Link | None) -> int | None:
    return None if link is None else link.tile_id
