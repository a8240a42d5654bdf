"""What people look at: overviews, single scenes and tiles, and whole graphs."""

from __future__ import annotations

from dataclasses import dataclass

from tileweave.domain.errors import NotFound
from tileweave.domain.identity import checked_aoi_name
from tileweave.domain.model import Change, Key, Scene, Tile
from tileweave.domain.tally import Totals
from tileweave.usecases.ports import Aoi, Services


@dataclass(frozen=True, slots=True)
class Overview:
    """An AOI and its totals."""

    aoi: Aoi
    totals: Totals


def create_aoi(services: Services, name: str) -> Overview:
    """Create an AOI. Raises Invalid (its name), AlreadyExists."""
    created = services.store.create_aoi(checked_aoi_name(name), services.now())
    return Overview(created, Totals({}))


def overview(services: Services, name: str) -> Overview:
    """Return the totals of an AOI. Raises NotFound."""
    found = services.store.totals(name)
    if found is None:
        raise NotFound("AOI", name)
    return Overview(*found)


def check_aoi(services: Services, name: str) -> None:
    """Raise NotFound if there is no AOI of that name."""
    if services.store.find_aoi(name) is None:
        raise NotFound("AOI", name)


def get_scene(services: Services, scene_id: int) -> Scene:
    """Return a scene. Raises NotFound."""
    found = services.store.read([Key("scene", scene_id)])[Key("scene", scene_id)]
    if found is None or not isinstance(found.document, Scene):
        raise NotFound("scene", scene_id)
    return found.document


def get_tile(services: Services, tile_id: int) -> Tile:
    """Return a tile. Raises NotFound."""
    found = services.store.read([Key("tile", tile_id)])[Key("tile", tile_id)]
    if found is None or not isinstance(found.document, Tile) or found.document.staged:
        raise NotFound("tile", tile_id)
    return found.document


def history_of(services: Services, key: Key) -> list[Change]:
    """Return all changes of a scene or tile, the oldest first. Raises NotFound."""
    find = get_scene if key.kind == "scene" else get_tile
    find(services, key.id)
    return services.store.history(key) or []


def get_scene_with_tiles(services: Services, scene_id: int) -> tuple[Scene, list[Tile]]:
    """Return a scene with all its tiles. Raises NotFound."""
    scene = get_scene(services, scene_id)
    found = services.store.read([Key("tile", each) for each in scene.tile_ids])
    documents = [each.document for each in found.values() if each is not None]
    return scene, [each for each in documents if isinstance(each, Tile)]
