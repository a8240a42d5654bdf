"""What a tile costs over its whole life: documents and messages, counted."""

from __future__ import annotations

import pytest

from benchmarks import archive
from benchmarks.budget import Take, by_consumer, by_functions, in_bulk, lived, one_by_one
from benchmarks.counting import Bill


def a_tile_costs(bill: Bill, tiles: int) -> tuple[float, float, float]:
    return bill.reads / tiles, bill.writes / tiles, bill.messages / tiles


@pytest.mark.parametrize("take", [by_functions, by_consumer], ids=["functions", "consumer"])
def test_a_tile_costs_ten_reads_eight_writes_and_four_messages_at_most(take: Take) -> None:
    """Its history and the counters included."""
    reads, writes, messages = a_tile_costs(
        lived(archive.scenes(50, 20), in_bulk, take),
        1_000,
    )
    assert (reads <= 10, writes <= 8, messages <= 4) == (True, True, True)


def test_the_cost_of_a_tile_does_not_grow_with_its_aoi() -> None:
    """A chain of a hundred dates costs a tile what one of twenty does, but for its two ends."""
    few = a_tile_costs(lived(archive.scenes(20, 10), in_bulk, by_functions), 200)
    many = a_tile_costs(lived(archive.scenes(100, 10), in_bulk, by_functions), 1_000)
    assert many == pytest.approx(few, rel=0.06)


def test_a_scene_added_by_itself_costs_its_tiles_the_ends_of_their_links() -> None:
    """A document read and written for the previous, and one for the reference."""
    bulk = a_tile_costs(lived(archive.scenes(50, 20), in_bulk, by_functions), 1_000)
    single = a_tile_costs(lived(archive.scenes(50, 20), one_by_one, by_functions), 1_000)
    more = [one - other for one, other in zip(single, bulk, strict=True)]
    assert more == pytest.approx([2, 2, 0], abs=0.15)
