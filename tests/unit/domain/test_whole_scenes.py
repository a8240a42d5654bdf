"""The tiles of scenes that come without any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import a_new_scene, a_new_tile
from tileweave.domain.model import Json
from tileweave.domain.whole_scenes import with_own_tiles

S2 = "S2A_MSIL1C_20220101T103421_N0301_R108_T32UNG_20220101T124059"
LANDSAT = "LC08_L1TP_196022_20220103_20220107_02_T1"


@pytest.mark.parametrize(
    ("source_id", "properties", "tile"),
    [
        (S2, {}, "T32UNG"),
        (f"{S2}.SAFE", {}, "T32UNG"),
        ("an item", {"s2:mgrs_tile": "32UNG"}, "T32UNG"),
        ("an item", {"grid:code": "MGRS-4QFJ"}, "T04QFJ"),
        (
            "an item",
            {"mgrs:utm_zone": 4, "mgrs:latitude_band": "Q", "mgrs:grid_square": "FJ"},
            "T04QFJ",
        ),
        (LANDSAT, {}, "WRS2_196022"),
        ("LM02_L1TP_211022_19780103_20200107_02_T2", {}, "WRS1_211022"),
        ("an item", {"landsat:wrs_path": "196", "landsat:wrs_row": "022"}, "WRS2_196022"),
        (
            "an item",
            {"landsat:wrs_path": 8, "landsat:wrs_row": 2, "landsat:wrs_type": "1"},
            "WRS1_008002",
        ),
        ("an item", {"grid:code": "WRS2-196022"}, "WRS2_196022"),
        ("an item", {"grid:code": "MODIS-h18v03"}, "MODIS-h18v03"),
        ("an item", {}, "an item"),
    ],
)
def test_a_scene_without_tiles_is_one_by_its_grid(
    source_id: str, properties: Json, tile: str
) -> None:
    """Its properties say which cell, else its name; the job is told."""
    new = replace(a_new_scene(0), source_id=source_id, geometry="{}", wkt="POINT EMPTY")
    new = replace(new, data={**new.data, "metadata": {"properties": properties}})
    found = with_own_tiles(new)
    [own] = found.tiles
    assert (own.source_id, own.geometry, own.wkt) == (tile, "{}", "POINT EMPTY")
    assert found.data["tiles"] == {tile: {"swath_id": "", "tile_nr": 0}}


def test_tiles_that_the_data_names_are_taken() -> None:
    """As lists of scenes show them, without links."""
    tiles = {"A44_IW1_8951": {"swath_id": "IW1", "tile_nr": 4}, "A44_IW1_8979": None}
    new = a_new_scene(0)
    found = with_own_tiles(replace(new, data={**new.data, "tiles": tiles}))
    assert [(each.source_id, each.data) for each in found.tiles] == [
        ("A44_IW1_8951", {"swath_id": "IW1", "tile_nr": 4}),
        ("A44_IW1_8979", {}),
    ]


def test_a_scene_with_tiles_is_left_as_it_is() -> None:
    """Whatever its data says."""
    new = a_new_scene(0, [a_new_tile()])
    assert with_own_tiles(new) is new
