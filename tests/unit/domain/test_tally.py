from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from tests.builders import AOI, NEIGHBOUR, a_scene, a_tile, date_of
from tileweave.domain.draft import Edit
from tileweave.domain.model import Document
from tileweave.domain.status import Status
from tileweave.domain.tally import Totals, increments

ORDER = [Status.RETRY, Status.PENDING, Status.NEW, Status.DONE, Status.FAILED]


def every_mix() -> list[tuple[Status, ...]]:
    """Return all sets of statuses, the empty one included."""
    return [mix for size in range(6) for mix in combinations(Status, size)]


def totals_of(*documents: Document) -> Totals:
    """Return the totals of an AOI to which these were added."""
    added = increments(Edit(None, each) for each in documents)
    return Totals(added[0].counts, min(added[0].dates), max(added[0].dates))


@pytest.mark.parametrize("scenes", [mix for mix in every_mix() if mix])
def test_the_first_of_the_scenes_statuses_is_the_aoi_s(scenes: tuple[Status, ...]) -> None:
    """RETRY before PENDING before NEW before DONE before FAILED, as long as there are no tiles."""
    totals = totals_of(*(a_scene(n, status=each) for n, each in enumerate(scenes)))

    assert totals.status is next(each for each in ORDER if each in scenes)


@pytest.mark.parametrize("tiles", [mix for mix in every_mix() if mix])
@pytest.mark.parametrize("failed_scene", [False, True])
def test_the_tiles_decide_once_the_scenes_are_done(
    tiles: tuple[Status, ...], *, failed_scene: bool
) -> None:
    """The first status that a tile of the DONE scenes has; those of a FAILED scene do not count."""
    documents: list[Document] = [a_tile(n, status=each) for n, each in enumerate(tiles)]
    ids = tuple(each.id for each in documents)
    documents.append(a_scene(0, status=Status.DONE, tile_ids=ids))
    if failed_scene:
        cut = a_tile(9, status=Status.FAILED)
        documents += [cut, a_scene(9, status=Status.FAILED, tile_ids=(cut.id,))]

    totals = totals_of(*documents)

    assert totals.status is next(each for each in ORDER if each in tiles)


@pytest.mark.parametrize("scene", [Status.RETRY, Status.PENDING, Status.NEW])
@pytest.mark.parametrize("tile", list(Status))
def test_tiles_do_not_count_before_the_scenes_are_done(scene: Status, tile: Status) -> None:
    """A scene that is not there yet comes first."""
    first, second = a_tile(0, status=tile), a_tile(1)
    done = a_scene(0, status=Status.DONE, tile_ids=(first.id,))
    other = a_scene(1, status=scene, tile_ids=(second.id,))

    assert totals_of(first, second, done, other).status is scene


def test_an_empty_aoi_is_new() -> None:
    assert Totals({}).status is Status.NEW


def test_done_scenes_without_tiles_make_a_done_aoi() -> None:
    """Also beside a FAILED scene with tiles."""
    cut = a_tile(1, status=Status.FAILED)
    failed = a_scene(1, status=Status.FAILED, tile_ids=(cut.id,))

    assert totals_of(a_scene(0, status=Status.DONE)).status is Status.DONE
    assert totals_of(a_scene(0, status=Status.DONE), failed, cut).status is Status.DONE


def test_failed_scenes_alone_make_a_failed_aoi() -> None:
    """Whatever became of their tiles."""
    tile = a_tile(status=Status.DONE)

    assert totals_of(a_scene(status=Status.FAILED, tile_ids=(tile.id,)), tile).status is (
        Status.FAILED
    )


def test_counts_that_went_up_and_down_again_are_no_scenes() -> None:
    """Totals keep names whose count is 0."""
    assert Totals({"scenes_RETRY": 0, "scenes_DONE": 2}).status is Status.DONE


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("after", list(Status))
def test_a_status_change_moves_one_from_one_count_to_the_other(
    before: Status, after: Status
) -> None:
    """A tile among the tiles, a scene among the scenes, with all of its tiles."""
    tile = a_tile(status=before)
    scene = a_scene(status=before, tile_ids=(1, 2, 3))
    edits = [Edit(each, replace(each, status=after)) for each in (tile, scene)]

    [added] = increments(edits) or [None]

    if before is after:
        assert added is None
        return
    assert added is not None
    assert added.aoi == AOI
    assert added.dates == ()
    roots = {Status.FAILED: {"roots": 1}}.get(before, {Status.FAILED: {"roots": -1}}.get(after, {}))
    assert added.counts == {
        f"tiles_{before}": -1,
        f"tiles_{after}": 1,
        f"scenes_{before}": -1,
        f"scenes_{after}": 1,
        f"scene_tiles_{before}": -3,
        f"scene_tiles_{after}": 3,
        **roots,
    }


def test_a_tile_that_gets_or_loses_its_only_link_changes_the_roots() -> None:
    """Whatever its links name: a root has neither previous nor reference."""
    root, other = a_tile(0), a_tile(0, NEIGHBOUR).link
    by_previous, by_reference = replace(root, previous=other), replace(root, reference=other)

    assert increments([Edit(root, by_previous)])[0].counts == {"roots": -1}
    assert increments([Edit(by_reference, root)])[0].counts == {"roots": 1}
    assert increments([Edit(by_previous, by_reference)]) == ()


def test_an_added_scene_widens_the_span_of_dates() -> None:
    """Its date, and no tile's."""
    scene, tile = a_scene(4), a_tile(4)

    [added] = increments([Edit(None, scene), Edit(None, tile)])

    assert added.dates == (date_of(4),)


def test_each_aoi_gets_its_own_increments() -> None:
    """One commit may touch several."""
    here, there = a_tile(), replace(a_tile(), aoi="Elsewhere")

    added = increments([Edit(None, here), Edit(None, there), Edit(None, replace(there, id=7))])

    assert [(each.aoi, each.counts["tiles_NEW"]) for each in added] == [(AOI, 1), ("Elsewhere", 2)]


@pytest.mark.parametrize(
    ("statuses", "progress"),
    [
        ([], 0.0),
        ([Status.NEW, Status.PENDING, Status.RETRY], 0.0),
        ([Status.DONE, Status.NEW], 0.5),
        ([Status.DONE, Status.FAILED], 1.0),
        ([Status.FAILED, Status.NEW, Status.PENDING], 0.3333),
    ],
)
def test_progress_is_the_share_that_came_to_an_end(statuses: list[Status], progress: float) -> None:
    """Scenes and tiles that are DONE or FAILED, of all."""
    documents = [a_tile(number, status=each) for number, each in enumerate(statuses)]
    added = increments(Edit(None, each) for each in documents)

    assert Totals(added[0].counts if added else {}).progress == progress
