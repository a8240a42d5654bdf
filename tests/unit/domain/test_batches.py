"""Many scenes at once: in chains, in order, in pieces, in parts."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.builders import BURST, NEIGHBOUR, a_chain, a_new_scene, a_new_tile, product, ref
from tileweave.domain import batches
from tileweave.domain.ingestion import NewScene


def numbers(scenes: list[NewScene]) -> list[int]:
    """Return the numbers of scenes."""
    return [int(each.source_id[-6:]) for each in scenes]


def test_scenes_that_name_each_other_are_a_chain() -> None:
    """Directly or not; in the order they came in."""
    scenes = [*a_chain(4)[::-1], a_new_scene(7), a_new_scene(8, [a_new_tile(previous=ref(7))])]
    assert [numbers(each) for each in batches.chains(scenes)] == [[3, 2, 1, 0], [7, 8]]


def test_chains_that_meet_later_are_one() -> None:
    """Whichever of them is larger."""
    both = a_new_scene(9, [a_new_tile(previous=ref(2)), a_new_tile(NEIGHBOUR, previous=ref(8))])
    apart = [*a_chain(3), a_new_scene(8, [a_new_tile(NEIGHBOUR)])]
    assert len(batches.chains(apart)) == 2
    assert [numbers(each) for each in batches.chains([*apart, both])] == [[0, 1, 2, 8, 9]]


def test_a_scene_of_the_aoi_joins_no_chain() -> None:
    """Two scenes that name one that is not among them are added apart."""
    scenes = [a_new_scene(number, [a_new_tile(previous=ref(0))]) for number in (1, 2)]
    assert [numbers(each) for each in batches.chains(scenes)] == [[1], [2]]


def test_no_scenes_are_no_chains() -> None:
    """Nothing is nothing."""
    assert batches.chains([]) == []


@pytest.mark.parametrize("seed", range(5))
def test_each_scene_comes_after_those_that_it_names(seed: int) -> None:
    """Whatever order they were given in."""
    scenes = a_chain(20, (BURST, NEIGHBOUR))
    shuffled = random.Random(seed).sample(scenes, len(scenes))
    assert [numbers(each) for each in batches.in_units(shuffled)] == [[n] for n in range(20)]


def test_scenes_that_name_each_other_both_ways_are_a_unit() -> None:
    """Directly or not; before those that name them, and after those that they name."""
    scenes = [
        a_new_scene(4, [a_new_tile(previous=ref(3))]),
        a_new_scene(3, [a_new_tile(previous=ref(2)), a_new_tile(NEIGHBOUR)]),
        a_new_scene(2, [a_new_tile(previous=ref(1)), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0)), a_new_tile(NEIGHBOUR, reference=ref(3))]),
        a_new_scene(0, [a_new_tile()]),
    ]
    units = [sorted(numbers(each)) for each in batches.in_units(scenes)]
    assert units == [[0], [1, 2, 3], [4]]


def test_scenes_that_may_be_in_any_order_are_in_that_of_their_dates() -> None:
    """So that of those that name the same tile the earliest is the first."""
    scenes = [a_new_scene(each, [a_new_tile(previous=ref(0))]) for each in (5, 2, 0, 4, 1)]
    assert [numbers(each) for each in batches.in_units(scenes)] == [[0], [1], [2], [4], [5]]


def test_a_scene_does_not_name_itself() -> None:
    """Its tiles may name each other."""
    tiles = [a_new_tile(), a_new_tile(NEIGHBOUR, previous=ref(0), reference=ref(3))]
    assert a_new_scene(0, tiles).named == {product(3)}


@pytest.mark.parametrize(
    ("most", "pieces"), [(5, [[0, 1], [2, 3]]), (4, [[0, 1], [2], [3]]), (1, [[0], [1], [2], [3]])]
)
def test_pieces_are_as_large_as_they_may_be(most: int, pieces: list[list[int]]) -> None:
    """What is larger by itself is a piece by itself."""
    sizes = {product(number): size for number, size in enumerate([2, 2, 3, 2])}
    found = batches.in_pieces(a_chain(4), lambda each: sizes[each.source_id], most)
    assert [numbers(each) for each in found] == pieces


def test_two_parts_of_a_scene_are_joined() -> None:
    """They differ in nothing but their tiles."""
    [whole] = a_chain(1, (BURST, NEIGHBOUR))
    first, second = (replace(whole, tiles=(tile,)) for tile in whole.tiles)
    assert batches.joined(first, second) == whole


def test_what_is_no_other_part_is_not_joined() -> None:
    """The same tile, no tile, other data."""
    [whole] = a_chain(1, (BURST, NEIGHBOUR))
    first, second = (replace(whole, tiles=(tile,)) for tile in whole.tiles)
    assert batches.joined(first, whole) is None
    assert batches.joined(first, replace(whole, tiles=())) is None
    assert batches.joined(first, replace(second, data={"date": "2022-01-11"})) is None


def test_parts_that_tell_their_own_tiles_are_joined() -> None:
    """What the job is told is all of them."""
    [whole] = a_chain(1, (BURST, NEIGHBOUR))
    parts = [
        replace(whole, tiles=(tile,), data={**whole.data, "tiles": {tile.source_id: {}}})
        for tile in whole.tiles
    ]
    joined = batches.joined(parts[0], parts[1])
    assert joined is not None
    assert joined.data["tiles"] == {BURST: {}, NEIGHBOUR: {}}
    assert batches.joined(parts[0], replace(parts[1], data={**parts[1].data, "tiles": 1})) is None
    assert batches.joined(parts[0], replace(parts[1], retry_count=1)) is None
