"""What is there of the footprints of new scenes: all that automatic links rest on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tileweave.domain.acquisitions import is_idle, product_name
from tileweave.domain.errors import Conflict
from tileweave.domain.fences import fence_of, tracks_of
from tileweave.domain.footprints import neighbours, spans
from tileweave.domain.ingestion import Names, NewScene
from tileweave.domain.model import Key, Scene, Tile
from tileweave.domain.readiness import links_of
from tileweave.domain.status import Status
from tileweave.usecases.add_scene import absent
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.ports import Services, Stored
from tileweave.usecases.propagate import propagate


@dataclass(frozen=True, slots=True)
class Survey:
    """Tiles of the same footprints, and scenes of the same acquisitions, with all that was read."""

    reading: Reading
    tiles: Sequence[Tile]
    scenes: Sequence[Scene]
    tracks: Sequence[str]

    @property
    def idle(self) -> set[int]:
        """The ids of the scenes of which nothing has come yet."""
        of: dict[int, list[Tile]] = {}
        for tile in self.tiles:
            of.setdefault(tile.scene_id, []).append(tile)
        return {each.id for each in self.scenes if is_idle(each, of.get(each.id, []))}


def survey(
    services: Services, names: Names, scenes: Sequence[NewScene], *, again: bool = False
) -> Survey:
    """Look at what new scenes are to be linked to; links to FAILED tiles are mended before.

    The fences are read first: a commit based on it is refused if anybody passed one since. `again`:
    an attempt before may have left tiles of the scenes; else they are taken not to be there.
    """
    return retrying(lambda: _mended(services, look(services, names, scenes, again=again)))


def look(
    services: Services, names: Names, scenes: Sequence[NewScene], *, again: bool = False
) -> Survey:
    """Look, and change nothing."""
    ids = {tile.source_id for new in scenes for tile in new.tiles}
    tracks = tracks_of(ids)
    known = dict(services.store.read([fence_of(names, each) for each in tracks]))
    stored = _tiles_around(services, names.aoi, ids)
    tiles = [each.document for each in stored if isinstance(each.document, Tile)]
    asked = _scenes_beside(names, scenes, tiles)
    beside = services.store.read(asked)
    known |= {each.document.key: each for each in stored} | dict(beside)
    new = {} if again else {key: None for key in absent(names, scenes) if key not in known}
    found = [each.document for each in beside.values() if each]
    return Survey(
        reading=Reading(services, known, new),
        tiles=tiles,
        scenes=[each for each in found if isinstance(each, Scene) and each.aoi == names.aoi],
        tracks=tracks,
    )


def _tiles_around(services: Services, aoi: str, source_ids: Iterable[str]) -> list[Stored]:
    """Return the tiles of the same footprints, and those near these, until there are no more.

    Each once: between the ends of a span there are, as text, others of more digits.
    """
    found: dict[Key, Stored] = {}
    asked: set[str] = set()
    while wanted := neighbours(source_ids) - asked:
        exact, between = spans(wanted)
        more = list(services.store.tiles_named(aoi, exact)) if exact else []
        for first, last in between:
            more += services.store.tiles_between(aoi, first, last)
        more = [each for each in more if each.document.source_id in wanted]
        found |= {each.document.key: each for each in more}
        asked |= wanted
        source_ids = {each.document.source_id for each in more}
    return list(found.values())


def _scenes_beside(names: Names, scenes: Iterable[NewScene], tiles: Iterable[Tile]) -> list[Key]:
    """Return the keys of the scenes, and of those that are the same acquisitions.

    These have tiles of the same footprints, and so they need no query of their own.
    """
    own = {new.source_id for new in scenes}
    products = {product_name(each) for each in own}
    there = {tile.scene_source_id for tile in tiles}
    same = {each for each in there if product_name(each) in products}
    return [Key("scene", names.scene(each)) for each in sorted(own | same)]


def _mended(services: Services, found: Survey) -> Survey:
    """Return what was found, if no live tile names a FAILED one; else see to that.

    Raises Conflict: then look again.
    """
    live = (each for each in found.tiles if each.status is not Status.FAILED)
    named = {link.tile_id for tile in live for link in links_of(tile)}
    failed = [each for each in found.tiles if each.status is Status.FAILED and not each.cut]
    if broken := [each for each in failed if each.id in named]:
        for each in broken:
            propagate(services, each.key)
        raise Conflict(f"{len(broken)} FAILED tiles were only now cut out of their chains.")
    return found
