"""What adding scenes would make, without making it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from tileweave.domain import batches, ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.groups import groups
from tileweave.domain.ingestion import Names, NewScene, TileRef
from tileweave.domain.linking import Links, with_links
from tileweave.domain.model import Link, Scene, Tile
from tileweave.domain.readiness import hand_out_ready, links_of
from tileweave.domain.relink import follow
from tileweave.domain.status import Status
from tileweave.domain.whole_scenes import with_own_tiles
from tileweave.usecases.add_scenes import NONE_REFUSED, Outcome, outcome_of
from tileweave.usecases.carry_out import Reading
from tileweave.usecases.check_chain import Checked, Refused, check_chain
from tileweave.usecases.group_work import Work, notes_of, outcomes_of
from tileweave.usecases.link_scenes import check, names_of
from tileweave.usecases.plan_links import move, plan_of
from tileweave.usecases.ports import Services
from tileweave.usecases.survey import Survey, look

NONE_MOVED: Mapping[TileRef, Links] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What became of each scene, those that were added with their tiles, and whose links changed.

    `moved`: tiles that were there, as they were and as they would be.
    """

    outcomes: Sequence[Outcome]
    scenes: Sequence[tuple[Scene, Sequence[Tile]]]
    moved: Sequence[tuple[Tile, Tile]]


def foresee_scenes(
    services: Services, aoi: str, scenes: Sequence[NewScene], refused: Refused = NONE_REFUSED
) -> Foreseen:
    """Return what `add_scenes` would make. Raises NotFound."""
    names = names_of(services, aoi)
    return _foreseen(
        scenes,
        [_chain(Reading(services), names, each, refused) for each in batches.chains(scenes)],
    )


def foresee_linked(
    services: Services,
    aoi: str,
    scenes: Sequence[NewScene],
    refused: Refused = NONE_REFUSED,
    their_tiles: Refused = NONE_REFUSED,
) -> Foreseen:
    """Return what `link_scenes` would make. Raises NotFound."""
    names = names_of(services, aoi)
    whole = [with_own_tiles(each) for each in scenes]
    found = look(services, names, whole, again=True)
    every = groups(whole, (each.source_id for each in found.tiles), their_tiles)
    return _foreseen(
        scenes, [_group(Work(services, names, each, refused), found) for each in every]
    )


def _foreseen(scenes: Iterable[NewScene], parts: Iterable[Foreseen]) -> Foreseen:
    """Return the parts as one, the outcomes in the order of the scenes."""
    every = list(parts)
    outcomes = {each.source_id: each for part in every for each in part.outcomes}
    return Foreseen(
        outcomes=[outcomes[each.source_id] for each in scenes],
        scenes=[each for part in every for each in part.scenes],
        moved=[each for part in every for each in part.moved],
    )


def _chain(reading: Reading, names: Names, chain: Sequence[NewScene], refused: Refused) -> Foreseen:
    keys = set().union(*(ingestion.keys_of(names, each) for each in chain))
    checked = reading.draft(partial(check_chain, names, chain, refused, ()), keys)[0]
    added = _added(checked)
    made = reading.draft(partial(_made, names, added), ())[0]
    outcomes = [
        outcome_of(names, each, checked, [new.source_id for new in added]) for each in chain
    ]
    return Foreseen(outcomes, *made)


def _group(work: Work, found: Survey) -> Foreseen:
    checked = check(work, found)
    added = _added(checked)
    made = found.reading.draft(partial(_linked, work, added, found), ())[0]
    work.added.update(each.source_id for each in added)
    return Foreseen(outcomes_of(work, checked, found), *made)


def _added(checked: Checked) -> list[NewScene]:
    return [] if checked.wrong else [each for unit in checked.units for each in unit]


_Made = tuple[list[tuple[Scene, Sequence[Tile]]], list[tuple[Tile, Tile]]]


def _linked(work: Work, added: Sequence[NewScene], found: Survey, draft: Draft) -> _Made:
    """Link and make scenes, past what is FAILED and will have been cut out by then."""
    tiles = draft.find_tiles(each.id for each in found.tiles)
    failed = {each.id for each in tiles if each.status is Status.FAILED}
    live = [each for each in tiles if each.id not in failed]
    named = [each for each in live if any(link.tile_id in failed for link in links_of(each))]
    for tile in named:
        follow(draft, draft.tile(tile.id))
    hand_out_ready(draft, [each.id for each in named])
    plan = plan_of(added, found, (), draft)
    work.notes |= notes_of(added, plan)
    return _made(work.names, [with_links(each, plan.links) for each in added], draft, plan.moved)


def _made(
    names: Names,
    added: Sequence[NewScene],
    draft: Draft,
    moved: Mapping[TileRef, Links] = NONE_MOVED,
) -> _Made:
    """Make scenes in a draft that nobody commits; return them, and the tiles linked anew."""
    ingestion.add_tiles(draft, names, ingestion.in_order(*added))
    scenes = [ingestion.add_scene(draft, names, each) for each in added]
    move(names, moved, (), draft)
    edits = [(each.before, each.after) for each in draft.edits]
    tiles = [
        (before, after)
        for before, after in edits
        if isinstance(before, Tile) and isinstance(after, Tile) and not before.staged
    ]
    return (
        [(each, draft.find_tiles(each.tile_ids)) for each in scenes],
        [(old, new) for old, new in tiles if _links(old) != _links(new)],
    )


def _links(tile: Tile) -> tuple[Link | None, Link | None]:
    return tile.previous, tile.reference
