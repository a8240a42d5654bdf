"""Read an AOI as a snapshot keeps it: whole scenes with their tiles, links, states and histories.

A scene and its tiles are read by one request of up to READ_AT_ONCE documents, so they are as they
were at one moment. Different scenes are of different moments, while the AOI goes on: what restores
them mends that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tileweave.domain.batches import in_pieces
from tileweave.domain.errors import NotFound
from tileweave.domain.ingestion import Names
from tileweave.domain.model import Change, Document, Key, Link, Scene, Tile
from tileweave.domain.status import Status
from tileweave.usecases.ports import Place, Services, Window, place_of

READ_AT_ONCE = 1_000
"""Documents of one request."""

FIRST_LISTED = 100
LISTED_AT_ONCE = 1_000
"""Scenes of the first query, and of one at most: how many tiles they have tells how many next."""


@dataclass(frozen=True, slots=True)
class Held:
    """A scene as a snapshot holds it.

    `named`: the tiles that its FAILED ones have on their lists, by id.
    """

    scene: Scene
    tiles: tuple[Tile, ...]
    named: Mapping[int, Link]
    histories: Mapping[Key, Sequence[Change]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a snapshot: scenes that are read as they are asked for, and where it ends.

    `end`: after which place the next part begins; None if there is nothing more.
    """

    scenes: Iterator[Held]
    end: Place | None


def page(services: Services, aoi: str, after: Place | None, tiles: int) -> Part:
    """Return whole scenes by date, then id, of about so many `tiles`; at least one scene.

    Raises NotFound.
    """
    if services.store.find_aoi(aoi) is None:
        raise NotFound("AOI", aoi)
    listed, more = _listed(services, aoi, after, tiles)
    return Part(_read(services, listed), place_of(listed[-1]) if more else None)


def some(services: Services, aoi: str, source_ids: Iterable[str]) -> Iterator[Held]:
    """Return the scenes of these source ids, those that are there. Raises NotFound."""
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    stored = services.store.read([Key("scene", names.scene(each)) for each in source_ids]).values()
    documents = [each.document for each in stored if each is not None]
    return _read(services, [each for each in documents if isinstance(each, Scene)])


def whole(services: Services, aoi: str, tiles: int) -> Iterator[Held]:
    """Return all scenes, read in pages, and then those that came in between and are named.

    Raises NotFound, also at the end: the AOI was deleted meanwhile, so that some may be missing.
    """
    begun = services.store.find_aoi(aoi)
    seen: set[str] = set()
    named: set[str] = set()
    for held in _pages(services, aoi, tiles):
        seen.add(held.scene.source_id)
        named |= named_by(held)
        yield held
    while missing := named - seen:
        seen |= missing
        for held in some(services, aoi, sorted(missing)):
            named |= named_by(held)
            yield held
    ended = services.store.find_aoi(aoi)
    if begun is None or ended is None or ended.generation != begun.generation:
        raise NotFound("AOI", aoi)


def named_by(held: Held) -> set[str]:
    """Return the source ids of the scenes whose tiles a scene's tiles name."""
    links = (link for tile in held.tiles for link in (tile.previous, tile.reference, tile.heir))
    return {link.scene_source_id for link in links if link}


def _pages(services: Services, aoi: str, tiles: int) -> Iterator[Held]:
    part = page(services, aoi, None, tiles)
    yield from part.scenes
    while part.end is not None:
        part = page(services, aoi, part.end, tiles)
        yield from part.scenes


def _listed(
    services: Services, aoi: str, after: Place | None, most: int
) -> tuple[list[Scene], bool]:
    """Return scenes after a place, until they have so many tiles; and whether more may follow.

    One without tiles counts as one.
    """
    found: list[Scene] = []
    count, at_once = 0, min(most, FIRST_LISTED)
    while count < most:
        some = list(services.store.scenes(aoi, (), Window(after, limit=at_once)))
        for scene in some:
            found.append(scene)
            count += max(1, len(scene.tile_ids))
            if count >= most:
                return found, True
        if len(some) < at_once:
            break
        after = place_of(found[-1])
        at_once = min(max(FIRST_LISTED, (most - count) * len(found) // count), LISTED_AT_ONCE)
    return found, False


def _read(services: Services, scenes: Sequence[Scene]) -> Iterator[Held]:
    """Read scenes again with their tiles, as many at once as one request reads."""
    for some in in_pieces(scenes, lambda scene: 1 + len(scene.tile_ids), READ_AT_ONCE):
        keys = [key for scene in some for key in _keys_of(scene)]
        stored = services.store.read(keys)
        documents = {key: each.document for key, each in stored.items() if each is not None}
        histories = services.store.histories(list(documents.values()))
        named = _named(services, documents)
        for scene in some:
            yield from _held(documents, histories, named, scene.key)


def _held(
    documents: Mapping[Key, Document],
    histories: Mapping[Key, Sequence[Change]],
    named: Mapping[int, Link],
    key: Key,
) -> Iterator[Held]:
    """Return the scene of a key with its tiles; none if it was deleted meanwhile."""
    scene = documents.get(key)
    if isinstance(scene, Scene):
        found = [documents.get(Key("tile", each)) for each in scene.tile_ids]
        tiles = tuple(each for each in found if isinstance(each, Tile))
        keys = (key, *(tile.key for tile in tiles))
        own = {each: named[each] for tile in tiles for each in _listed_by(tile) if each in named}
        yield Held(scene, tiles, own, {each: histories[each] for each in keys})


def _named(services: Services, documents: Mapping[Key, Document]) -> Mapping[int, Link]:
    """Return all tiles that FAILED ones have on their lists."""
    tiles = [each for each in documents.values() if isinstance(each, Tile)]
    keys = {Key("tile", id_) for tile in tiles for id_ in _listed_by(tile)}
    other = [key for key in keys if key not in documents]
    read = services.store.read(other).values() if other else ()
    every = [*documents.values(), *(each.document for each in read if each is not None)]
    return {each.id: each.link for each in every if isinstance(each, Tile) and each.key in keys}


def _listed_by(tile: Tile) -> tuple[int, ...]:
    """Return the ids that a FAILED tile keeps; those of others follow from links."""
    return (*tile.next, *tile.referenced_by) if tile.status is Status.FAILED else ()


def _keys_of(scene: Scene) -> Iterator[Key]:
    yield scene.key
    yield from (Key("tile", each) for each in scene.tile_ids)
