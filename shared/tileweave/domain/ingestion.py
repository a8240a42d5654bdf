"""Add a scene and its tiles to the graph: what a request must hold, and what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from tileweave.domain.draft import Draft
from tileweave.domain.errors import IdCollision, Invalid, Problem
from tileweave.domain.identity import scene_id, tile_id
from tileweave.domain.lifecycle import remembered
from tileweave.domain.model import Cause, Change, Json, Key, Link, Scene, Tile
from tileweave.domain.outbox import Kind, token
from tileweave.domain.relink import put_linked, relinked, relinked_late
from tileweave.domain.snapshot import State, TileState
from tileweave.domain.status import Status

INGESTION = Cause(actor="ingestion")


@dataclass(frozen=True, slots=True)
class TileRef:
    """A tile by its names: its own source id and its scene's, within one AOI."""

    source_id: str
    scene_source_id: str
    path: str = field(default="", compare=False)
    """Where the request names the tile, for error messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTile:
    """A tile to add; geometry is GeoJSON text and WKT, EPSG:4326, lon/lat."""

    source_id: str
    data: Json
    previous: TileRef | None = None
    reference: TileRef | None = None
    geometry: str | None = None
    wkt: str | None = None
    anx_time: int | None = None
    path: str = ""
    """Where the tile stands in the request, for error messages."""
    restored: TileState | None = None
    """The state that it is restored to, out of a snapshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScene:
    """A scene to add with its tiles; `retry_count` automatic retries for each of them."""

    source_id: str
    date: datetime
    data: Json
    tags: Json
    tiles: tuple[NewTile, ...]
    retry_count: int = 0
    product_name: str = ""
    own_record: bool = False
    geometry: str | None = None
    wkt: str | None = None
    by: Cause = INGESTION
    """Who adds it, and by which call."""
    restored: State | None = None
    """The state that it is restored to, out of a snapshot."""

    @property
    def named(self) -> set[str]:
        """The source ids of the other scenes that its tiles name.

        Restored ones that FAILED name what links over them are followed to.
        """
        refs = (ref for tile in self.tiles for ref in (tile.previous, tile.reference) if ref)
        kept = (each for tile in self.tiles if tile.restored for each in tile.restored.followed)
        names = {ref.scene_source_id for ref in refs} | {each.scene_source_id for each in kept}
        return names - {self.source_id}


Placed = tuple[NewScene, NewTile]
"""A tile to add, and the scene that it is of."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where ids come from: an AOI, and how often one of that name was deleted before."""

    aoi: str
    generation: int = 0
    _known: dict[TileRef, int] = field(default_factory=dict, compare=False, repr=False)
    """What was asked for before: each tile is, some twenty times."""

    def scene(self, source_id: str) -> int:
        """Return the id of a scene."""
        return scene_id(self.aoi, source_id, self.generation)

    def tile(self, ref: TileRef) -> int:
        """Return the id of a tile."""
        found = self._known.get(ref)
        if found is None:
            found = tile_id(self.aoi, ref.scene_source_id, ref.source_id, self.generation)
            self._known[ref] = found
        return found


def keys_of(names: Names, new: NewScene) -> set[Key]:
    """Return all documents that adding the scene reads: itself, its tiles and what they name."""
    refs = {ref for tile in new.tiles for ref in (_own(new, tile), tile.previous, tile.reference)}
    tiles = {Key("tile", names.tile(ref)) for ref in refs if ref is not None}
    return {Key("scene", names.scene(new.source_id)), *tiles}


def check(
    draft: Draft,
    names: Names,
    new: NewScene,
    *,
    beside: AbstractSet[TileRef] = frozenset(),
    late: bool = False,
) -> None:
    """Raise Invalid if a link names an unknown or FAILED tile, or if links make a cycle.

    `beside`: all tiles that are added at once, if they are more than the scene's own. `late`: links
    to FAILED tiles are right, since they were when a first part was added. Raises IdCollision if
    an id that the scene would get belongs to a different one.
    """
    draft.need(keys_of(names, new))
    own = beside or set(refs_of(new))
    problems = [
        each for tile in new.tiles for each in _bad_links(draft, names, tile, own, late=late)
    ]
    problems.extend([*_twice(new), *_cycle(new)])
    if problems:
        raise Invalid(tuple(problems))
    _refuse_collisions(draft, names, new)


def add_tiles(
    draft: Draft,
    names: Names,
    tiles: Iterable[Placed],
    *,
    staged: bool = False,
    late: bool = False,
) -> None:
    """Create the tiles, linked at both ends; those that a broken request left become like these.

    A staged tile is in no list and no total, until its scene is added. `late`: what FAILED since
    a first part was added is cut out of the links.
    """
    links: dict[int, tuple[Link | None, Link | None]] = {}
    for new, tile in tiles:
        id_ = names.tile(_own(new, tile))
        found = draft.find_tile(id_)
        if found is not None and not found.staged:
            continue
        links[id_] = _links(draft, names, tile)
        if found is None and not late:
            put_linked(draft, _tile(names, new, tile, draft.now, staged=staged, links=links[id_]))
            continue
        if found is None:
            draft.put(_tile(names, new, tile, draft.now, staged=staged))
        else:
            draft.put(_as_requested(found, _tile(names, new, tile, found.updated_at)))
        current = draft.tile(id_)
        if not late and links[id_] != (current.previous, current.reference):
            relinked(draft, current, *links[id_])
    if late:
        relinked_late(draft, links)


def foresee(draft: Draft, names: Names, scenes: Sequence[NewScene]) -> None:
    """Put scenes and their tiles there, without links: as others that name them are checked."""
    for new in scenes:
        for tile in new.tiles:
            found = draft.find_tile(names.tile(_own(new, tile)))
            if found is None or found.staged:
                draft.put(_tile(names, new, tile, draft.now))
        draft.put(_scene(names, new, draft))


def promise(draft: Draft, names: Names, new: NewScene) -> None:
    """Stage a tile of a scene that a later commit will add: it tells that its chain was begun."""
    tile = new.tiles[0]
    if draft.find_tile(names.tile(_own(new, tile))) is None:
        draft.put(_tile(names, new, tile, draft.now, staged=True))


def in_order(*scenes: NewScene) -> list[Placed]:
    """Return the tiles so that each comes after those of these scenes that it names.

    In the given order if they name each other in a circle: `check` and `circle_of` tell that.
    """
    by_ref = {_own(new, tile): (new, tile) for new in scenes for tile in new.tiles}
    try:
        order = tuple(TopologicalSorter(_graph(scenes)).static_order())
    except CycleError:
        return [(new, tile) for new in scenes for tile in new.tiles]
    return [by_ref[ref] for ref in order if ref in by_ref]


def circle_of(scenes: Iterable[NewScene]) -> list[TileRef]:
    """Return tiles that each name the next one, the last the first; none if there is no circle."""
    try:
        TopologicalSorter(_graph(scenes)).prepare()
    except CycleError as error:
        named_first: list[TileRef] = error.args[1]
        return named_first[:0:-1]
    return []


def refs_of(new: NewScene) -> list[TileRef]:
    """Return the names of a scene's tiles."""
    return [_own(new, tile) for tile in new.tiles]


def add_scene(draft: Draft, names: Names, new: NewScene) -> Scene:
    """Create the scene, handed out at once, and have its staged tiles seen."""
    for tile in draft.find_tiles(map(names.tile, refs_of(new))):
        if tile.staged:
            draft.put(replace(tile, staged=False))
    scene = _scene(names, new, draft)
    draft.put(scene)
    return scene


def _scene(names: Names, new: NewScene, draft: Draft) -> Scene:
    change = Change(draft.now, None, Status.PENDING, 1, new.by)
    return Scene(
        id=names.scene(new.source_id),
        source_id=new.source_id,
        aoi=names.aoi,
        generation=names.generation,
        date=new.date,
        data=new.data,
        geometry=new.geometry,
        wkt=new.wkt,
        status=Status.PENDING,
        retry_countdown=new.retry_count,
        attempt=1,
        updated_at=draft.now,
        history=(change,),
        applied=remembered((), new.by.message_id),
        outbox=frozenset({token(Kind.JOB, 1)}),
        due_at=draft.now + draft.policy(names.aoi).lease,
        product_name=new.product_name,
        own_record=new.own_record,
        tags=new.tags,
        tile_ids=tuple(map(names.tile, refs_of(new))),
    )


def _own(new: NewScene, tile: NewTile) -> TileRef:
    return TileRef(tile.source_id, new.source_id)


def _tile(  # noqa: PLR0913 - what, in which scene, when, and how it begins
    names: Names,
    new: NewScene,
    tile: NewTile,
    now: datetime,
    *,
    staged: bool = False,
    links: tuple[Link | None, Link | None] = (None, None),
) -> Tile:
    previous, reference = links
    return Tile(
        id=names.tile(_own(new, tile)),
        source_id=tile.source_id,
        aoi=names.aoi,
        generation=names.generation,
        date=new.date,
        data=tile.data,
        geometry=tile.geometry,
        wkt=tile.wkt,
        status=Status.NEW,
        retry_countdown=new.retry_count,
        updated_at=now,
        history=(Change(now, None, Status.NEW, 0, new.by),),
        scene_id=names.scene(new.source_id),
        scene_source_id=new.source_id,
        anx_time=tile.anx_time,
        staged=staged,
        previous=previous,
        reference=reference,
    )


def _as_requested(staged: Tile, requested: Tile) -> Tile:
    """Return a tile that an earlier request left staged, as the present one has it."""
    return replace(
        staged,
        date=requested.date,
        data=requested.data,
        geometry=requested.geometry,
        wkt=requested.wkt,
        anx_time=requested.anx_time,
        retry_countdown=requested.retry_countdown,
    )


def _links(draft: Draft, names: Names, tile: NewTile) -> tuple[Link | None, Link | None]:
    refs = (tile.previous, tile.reference)
    previous, reference = (draft.tile(names.tile(ref)).link if ref else None for ref in refs)
    return previous, reference


def _bad_links(
    draft: Draft, names: Names, tile: NewTile, own: AbstractSet[TileRef], *, late: bool
) -> Iterator[Problem]:
    for name, ref in (("previous", tile.previous), ("reference", tile.reference)):
        if ref is None or ref in own:
            continue
        found = draft.find_tile(names.tile(ref))
        where = ref.path or f"{tile.path}.{name}"
        if found is None or found.staged:
            yield Problem(where, f"there is no tile {ref.source_id} of scene {ref.scene_source_id}")
        elif found.status is Status.FAILED and not late:
            said = f"tile {ref.source_id} of scene {ref.scene_source_id} is FAILED"
            yield Problem(where, f"{said}: name one that is not")


def _cycle(new: NewScene) -> Iterator[Problem]:
    links = (ref for tile in new.tiles for ref in (tile.previous, tile.reference) if ref)
    if all(ref.scene_source_id != new.source_id for ref in links):
        return
    if circle := circle_of([new]):
        names = " -> ".join(ref.source_id for ref in (*circle, circle[0]))
        yield Problem("tiles", f"the links make a cycle: {names}")


def _graph(scenes: Iterable[NewScene]) -> Mapping[TileRef, list[TileRef]]:
    return {
        _own(new, tile): [ref for ref in (tile.previous, tile.reference) if ref]
        for new in scenes
        for tile in new.tiles
    }


def _twice(new: NewScene) -> Iterator[Problem]:
    seen: set[str] = set()
    for tile in new.tiles:
        if tile.source_id in seen:
            yield Problem(tile.path, f"the scene has a tile {tile.source_id} already")
        seen.add(tile.source_id)


def _refuse_collisions(draft: Draft, names: Names, new: NewScene) -> None:
    scene = draft.find_scene(names.scene(new.source_id))
    if scene and (scene.aoi, scene.source_id) != (names.aoi, new.source_id):
        raise IdCollision(f"{new.source_id} would get the id {scene.id} of {scene.source_id}.")
    ids: dict[int, str] = {}
    for tile in new.tiles:
        found = draft.find_tile(names.tile(_own(new, tile)))
        other = ids.setdefault(names.tile(_own(new, tile)), tile.source_id)
        if other != tile.source_id:
            raise IdCollision(f"{tile.source_id} would get the id of {other}.")
        mine = (names.aoi, new.source_id, tile.source_id)
        if found and (found.aoi, found.scene_source_id, found.source_id) != mine:
            raise IdCollision(f"{tile.source_id} would get the id {found.id} of {found.source_id}.")
