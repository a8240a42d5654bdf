"""Automatic links: the rule, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import BURST, a_new_scene, a_new_tile, a_tile, ref
from tileweave.domain.ingestion import NewTile, Placed, TileRef
from tileweave.domain.linking import Linking, Links, linking, with_links
from tileweave.domain.model import Tile
from tileweave.domain.status import Status

Numbers = tuple[int | None, int | None]
DONE, PENDING, NEW = Status.DONE, Status.PENDING, Status.NEW


def to_come(number: int, tile: NewTile | None = None) -> Placed:
    """Return a tile to add to the scene of this number."""
    tile = tile or a_new_tile()
    return a_new_scene(number, [tile]), tile


def there(
    number: int,
    status: Status = NEW,
    previous: int | None = None,
    reference: int | None = None,
    burst: str = BURST,
) -> Tile:
    """Return a tile that names those of these numbers."""
    links = [None if each is None else a_tile(each, burst).link for each in (previous, reference)]
    return a_tile(number, burst, status=status, previous=links[0], reference=links[1])


def chain(*statuses: Status) -> list[Tile]:
    """Return a chain by the rule, of these statuses, from number 1 on."""
    root = there(1, statuses[0])
    rest = enumerate(statuses[1:], 2)
    return [root, *(there(number, each, number - 1, 1) for number, each in rest)]


def numbers(links: dict[TileRef, Links]) -> dict[int, Numbers]:
    """Return links by the numbers of their scenes."""
    by_ref = {ref(number).scene_source_id: number for number in range(10)}

    def number(each: TileRef | None) -> int | None:
        return None if each is None else by_ref[each.scene_source_id]

    return {
        by_ref[each.scene_source_id]: (number(one), number(other))
        for each, (one, other) in links.items()
    }


def found(tiles: list[Tile], *new: Placed) -> tuple[dict[int, Numbers], dict[int, Numbers]]:
    """Return links of tiles to come, and of those linked anew."""
    made = linking(tiles, new)
    return numbers(made.links), numbers(made.moved)


def test_dates_are_linked_in_their_order() -> None:
    """The first is the root and the reference of the others."""
    assert found([], to_come(2), to_come(0), to_come(1)) == (
        {0: (None, None), 1: (0, 0), 2: (1, 0)},
        {},
    )


def test_a_new_date_joins_at_the_end() -> None:
    """Whatever has happened to those before."""
    assert found(chain(DONE, PENDING, NEW), to_come(4)) == ({4: (3, 1)}, {})


def test_a_date_is_inserted_before_one_that_waits() -> None:
    """Which then names it."""
    tiles = [there(1, DONE), there(3, NEW, 1, 1)]
    assert found(tiles, to_come(2)) == ({2: (1, 1)}, {3: (2, 1)})


def test_what_has_started_keeps_its_links() -> None:
    """The new one has the one before as previous, and it is said whose it is not."""
    tiles = [there(1, DONE), there(3, PENDING, 1, 1)]
    made = linking(tiles, [to_come(2)])
    assert (numbers(made.links), made.moved) == ({2: (1, 1)}, {})
    assert made.before_started == {ref(2): ref(3)}


def test_a_date_before_a_root_that_waits_becomes_the_root() -> None:
    """And the reference of all."""
    assert found(chain(NEW, NEW, NEW), to_come(0)) == (
        {0: (None, None)},
        {1: (0, 0), 2: (1, 0), 3: (2, 0)},
    )


def test_a_date_before_a_root_that_has_started_has_no_previous() -> None:
    """It has the root as reference, and that is said."""
    made = linking(chain(PENDING, NEW), [to_come(0)])
    assert (numbers(made.links), made.moved) == ({0: (None, 1)}, {})
    assert (made.before_root, made.before_started) == ({ref(0): ref(1)}, {})


def test_failed_tiles_are_skipped() -> None:
    """They are linked to by nobody, but tell that two bursts are one."""
    tiles = [
        there(0, DONE, burst="A44_IW1_100"),
        there(1, Status.FAILED, burst="A44_IW1_104"),
        there(2, burst="A44_IW1_108"),
    ]
    tiles[2] = replace(tiles[2], previous=tiles[0].link, reference=tiles[0].link)
    made = linking(tiles, [to_come(3, a_new_tile("A44_IW1_108"))])
    assert numbers(made.links) == {3: (2, 0)}


def test_given_links_are_kept() -> None:
    """Of new tiles, and of those that were there: those after them are linked to them."""
    given = a_new_tile(previous=ref(1), reference=ref(1))
    assert found(chain(DONE, NEW), to_come(3, given), to_come(4)) == ({4: (3, 1)}, {})
    tiles = [*chain(NEW, NEW), there(4, NEW, 1, 1)]
    assert found(tiles, to_come(3)) == ({3: (2, 1)}, {})


def test_who_names_other_footprints_is_linked_to_by_nobody() -> None:
    """Nor who names a later tile: circles could come of it."""
    other = replace(there(2), previous=a_tile(0, "T32UNG").link)
    assert found([*chain(NEW), other], to_come(3)) == ({3: (1, 1)}, {})
    given = a_new_tile(previous=ref(4))
    assert found(
        chain(NEW), to_come(2, given), to_come(3), to_come(4, a_new_tile(previous=ref(3)))
    ) == (
        {3: (1, 1)},
        {},
    )


def test_a_tile_that_given_links_name_from_before_stays_without_links() -> None:
    """Else it would name, by way of its previous, itself."""
    given = a_new_tile(reference=ref(3))
    assert found([], to_come(1, given), to_come(2), to_come(3)) == ({2: (1, 1)}, {})


def test_what_an_earlier_tile_names_stays_without_links() -> None:
    """A root that was forced back to NEW, while a tile before it has started."""
    tiles = [there(0, DONE, None, 1), there(1, NEW)]
    made = linking(tiles, [to_come(2)])
    assert (numbers(made.links), made.moved) == ({2: (1, 1)}, {})


@pytest.mark.parametrize(("status", "moved"), [(DONE, {}), (PENDING, {4: (3, 1)})])
def test_nobody_is_relinked_to_what_is_done(status: Status, moved: dict[int, Numbers]) -> None:
    """Two chains become one: who waits for DONE ones only would be ready, and nobody told."""
    tiles = [
        there(1, DONE, burst="A44_IW1_100"),
        there(2, PENDING, burst="A44_IW1_108"),
        there(3, status, 1, 1, burst="A44_IW1_100"),
        there(4, NEW, 2, 2, burst="A44_IW1_108"),
    ]
    assert found(tiles, to_come(5, a_new_tile("A44_IW1_104"))) == ({5: (4, 1)}, moved)


def test_two_scenes_of_one_date_are_in_the_order_of_their_names() -> None:
    """Both are in the chain: so any order of requests makes the same."""
    first = replace(a_new_scene(1, [a_new_tile()]), source_id="S1A_1")
    second = replace(first, source_id="S1A_2")
    placed = [(second, second.tiles[0]), (first, first.tiles[0])]
    made = linking([], placed)
    assert made.links[TileRef(BURST, "S1A_2")][0] == TileRef(BURST, "S1A_1")
    assert with_links(first, made.links) == first
    assert with_links(second, made.links).tiles[0].reference == TileRef(BURST, "S1A_1")


def test_nothing_is_linked_where_nothing_comes() -> None:
    """Other footprints are left alone, whatever is there."""
    assert linking(chain(NEW, NEW), [to_come(3, a_new_tile("T32UNG"))]).moved == {}
    assert linking(chain(NEW, NEW), []) == Linking()
