"""What must hold of every graph: each function returns what is wrong, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from tests.builders import AOI
from tileweave.domain.model import Document, Job, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.usecases.ports import Store

STARTED = (Status.PENDING, Status.RETRY, Status.DONE)

LEGAL = {
    (Status.NEW, Status.PENDING),
    (Status.NEW, Status.FAILED),
    (Status.PENDING, Status.PENDING),
    (Status.PENDING, Status.DONE),
    (Status.PENDING, Status.RETRY),
    (Status.PENDING, Status.FAILED),
    (Status.RETRY, Status.PENDING),
    (Status.RETRY, Status.DONE),
    (Status.RETRY, Status.FAILED),
}
"""The status changes that happen as long as nobody forces anything."""


def tiles_of(store: Store) -> Mapping[int, Tile]:
    """Return all tiles by id."""
    return {each.id: each for each in store.tiles(AOI)}


def documents_of(store: Store) -> list[Document]:
    """Return all scenes and tiles."""
    return [*store.scenes(AOI), *store.tiles(AOI)]


def ends_that_disagree(store: Store) -> list[str]:
    """A live tile is on the list of each tile that it names, and on no other live tile's.

    So are staged tiles, which are in no list of the store.
    """
    tiles = _with_staged(store)
    wrong = []
    for tile in tiles.values():
        if tile.status is Status.FAILED:
            continue
        for link, field in ((tile.previous, "next"), (tile.reference, "referenced_by")):
            if link and tile.id not in getattr(tiles[link.tile_id], field):
                wrong.append(f"{_name(tile)} is not in {field} of {_name(tiles[link.tile_id])}")
        wrong.extend(f"{_name(tile)} lists {each}" for each in _strangers(tiles, tile))
    return wrong


def cycles(store: Store) -> list[str]:
    """No live tile waits for itself, over whatever links."""
    graph = {tile.id: set(_linked(tile)) for tile in _live(store)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"cycle: {error.args[1]}"]
    return []


def links_to_failed(store: Store) -> list[str]:
    """No link of a live tile names a FAILED one."""
    tiles = tiles_of(store)
    return [
        f"{_name(tile)} names {_name(tiles[each])}, which is FAILED"
        for tile in _live(store)
        for each in _linked(tile)
        if tiles[each].status is Status.FAILED
    ]


def started_early(store: Store) -> list[str]:
    """A tile that was handed out has a DONE scene, previous and reference."""
    return [
        f"{_name(tile)} is {tile.status} before {each}"
        for tile in store.tiles(AOI, STARTED)
        for each in unmet(store, tile)
    ]


def unmet(store: Store, tile: Tile) -> list[str]:
    """Return what a tile depends on that is not DONE."""
    scenes = {each.id: each for each in store.scenes(AOI)}
    tiles = tiles_of(store)
    scene = scenes.get(tile.scene_id)
    needed = [scene, *(tiles.get(each) for each in _linked(tile))]
    return [_name(each) for each in needed if each is None or each.status is not Status.DONE]


def wrong_totals(store: Store) -> list[str]:
    """The totals, kept by increments, are what counting all documents gives."""
    found = store.totals(AOI)
    assert found is not None
    totals = found[1]
    scenes, tiles = list(store.scenes(AOI)), list(store.tiles(AOI))
    counted = Counter({f"scenes_{each}": 0 for each in Status})
    counted.update(f"scenes_{each.status}" for each in scenes)
    counted.update(f"tiles_{each.status}" for each in tiles)
    for scene in scenes:
        counted[f"scene_tiles_{scene.status}"] += len(scene.tile_ids)
    counted["roots"] = sum(
        each.previous is None and each.reference is None and each.status is not Status.FAILED
        for each in tiles
    )
    names = counted.keys() | totals.counts.keys()
    wrong = [
        f"{name} is {totals.counts.get(name, 0)}, not {counted[name]}"
        for name in sorted(names)
        if totals.counts.get(name, 0) != counted[name]
    ]
    dates = [each.date for each in scenes]
    if (totals.first, totals.last) != (min(dates, default=None), max(dates, default=None)):
        wrong.append(f"the dates are {totals.first} to {totals.last}")
    return wrong


def broken_histories(store: Store) -> list[str]:
    """Each history leads to the status, and counts one attempt each time a job was handed out."""
    return [wrong for each in documents_of(store) for wrong in _broken(each)]


def illegal_changes(store: Store) -> list[str]:
    """Each status change is one that the table allows without force."""
    return [
        f"{_name(each)} went from {change.before} to {change.after}"
        for each in documents_of(store)
        for change in each.history[1:]
        if (change.before, change.after) not in LEGAL
    ]


def _broken(document: Document) -> Iterator[str]:
    history = document.history
    if history[0].before is not None or history[-1].after is not document.status:
        yield f"the history of {_name(document)} does not lead to {document.status}"
    for change, then in pairwise(history):
        if then.before is not change.after:
            yield f"the history of {_name(document)} has a gap"
    handed_out = 0
    for change in history:
        handed_out += change.after is Status.PENDING
        if change.attempt != handed_out:
            yield f"{_name(document)} counts {change.attempt} attempts after {handed_out} jobs"
    if document.attempt != handed_out:
        yield f"{_name(document)} is at attempt {document.attempt} after {handed_out} jobs"


def _with_staged(store: Store) -> Mapping[int, Tile]:
    """Return all tiles by id, and the staged ones on their lists, and on theirs."""
    tiles = dict(tiles_of(store))
    while fresh := {each for tile in tiles.values() for each in _listed(tile)} - tiles.keys():
        for key, found in store.read([Key("tile", each) for each in fresh]).items():
            assert found is not None
            assert isinstance(found.document, Tile)
            assert found.document.staged
            tiles[key.id] = found.document
    return tiles


def _listed(tile: Tile) -> tuple[int, ...]:
    return (*tile.next, *tile.referenced_by)


def _strangers(tiles: Mapping[int, Tile], tile: Tile) -> list[str]:
    """Return those on a tile's lists that do not name it; one being cut out may stay until then."""
    named = [(tiles[each], tiles[each].previous) for each in tile.next]
    referenced = [(tiles[each], tiles[each].reference) for each in tile.referenced_by]
    return [
        _name(other)
        for other, link in (*named, *referenced)
        if link is None or link.tile_id != tile.id or other.cut
    ]


def _live(store: Store) -> list[Tile]:
    return [each for each in store.tiles(AOI) if each.status is not Status.FAILED]


def _linked(tile: Tile) -> list[int]:
    return [link.tile_id for link in (tile.previous, tile.reference) if link]


def _name(job: Job | None) -> str:
    if job is None:
        return "nothing"
    if isinstance(job, Scene):
        return f"scene {job.source_id} ({job.status})"
    at = job.scene_source_id if isinstance(job, Tile) else ""
    return f"tile {job.source_id} of {at} ({job.status})"
