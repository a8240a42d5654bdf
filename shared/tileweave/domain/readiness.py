"""Which tiles may be handed out: scene DONE, and previous and reference each absent or DONE."""

from __future__ import annotations

from collections.abc import Iterable

from tileweave.domain.draft import Draft
from tileweave.domain.lifecycle import advanced
from tileweave.domain.model import Cause, Document, Key, Link, Tile
from tileweave.domain.status import Event, Status

PROPAGATION = Cause(actor="propagation")


def links_of(tile: Tile) -> tuple[Link, ...]:
    """Return the tile's previous and reference, those that it has."""
    return tuple(link for link in (tile.previous, tile.reference) if link is not None)


def waits_for(draft: Draft, tile: Tile) -> tuple[str, ...]:
    """Return what the tile still waits for, in words; empty when it may be handed out."""
    scene = draft.find_scene(tile.scene_id)
    waits = [] if scene and scene.status is Status.DONE else [_says("scene", tile.scene_id, scene)]
    for name, link in (("previous", tile.previous), ("reference", tile.reference)):
        other = draft.linked(link)
        if link and (other is None or other.status is not Status.DONE):
            waits.append(_says(name, link.tile_id, other))
    return tuple(waits)


def dependencies_of(draft: Draft, tile: Tile) -> list[Document]:
    """Return the tile's scene, previous and reference, those that there are."""
    linked = [draft.linked(link) for link in links_of(tile)]
    return [each for each in (draft.find_scene(tile.scene_id), *linked) if each is not None]


def hand_out_ready(draft: Draft, tile_ids: Iterable[int], by: Cause = PROPAGATION) -> list[Tile]:
    """Hand out those of the tiles that are NEW and ready; return them as they are then."""
    waiting = [tile for tile in draft.find_tiles(tile_ids) if tile.status is Status.NEW]
    draft.need(Key("tile", tile.previous.tile_id) for tile in waiting if tile.previous)
    unblocked = [tile for tile in waiting if _previous_done(draft, tile)]
    draft.need(context_of(unblocked))
    ready = [tile for tile in unblocked if not waits_for(draft, tile)]
    return [_handed_out(draft, tile, by) for tile in ready]


def context_of(tiles: Iterable[Tile]) -> set[Key]:
    """Return all that must be read to decide on these tiles and to write their jobs."""
    tiles = list(tiles)
    links = [link for tile in tiles for link in links_of(tile)]
    scene_ids = {tile.scene_id for tile in tiles} | {link.scene_id for link in links}
    return {Key("scene", each) for each in scene_ids} | tile_keys(tiles)


def tile_keys(tiles: Iterable[Tile]) -> set[Key]:
    """Return the previous and reference tiles of all of these."""
    return {Key("tile", link.tile_id) for tile in tiles for link in links_of(tile)}


def _previous_done(draft: Draft, tile: Tile) -> bool:
    """Whether the tile waits for its previous no more: what most tiles wait for longest."""
    previous = draft.linked(tile.previous)
    return tile.previous is None or (previous is not None and previous.status is Status.DONE)


def _handed_out(draft: Draft, tile: Tile, by: Cause) -> Tile:
    policy = draft.policy(tile.aoi)
    pending = advanced(tile, Event.DEPENDENCIES_DONE, by, draft.now, policy)
    if pending is None:
        return tile
    draft.put(pending)
    return pending


def _says(name: str, id_: int, found: object) -> str:
    status = getattr(found, "status", None)
    return f"{name} {id_} is {status}" if status else f"{name} {id_} does not exist"
