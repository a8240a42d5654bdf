"""Put scenes and tiles of a snapshot back, with the states that they were in.

A job that was handed out has workers who know it by another id, so it is handed out again, as a new
attempt. What a snapshot read at different moments does not agree on is mended like anything else
that changed meanwhile: a link to a FAILED tile is followed to one that is not, a tile waits for
what is not DONE (any more), and one that waits for nothing is handed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from tileweave.domain.draft import Draft
from tileweave.domain.ingestion import (
    Names,
    NewScene,
    NewTile,
    Placed,
    TileRef,
    circle_of,
    refs_of,
)
from tileweave.domain.lifecycle import remembered
from tileweave.domain.model import Change, Key, Link, Scene, Tile
from tileweave.domain.outbox import Kind, token
from tileweave.domain.readiness import hand_out_ready, links_of, tile_keys
from tileweave.domain.relink import put_linked, relinked, relinked_late
from tileweave.domain.snapshot import Kept, State, TileState
from tileweave.domain.status import Status


def put_tiles(draft: Draft, names: Names, tiles: Sequence[Placed], *, staged: bool = False) -> None:
    """Create tiles in their states, linked at both ends; a PENDING one waits as NEW for now.

    Those that a broken request left staged become like these.
    """
    draft.need(_keys(names, tiles))
    for new, tile in tiles:
        made = _tile(draft, names, new, tile, staged=staged)
        found = draft.find_tile(made.id)
        if found is not None and not found.staged:
            continue
        if found is not None:
            bare = relinked(draft, found, None, None)
            made = replace(
                made,
                next=_both(bare.next, made.next),
                referenced_by=_both(bare.referenced_by, made.referenced_by),
            )
        if made.cut:
            draft.put(made)
        else:
            put_linked(draft, made)


def put_scenes(
    draft: Draft, names: Names, scenes: Sequence[NewScene], *, at_once: bool = True
) -> None:
    """Create scenes in their states, have their tiles seen, and hand out what is ready.

    `at_once`: with this commit; otherwise by the updates of the scenes, a piece after the other.
    """
    ids = [names.tile(ref) for new in scenes for ref in refs_of(new)]
    for tile in draft.find_tiles(ids):
        draft.put(_seen(tile, draft.now))
    for new in scenes:
        draft.put(_scene(draft, names, new, at_once=at_once))
    tiles = draft.find_tiles(ids)
    _mend(draft, tiles)
    if at_once:
        hand_out_ready(draft, [tile.id for tile in tiles if not waits_for_a_person(tile)])


def foresee(draft: Draft, names: Names, scenes: Iterable[NewScene]) -> None:
    """Put scenes and their tiles there, without links: as others that name them are checked."""
    for new in scenes:
        for tile in new.tiles:
            found = draft.find_tile(names.tile(TileRef(tile.source_id, new.source_id)))
            if found is None or found.staged:
                bare = replace(tile, previous=None, reference=None)
                draft.put(_tile(draft, names, new, bare))
        draft.put(_scene(draft, names, new, at_once=True))


def without_circles(scenes: Sequence[NewScene]) -> list[NewScene]:
    """Return scenes whose tiles do not wait for each other in a circle.

    Links that were read at different moments may make one, where a FAILED tile was put back in
    between. Then the earliest of its tiles waits for the others no more.
    """
    by_name = {scene.source_id: scene for scene in scenes}
    while circle := circle_of(by_name.values()):
        place = min(range(len(circle)), key=lambda each: _by_date(by_name, circle[each]))
        first, named = circle[place], circle[(place + 1) % len(circle)]
        scene = by_name[first.scene_source_id]
        by_name[scene.source_id] = _without_link(scene, first.source_id, named)
    return list(by_name.values())


def is_there(draft: Draft, names: Names, new: NewScene) -> bool:
    """Whether a scene that is there has what the snapshot says, its tiles and states included."""
    scene = draft.scene(names.scene(new.source_id))
    tiles = draft.find_tiles(map(names.tile, refs_of(new)))
    if len(tiles) < len(new.tiles) or set(scene.tile_ids) != {tile.id for tile in tiles}:
        return False
    same = map(partial(_same_tile, names), tiles, new.tiles)
    return _same_scene(scene, new) and all(same)


def waits_for_a_person(tile: Tile) -> bool:
    """Whether a person made the tile NEW, and nobody handed it out since.

    That it was restored as NEW is no change of that.
    """
    changes = (each for each in reversed(tile.history) if not _is_restored_new(each))
    last = next(changes, None)
    forced = last is not None and last.before is not None and last.cause.is_a_person
    return tile.status is Status.NEW and forced


def _is_restored_new(change: Change) -> bool:
    return change.before is change.after is Status.NEW and not change.cause.is_a_person


def _keys(names: Names, tiles: Iterable[Placed]) -> set[Key]:
    own = {TileRef(tile.source_id, new.source_id) for new, tile in tiles}
    named = {ref for _, tile in tiles for ref in (tile.previous, tile.reference) if ref}
    return {Key("tile", names.tile(ref)) for ref in own | named}


def _mend(draft: Draft, tiles: Iterable[Tile]) -> None:
    """Cut what is FAILED out of the links of these tiles: that happened while they were read."""
    live = [tile for tile in tiles if tile.status is not Status.FAILED]
    draft.need(tile_keys(live))
    late = {
        tile.id: (tile.previous, tile.reference)
        for tile in live
        if any(_is_failed(draft, link) for link in links_of(tile))
    }
    if late:
        relinked_late(draft, late)


def _is_failed(draft: Draft, link: Link) -> bool:
    found = draft.linked(link)
    return found is not None and found.status is Status.FAILED


def _seen(tile: Tile, now: datetime) -> Tile:
    """Return a tile as it is seen: one that FAILED and is not cut out is to be."""
    if tile.status is Status.FAILED and not tile.cut:
        update = token(Kind.UPDATE, tile.changes - 1)
        return replace(tile, staged=False, outbox=tile.outbox | {update}, updated_at=now)
    return replace(tile, staged=False)


def _scene(draft: Draft, names: Names, new: NewScene, *, at_once: bool) -> Scene:
    state = _state_of(new)
    handed_out = state.status is Status.PENDING
    attempt = state.attempt + handed_out
    changes = len(state.history)
    outbox = _promised(new, attempt, changes, at_once=at_once)
    lease = draft.now + draft.policy(names.aoi).lease
    return Scene(
        id=names.scene(new.source_id),
        source_id=new.source_id,
        aoi=names.aoi,
        generation=names.generation,
        date=new.date,
        data=new.data,
        geometry=new.geometry,
        wkt=new.wkt,
        status=state.status,
        message=state.message,
        retry_countdown=state.retry_countdown,
        attempt=attempt,
        retries=0 if handed_out else state.retries,
        updated_at=draft.now if outbox else state.updated_at,
        history=(*state.history, Change(draft.now, state.status, state.status, attempt, new.by)),
        applied=remembered((), new.by.message_id),
        outbox=outbox,
        due_at=lease if handed_out else None,
        product_name=new.product_name,
        own_record=new.own_record,
        tags=new.tags,
        tile_ids=tuple(map(names.tile, refs_of(new))),
    )


def _promised(new: NewScene, attempt: int, change: int, *, at_once: bool) -> frozenset[str]:
    """Return what a restored scene is to publish: its job, or that its tiles are to be looked at.

    Those of a FAILED scene FAIL with it; some had not when it was read, perhaps.
    """
    states = [tile.restored.status for tile in new.tiles if tile.restored]
    status = _state_of(new).status
    if status is Status.PENDING:
        return frozenset({token(Kind.JOB, attempt)})
    failing = status is Status.FAILED and any(each is not Status.FAILED for each in states)
    releasing = status is Status.DONE and not at_once
    return frozenset({token(Kind.UPDATE, change)} if failing or releasing else ())


def _tile(
    draft: Draft, names: Names, new: NewScene, tile: NewTile, *, staged: bool = False
) -> Tile:
    state = _tile_state_of(tile)
    status = Status.NEW if state.status is Status.PENDING else state.status
    previous, reference = _links(draft, names, tile)
    mark = Change(draft.now, state.status, status, state.attempt, new.by)
    return Tile(
        id=names.tile(TileRef(tile.source_id, new.source_id)),
        source_id=tile.source_id,
        aoi=names.aoi,
        generation=names.generation,
        date=new.date,
        data=tile.data,
        geometry=tile.geometry,
        wkt=tile.wkt,
        status=status,
        message=state.message,
        retry_countdown=state.retry_countdown,
        attempt=state.attempt,
        retries=state.retries,
        updated_at=state.updated_at,
        history=(*state.history, mark),
        applied=remembered((), new.by.message_id),
        scene_id=names.scene(new.source_id),
        scene_source_id=new.source_id,
        anx_time=tile.anx_time,
        previous=previous,
        reference=reference,
        next=tuple(_id(names, each) for each in state.next),
        referenced_by=tuple(_id(names, each) for each in state.referenced_by),
        staged=staged,
        cut=state.cut,
        heir=_kept(names, state.heir),
    )


def _links(draft: Draft, names: Names, tile: NewTile) -> tuple[Link | None, Link | None]:
    state = _tile_state_of(tile)
    if state.cut:
        return _kept(names, state.previous), _kept(names, state.reference)
    refs = (tile.previous, tile.reference)
    previous, reference = (draft.tile(names.tile(ref)).link if ref else None for ref in refs)
    return previous, reference


def _kept(names: Names, kept: Kept | None) -> Link | None:
    if kept is None:
        return None
    scene = kept.scene_source_id
    return Link(_id(names, kept), kept.source_id, names.scene(scene), scene, kept.date)


def _id(names: Names, kept: Kept | TileRef) -> int:
    return names.tile(TileRef(kept.source_id, kept.scene_source_id))


def _both(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _state_of(new: NewScene) -> State:
    if new.restored is None:
        raise ValueError(f"{new.source_id} has no state to be restored to")
    return new.restored


def _tile_state_of(tile: NewTile) -> TileState:
    if tile.restored is None:
        raise ValueError(f"{tile.source_id} has no state to be restored to")
    return tile.restored


def _by_date(scenes: Mapping[str, NewScene], ref: TileRef) -> tuple[datetime, str, str]:
    return scenes[ref.scene_source_id].date, ref.scene_source_id, ref.source_id


def _without_link(scene: NewScene, source_id: str, named: TileRef) -> NewScene:
    tiles = [
        replace(
            tile,
            previous=None if tile.previous == named else tile.previous,
            reference=None if tile.reference == named else tile.reference,
        )
        if tile.source_id == source_id
        else tile
        for tile in scene.tiles
    ]
    return replace(scene, tiles=tuple(tiles))


def _same_scene(scene: Scene, new: NewScene) -> bool:
    own = (scene.date, scene.data, scene.tags, scene.wkt, scene.product_name, scene.own_record)
    wanted = (new.date, new.data, new.tags, new.wkt, new.product_name, new.own_record)
    return own == wanted and _is_in(scene, _state_of(new))


def _same_tile(names: Names, tile: Tile, wanted: NewTile) -> bool:
    state = _tile_state_of(wanted)
    links = (state.previous, state.reference) if state.cut else (wanted.previous, wanted.reference)
    ids = [None if each is None else _id(names, each) for each in (*links, state.heir)]
    named = [each and each.tile_id for each in (tile.previous, tile.reference, tile.heir)]
    own = (tile.data, tile.wkt, tile.anx_time, tile.cut)
    same = own == (wanted.data, wanted.wkt, wanted.anx_time, state.cut)
    return same and named == ids and _is_in(tile, state)


def _is_in(document: Scene | Tile, state: State) -> bool:
    own = (document.status, document.attempt, document.message, document.retry_countdown)
    wanted = (state.status, state.attempt, state.message, state.retry_countdown)
    return own == wanted and document.changes == len(state.history)
