"""Decisions that come too late: what they were about has been taken back, or done, since."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_scene, a_tile
from tileweave.domain.decisions import fail_with_scene, finish_relink, relink
from tileweave.domain.draft import Draft
from tileweave.domain.status import Status

LIVE = [each for each in Status if each is not Status.FAILED]


@pytest.mark.parametrize("status", LIVE)
def test_a_tile_that_is_not_failed_any_more_is_not_cut_out(status: Status) -> None:
    """It keeps its dependants, and elects no heir."""
    root = a_tile(0, status=status)
    tile = a_tile(1, previous=root.link, reference=root.link)
    draft = Draft({root.key: root, tile.key: tile}, NOW)

    relink(draft, root.id, [tile.id])
    finish_relink(draft, root.id)

    assert draft.edits == ()


@pytest.mark.parametrize("status", LIVE)
def test_a_scene_that_is_not_failed_any_more_takes_no_tile_with_it(status: Status) -> None:
    """Though it was when its update was taken up."""
    tile = a_tile()
    scene = a_scene(status=status, tile_ids=(tile.id,))
    draft = Draft({scene.key: scene, tile.key: tile}, NOW)

    assert fail_with_scene(draft, scene, [tile.id]) == []
    assert draft.edits == ()
