"""What a decision changes, and what it only seems to."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import NOW, a_tile
from tileweave.domain.draft import Draft, Edit


def test_what_is_again_as_it_was_read_is_no_edit() -> None:
    """Firestore has no update that changes nothing."""
    tile = a_tile()
    draft = Draft({tile.key: tile}, NOW)

    draft.put(replace(tile, next=(1,)))
    draft.put(replace(draft.tile(tile.id), next=()))

    assert draft.edits == ()
    assert draft.tile(tile.id) == tile


def test_what_is_created_is_an_edit() -> None:
    """However often it is put."""
    tile = a_tile()
    draft = Draft({tile.key: None}, NOW)

    draft.put(tile)
    draft.put(tile)

    assert draft.edits == (Edit(None, tile),)
