"""Decisions that come too late: what they were about has been taken back, or done, since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW, a_scene, a_tile
from tileweave.domain.decisions import fail_with_scene, finish_relink, relink, take_result
from tileweave.domain.draft import Draft
from tileweave.domain.incoming import Result
from tileweave.domain.model import Document
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


def test_a_scene_that_takes_its_tiles_with_it_is_guarded() -> None:
    """If somebody takes it back before the commit, its tiles do not fail."""
    tile = a_tile()
    scene = a_scene(status=Status.FAILED, tile_ids=(tile.id,))
    draft = Draft({scene.key: scene, tile.key: tile}, NOW)

    fail_with_scene(draft, scene, [tile.id])

    assert draft.guards == (scene.key,)


def test_a_retry_that_waits_for_a_dependency_is_guarded_by_it() -> None:
    """What becomes DONE before the commit has looked for NEW tiles, and not found this one."""
    root = a_tile(0, status=Status.RETRY, attempt=1)
    tile = replace(
        a_tile(1, status=Status.PENDING, attempt=1, retry_countdown=1),
        previous=root.link,
    )
    scenes = [a_scene(number, status=Status.DONE) for number in (0, 1)]
    documents: list[Document] = [root, tile, *scenes]
    draft = Draft({each.key: each for each in documents}, NOW)

    take_result(draft, Result(type="tile", id=tile.id, status=Status.RETRY))

    assert draft.tile(tile.id).status is Status.NEW
    assert set(draft.guards) == {root.key, scenes[1].key}
