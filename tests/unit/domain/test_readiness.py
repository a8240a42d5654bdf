from __future__ import annotations

from itertools import product

import pytest

from tests.builders import NEIGHBOUR, NOW, a_scene, a_tile
from tileweave.domain.draft import Draft
from tileweave.domain.model import Document, Tile
from tileweave.domain.readiness import hand_out_ready, waits_for
from tileweave.domain.status import Status

ANY_OR_ABSENT = [None, *Status]
DONE_OR_ABSENT = (None, Status.DONE)


def a_draft(
    scene: Status | None, previous: Status | None, reference: Status | None
) -> tuple[Draft, Tile]:
    """Return a NEW tile among a scene, previous and reference of these statuses, or without."""
    first, second = (
        a_tile(0, status=previous or Status.DONE),
        a_tile(1, NEIGHBOUR, status=reference or Status.DONE),
    )
    tile = a_tile(
        2,
        previous=first.link if previous else None,
        reference=second.link if reference else None,
    )
    its_scene = a_scene(2, status=scene or Status.DONE)
    others = [a_scene(0, status=Status.DONE), a_scene(1, status=Status.DONE)]
    documents: list[Document] = [tile, first, second, *others]
    known = {each.key: each for each in documents}
    return Draft({**known, its_scene.key: its_scene if scene else None}, NOW), tile


@pytest.mark.parametrize(("scene", "previous", "reference"), list(product(ANY_OR_ABSENT, repeat=3)))
def test_a_tile_is_handed_out_when_all_it_depends_on_is_done(
    scene: Status | None, previous: Status | None, reference: Status | None
) -> None:
    """Its scene must be DONE, its previous and its reference each DONE or absent."""
    draft, tile = a_draft(scene, previous, reference)

    hand_out_ready(draft, [tile.id])

    ready = scene is Status.DONE and previous in DONE_OR_ABSENT and reference in DONE_OR_ABSENT
    assert draft.tile(tile.id).status is (Status.PENDING if ready else Status.NEW)
    assert len(draft.edits) == int(ready)


@pytest.mark.parametrize(
    ("scene", "previous", "reference", "said"),
    [
        (Status.DONE, Status.DONE, Status.DONE, []),
        (Status.DONE, None, None, []),
        (Status.RETRY, None, None, ["scene {2} is RETRY"]),
        (None, None, None, ["scene {2} does not exist"]),
        (Status.DONE, Status.PENDING, Status.DONE, ["previous {0} is PENDING"]),
        (Status.DONE, Status.DONE, Status.NEW, ["reference {1} is NEW"]),
        (
            Status.FAILED,
            Status.NEW,
            Status.RETRY,
            ["scene {2} is FAILED", "previous {0} is NEW", "reference {1} is RETRY"],
        ),
    ],
)
def test_what_a_tile_waits_for_is_said_in_words(
    scene: Status | None, previous: Status | None, reference: Status | None, said: list[str]
) -> None:
    """Each of what it waits for, with its id and its status."""
    ids = (a_tile(0).id, a_tile(1, NEIGHBOUR).id, a_scene(2).id)
    draft, tile = a_draft(scene, previous, reference)

    assert list(waits_for(draft, tile)) == [each.format(*ids) for each in said]


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.NEW])
def test_only_a_new_tile_is_handed_out(status: Status) -> None:
    """However ready the others would be."""
    tile = a_tile(status=status, attempt=1)
    scene = a_scene(status=Status.DONE)
    draft = Draft({tile.key: tile, scene.key: scene}, NOW)

    assert hand_out_ready(draft, [tile.id]) == []
    assert draft.edits == ()


def test_a_tile_that_does_not_exist_is_passed_over() -> None:
    """Its AOI may have been deleted."""
    gone = a_tile()
    draft = Draft({gone.key: None}, NOW)

    assert hand_out_ready(draft, [gone.id]) == []


def test_a_tile_whose_previous_does_not_exist_waits() -> None:
    """What is not there is not DONE."""
    gone = a_tile(0)
    tile = a_tile(1, previous=gone.link)
    scene = a_scene(1, status=Status.DONE)
    draft = Draft({tile.key: tile, scene.key: scene, gone.key: None, a_scene(0).key: None}, NOW)

    assert hand_out_ready(draft, [tile.id]) == []
    assert waits_for(draft, tile) == (f"previous {gone.id} does not exist",)
