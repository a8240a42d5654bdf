"""Put a tile that is no longer FAILED back where it was cut out of its chain.

What has started without it stays as it is: only tiles that are still NEW are linked to it again.
"""

from __future__ import annotations

from dataclasses import replace

from tileweave.domain.draft import Draft
from tileweave.domain.model import Link, Tile
from tileweave.domain.readiness import tile_keys
from tileweave.domain.relink import dependants_of, live_previous, live_reference, relinked
from tileweave.domain.status import Status


def put_back(draft: Draft, tile: Tile, before: Tile) -> Tile:
    """Relink `tile`, FAILED until now (`before`), and its dependants that have not started.

    Its kept links are followed to tiles that are not FAILED; a NEW dependant that got this
    tile's previous, reference or heir in its place gets this tile again.
    """
    previous = live_previous(draft, before.previous)
    reference = live_reference(draft, before.reference)
    stand_ins = {_id(previous), _id(reference), _id(before.heir)}
    draft.put(replace(tile, previous=None, reference=None, cut=False, heir=None))
    back = relinked(draft, draft.tile(tile.id), previous, reference)
    dependants = draft.find_tiles(dependants_of(before))
    draft.need(tile_keys(dependants))
    for dependant in dependants:
        _join(draft, back, dependant, before, stand_ins)
    return _tidied(draft, back.id)


def _join(
    draft: Draft, back: Tile, dependant: Tile, before: Tile, stand_ins: set[int | None]
) -> None:
    current = draft.tile(dependant.id)
    if current.status is not Status.NEW:
        return
    was_heir = before.heir is not None and before.heir.tile_id == current.id
    link = draft.tile(back.id).link
    previous, reference = current.previous, current.reference
    if current.id in before.next and _id(previous) in stand_ins:
        previous = link
    if was_heir or (current.id in before.referenced_by and _id(reference) in stand_ins):
        reference = link
    relinked(draft, current, previous, reference)


def _tidied(draft: Draft, tile_id: int) -> Tile:
    """Keep on the tile's lists only those that really name it."""
    tile = draft.tile(tile_id)
    named = draft.find_tiles(dependants_of(tile))
    after = replace(
        tile,
        next=tuple(each.id for each in named if _id(each.previous) == tile.id),
        referenced_by=tuple(each.id for each in named if _id(each.reference) == tile.id),
    )
    draft.put(after)
    return after


def _id(link: Link | None) -> int | None:
    return None if link is None else link.tile_id
