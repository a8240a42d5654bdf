"""Plan the automatic links of scenes, and carry the plan out: decisions on what was surveyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tileweave.domain.draft import Draft
from tileweave.domain.fences import pass_fence
from tileweave.domain.ingestion import Names, NewScene, TileRef
from tileweave.domain.linking import Linking, Links, linking
from tileweave.domain.model import Link
from tileweave.domain.relink import relinked
from tileweave.usecases.survey import Survey


def plan_of(
    scenes: Iterable[NewScene], found: Survey, added: Iterable[int], draft: Draft
) -> Linking:
    """Return how the tiles of scenes are linked, beside those that were found and added since."""
    there = draft.find_tiles([*(each.id for each in found.tiles), *added])
    return linking(there, [(new, tile) for new in scenes for tile in new.tiles])


def move(names: Names, moved: Mapping[TileRef, Links], tracks: Iterable[str], draft: Draft) -> None:
    """Give waiting tiles their new links, and pass the fences."""
    for track in tracks:
        pass_fence(draft, names, track)
    for ref, links in moved.items():
        previous, reference = (_link(names, each, draft) for each in links)
        relinked(draft, draft.tile(names.tile(ref)), previous, reference)


def _link(names: Names, ref: TileRef | None, draft: Draft) -> Link | None:
    return None if ref is None else draft.tile(names.tile(ref)).link
