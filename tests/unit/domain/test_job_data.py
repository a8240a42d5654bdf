"""The data of a scene's job: the tiles that it names, and how much of it is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import BURST, NEIGHBOUR, a_chain, a_new_scene, a_new_tile, a_scene, a_tile
from tileweave.domain.draft import Draft, Missing
from tileweave.domain.errors import Invalid
from tileweave.domain.job_data import MOST_DOCUMENT, replacement, size_of, with_tiles
from tileweave.domain.model import Document, Json, Scene, Tile

NEIGHBOURS = [a_tile(0), a_tile(0, NEIGHBOUR, data={"other": 1})]
NAMED = {BURST: {"swath_id": "IW1", "tile_nr": 4}, NEIGHBOUR: {"swath_id": "", "tile_nr": 0}}


def a_draft(scene: Scene, *tiles: Tile) -> Draft:
    """Return a draft that knows a scene and some of its tiles."""
    documents: list[Document] = [scene, *tiles]
    return Draft({each.key: each for each in documents}, scene.updated_at)


def a_scene_of(tiles: list[Tile]) -> Scene:
    """Return the scene that has these tiles."""
    return a_scene(0, tile_ids=tuple(each.id for each in tiles))


@pytest.mark.parametrize("data", [{}, {"tiles": None}, {"tiles": {}}])
def test_tiles_are_named_where_the_data_names_none(data: Json) -> None:
    assert with_tiles({"x": 1, **data}, NEIGHBOURS) == {"x": 1, "tiles": NAMED}
    scene = a_scene_of(NEIGHBOURS)
    assert replacement(a_draft(scene, *NEIGHBOURS), scene, data) == {"tiles": NAMED}


def test_tiles_that_the_data_names_are_left_alone_and_not_read() -> None:
    scene = a_scene_of(NEIGHBOURS)
    data = {"tiles": {"x": 5}}
    assert replacement(a_draft(scene), scene, data) is data
    with pytest.raises(Missing):
        replacement(a_draft(scene), scene, {})


def test_a_scene_without_tiles_names_none() -> None:
    assert with_tiles({"x": 1}, a_new_scene().tiles) == {"x": 1}
    assert with_tiles({"x": 1}, a_chain(1)[0].tiles) == with_tiles({"x": 1}, [a_new_tile()])


def test_a_tile_names_nothing() -> None:
    tile = a_tile(0)
    assert replacement(a_draft(a_scene(0), tile), tile, {"x": 1}) == {"x": 1}


@pytest.mark.parametrize(("more", "fits"), [(0, True), (1, False)])
def test_geometry_tags_and_tiles_count_for_what_is_kept(more: int, fits: bool) -> None:  # noqa: FBT001
    scene = replace(a_scene_of(NEIGHBOURS), geometry="g" * 100, wkt="w" * 50, tags={"t": "é"})
    taken = size_of([{"x": "", "tiles": NAMED}, scene.tags]) + 150
    data = {"x": "y" * (MOST_DOCUMENT - taken + more)}
    draft = a_draft(scene, *NEIGHBOURS)
    if fits:
        assert replacement(draft, scene, data)["tiles"] == NAMED
        return
    with pytest.raises(Invalid, match=str(MOST_DOCUMENT)):
        replacement(draft, scene, data)
