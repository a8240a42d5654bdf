from __future__ import annotations

import pytest

from tileweave.domain.errors import Invalid
from tileweave.domain.identity import checked_aoi_name, scene_id, tile_id

PRODUCT = "S1A_IW_SLC__1SDV_20220111T170124_20220111T170151_041416_04ECAD_F4D7"
PINNED = [2_264_349_246_079_589, 1_984_798_520_796_264, 1_640_438_138_194_649, 388_451_916_432_348]


def test_ids_are_the_same_for_ever() -> None:
    """They stand in stores and in messages on their way: these literals may never change."""
    ids = [
        scene_id("DenmarkDemo", PRODUCT),
        tile_id("DenmarkDemo", PRODUCT, "A44_IW1_8951"),
        scene_id("DenmarkDemo", PRODUCT, generation=1),
        tile_id("DenmarkDemo", PRODUCT, "A44_IW1_8951", generation=2),
    ]

    assert ids == PINNED


def test_ids_are_integers_that_json_keeps_exact() -> None:
    """From 1 to 2^53-1."""
    ids = [scene_id("DenmarkDemo", f"scene {number}") for number in range(10_000)]

    assert all(1 <= each < 2**53 for each in ids)
    assert max(ids) > 2**52
    assert len(set(ids)) == len(ids)


def test_another_generation_of_an_aoi_has_other_ids() -> None:
    """An id is never reused, not even when an AOI of the same name is made again."""
    ids = {scene_id("DenmarkDemo", PRODUCT, generation) for generation in range(100)}
    ids |= {tile_id("DenmarkDemo", PRODUCT, "A44_IW1_8951", each) for each in range(100)}

    assert len(ids) == 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("aoi", "scene", "tile"), ("aoi", "scenetile", "")),
        (("aoi", "scene,tile", "x"), ("aoi", "scene", "tile,x")),
        (("aoi", 'scene","tile', "x"), ("aoi", "scene", 'tile","x')),
        (("aoi", "a/b", "c"), ("aoi", "a", "b/c")),
        (("ab", "c", "d"), ("a", "bc", "d")),
        (("aoi", "scene", "é"), ("aoi", "scene", "e\u0301")),
    ],
)
def test_different_names_have_different_ids(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """However they are cut into AOI, scene and tile."""
    assert tile_id(*one) != tile_id(*other)


def test_a_tile_whose_name_is_a_number_is_no_scene_of_a_later_generation() -> None:
    """Names and generations are told apart."""
    assert tile_id("aoi", "scene", "1") != scene_id("aoi", "scene", generation=1)


@pytest.mark.parametrize("name", ["a", "DenmarkDemo", "aoi:2022-01_x", "9", "-", "x" * 128])
def test_a_legal_name_of_an_aoi_stays_as_it_is(name: str) -> None:
    assert checked_aoi_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "x" * 129, "a b", "a/b", "a.b", "Ærø", "aoi\n", "\naoi", "٣", "a*", "a?"]
)
def test_any_other_name_is_refused(name: str) -> None:
    """1 to 128 characters out of A-Z a-z 0-9 - : _, nothing before or after."""
    with pytest.raises(Invalid) as refused:
        checked_aoi_name(name)

    assert [each.path for each in refused.value.problems] == ["aoi"]
    assert repr(name) in refused.value.problems[0].message
