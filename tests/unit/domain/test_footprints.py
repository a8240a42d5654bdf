"""Which tiles are of one footprint, by their source ids."""

from __future__ import annotations

from itertools import permutations

import pytest

from tileweave.domain.footprints import ORBIT, footprint_of, footprints, neighbours, spans


def together(*source_ids: str) -> set[frozenset[str]]:
    """Return the ids in groups of one footprint."""
    named = footprints(source_ids)
    return {
        frozenset(each for each in source_ids if named[each] == name) for name in named.values()
    }


def test_bursts_that_drift_are_one_footprint() -> None:
    """The example of the contract, and its neighbour, 2.7 s on."""
    ids = ("D37_IW1_21211", "D37_IW1_21212", "D37_IW1_21239")
    assert together(*ids) == {frozenset(ids[:2]), frozenset(ids[2:])}


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("A44_IW1_100", "A44_IW1_104", True),
        ("A44_IW1_100", "A44_IW1_105", False),
        ("A44_IW1_100", "A44_IW2_100", False),
        ("A44_IW1_100", "A45_IW1_100", False),
        ("A44_IW1_100", "D44_IW1_100", False),
        ("A44_IW1_0", f"A44_IW1_{ORBIT - 4}", True),
        ("A44_IW1_0", f"A44_IW1_{ORBIT - 5}", False),
        ("A44_IW1_0", f"A44_IW1_{ORBIT}", True),
        ("A44_IW1_1", f"A44_IW1_{ORBIT + 1}", False),
        ("A44_IW1_0100", "A44_IW1_100", False),
        ("A44_IW1_8951_0", "A44_IW1_8951", False),
        ("T32UNG", "T32UNH", False),
    ],
)
def test_less_than_half_a_second_apart_is_one(one: str, other: str, *, are_one: bool) -> None:
    """Of one orbit and swath; a new orbit begins where one ends. Others are as they are spelt."""
    assert (len(together(one, other)) == 1) is are_one
    assert (other in neighbours([one])) is are_one
    assert (one in neighbours([other])) is are_one


def test_what_lies_between_joins_its_neighbours_in_any_order() -> None:
    """And what lies around the end of an orbit."""
    ids = [f"A44_IW1_{time}" for time in (ORBIT - 3, 1, 5, 9)]
    assert all(together(*each) == {frozenset(ids)} for each in permutations(ids))
    assert len(together(*ids[:2], *ids[3:])) == 2
    assert len(together(*[f"A44_IW1_{time}" for time in (0, 10, 20, ORBIT - 10)])) == 4


def test_a_footprint_tells_its_track() -> None:
    """A tile of no burst is a track by itself."""
    assert footprint_of("D37_IW1_21211") == ("D37_IW1", 21_211)
    assert footprint_of("T32UNG") == ("T32UNG", None)
    assert neighbours(["T32UNG"]) == {"T32UNG"}


def test_the_bursts_of_a_scene_are_looked_for_by_what_they_lie_between() -> None:
    """Of each swath; other tiles by their names."""
    bursts = [f"A44_IW{swath}_{8951 + 28 * each}" for each in range(8) for swath in (1, 2)]
    names, between = spans(neighbours([*bursts, "T32UNG"]))
    assert names == {"T32UNG"}
    assert sorted(between) == [
        ("A44_IW1_8947", "A44_IW1_9151"),
        ("A44_IW2_8947", "A44_IW2_9151"),
    ]


@pytest.mark.parametrize("time", [0, 2, 7, 97, 102, 997, 1_000, 9_998, ORBIT - 3, ORBIT])
def test_a_span_holds_what_is_near_as_text_is_sorted(time: int) -> None:
    """Whatever the numbers of digits, and around the end of an orbit."""
    near = neighbours([f"A44_IW1_{time}"])
    _, between = spans(near)
    assert all(any(first <= each <= last for first, last in between) for each in near)
    assert len(spans(["A44_IW1_100", "A44_IW1_201"])[1]) == 2
