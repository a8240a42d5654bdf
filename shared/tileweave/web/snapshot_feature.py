"""A scene as a snapshot holds it: the Feature that lists show, and what they do not."""

from __future__ import annotations

from tileweave.domain.messages import change_body
from tileweave.domain.model import Document, Json, Link, Tile
from tileweave.domain.status import Status
from tileweave.usecases.export import Held
from tileweave.web.geojson import named, scene_feature


def snapshot_feature(held: Held) -> Json:
    """Return the Feature of a scene with its tiles; `snapshot` keeps what else it is restored from.

    Posted to `/aoi/{aoi}/scenes` as it is, it makes the same graph anew.
    """
    kept = {**_state(held, held.scene), "tiles": [_tile(held, each) for each in held.tiles]}
    return {**scene_feature(held.scene, held.tiles), "snapshot": kept}


def _state(held: Held, document: Document) -> Json:
    state: Json = {"history": [change_body(each) for each in held.histories[document.key]]}
    return {**state, "retries": document.retries} if document.retries else state


def _tile(held: Held, tile: Tile) -> Json:
    """Return the state of a tile; links that a FAILED one keeps are of names, not of ids."""
    state = _state(held, tile)
    if tile.anx_time is None:
        state["anx_time"] = None
    if tile.status is Status.FAILED:
        lists = {"next": tile.next, "referenced_by": tile.referenced_by}
        state |= {"cut": tile.cut, "heir": named(tile.heir)}
        state |= {name: _names(held, ids) for name, ids in lists.items()}
    return state


def _names(held: Held, ids: tuple[int, ...]) -> list[Json | None]:
    links: list[Link] = [held.named[each] for each in ids if each in held.named]
    return [named(each) for each in links]
