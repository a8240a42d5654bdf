"""Add scenes whose tiles are linked by themselves: each chain as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from tileweave.domain import ingestion
from tileweave.domain.acquisitions import duplicates
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotFound, Problem
from tileweave.domain.fences import pass_fence
from tileweave.domain.groups import Group, groups
from tileweave.domain.ingestion import Names, NewScene, TileRef
from tileweave.domain.linking import Linking, Links, linking, with_links
from tileweave.domain.model import Link
from tileweave.domain.relink import relinked
from tileweave.domain.whole_scenes import with_own_tiles
from tileweave.usecases.add_scene import Together, add_together
from tileweave.usecases.add_scenes import (
    NONE_REFUSED,
    Fate,
    Outcome,
    outcome_of,
    pieces_of,
    see_that_it_is_there,
)
from tileweave.usecases.carry_out import retrying
from tileweave.usecases.check_chain import Checked, Problems, Refused, check_chain
from tileweave.usecases.ports import Services
from tileweave.usecases.survey import Survey, survey

MOST_MOVED = 2_000
"""Waiting tiles that a call links anew: they are written together with those that come."""


@dataclass
class Work:
    """A group to add: how often that was tried, what was added, and what is to be said of it."""

    services: Services
    names: Names
    group: Group
    refused: Refused
    tries: int = 0
    added: set[str] = field(default_factory=set)
    notes: dict[str, Problems] = field(default_factory=dict)

    def survey(self) -> Survey:
        """Look again at what is there."""
        return survey(self.services, self.names, self.group.scenes, again=True)

    def doubles(self, found: Survey) -> dict[str, str]:
        """Return which scenes are not to be added, each with the one that stands for it."""
        return duplicates(self.group.scenes, found.scenes)

    def without_doubles(self, found: Survey) -> list[NewScene]:
        """Return the scenes that are to be added, or are there."""
        doubles = self.doubles(found)
        return [each for each in self.group.scenes if each.source_id not in doubles]


def link_scenes(
    services: Services,
    aoi: str,
    scenes: Sequence[NewScene],
    refused: Refused = NONE_REFUSED,
    their_tiles: Refused = NONE_REFUSED,
) -> list[Outcome]:
    """Add scenes in any order, no name twice; return what became of each, in the same order.

    Tiles without links are linked to those of their footprint by date, whether these come with them
    or were there; a scene without tiles is one. All scenes of a chain are checked before any is
    added. `refused` as for add_scenes; `their_tiles` names their tiles. Raises NotFound.
    """
    names = names_of(services, aoi)
    whole = [with_own_tiles(each) for each in scenes]
    first = survey(services, names, whole)
    outcomes: dict[str, Outcome] = {}
    for group in groups(whole, (each.source_id for each in first.tiles), their_tiles):
        work = Work(services, names, group, refused)
        outcomes |= {each.source_id: each for each in retrying(partial(_add_group, work, first))}
    return [outcomes[each.source_id] for each in scenes]


def names_of(services: Services, aoi: str) -> Names:
    """Return where the ids of an AOI come from. Raises NotFound."""
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    return Names(aoi, found.generation)


def _add_group(work: Work, first: Survey) -> list[Outcome]:
    """Add a group, or what is left of it; at the first try by what was found for all of them."""
    work.tries += 1
    found = first if work.tries == 1 else work.survey()
    checked = check(work, found)
    if checked.wrong and found is first:  # nothing is refused by what was not read
        found = work.survey()
        checked = check(work, found)
    if not checked.wrong:
        _add(work, checked, found)
    elif work.added:
        see_that_it_is_there(work.services, work.names)
    return outcomes_of(work, checked, found)


def check(work: Work, found: Survey) -> Checked:
    """Check all scenes of a group but its duplicates; change nothing."""
    scenes = work.without_doubles(found)
    keys = set().union(*(ingestion.keys_of(work.names, each) for each in scenes))
    decide = partial(check_chain, work.names, scenes, work.refused, work.added)
    checked = found.reading.draft(decide, keys)[0]
    because = (Problem("source_id", "it is refused"),)
    wrong = {**dict.fromkeys(work.group.refused, because), **checked.wrong}
    if not wrong and not work.added:
        wrong = _too_many(checked, found)
    return replace(checked, wrong=wrong)


def _too_many(checked: Checked, found: Survey) -> dict[str, Problems]:
    new = [each for unit in checked.units for each in unit]
    plan = found.reading.draft(partial(plan_of, new, found, ()), ())[0]
    if len(plan.moved) <= MOST_MOVED:
        return {}
    said = f"{len(plan.moved)} tiles that wait would be linked anew, more than {MOST_MOVED}"
    return {each.source_id: (Problem("tiles", said),) for each in new}


def plan_of(
    scenes: Iterable[NewScene], found: Survey, added: Iterable[int], draft: Draft
) -> Linking:
    """Return how the tiles of scenes are linked, beside those that were found and added since."""
    there = draft.find_tiles([*(each.id for each in found.tiles), *added])
    return linking(there, [(new, tile) for new in scenes for tile in new.tiles])


def _add(work: Work, checked: Checked, found: Survey) -> None:
    """Add the scenes, a piece a commit, each linked to what is there by then."""
    new = [each for unit in checked.units for each in unit]
    promised = next((each for each in reversed(new) if each.tiles), None)
    added: list[int] = []
    for piece in pieces_of(checked):
        plan = found.reading.draft(partial(plan_of, piece, found, added), ())[0]
        besides = partial(move, work.names, plan.moved, found.tracks)
        linked = [with_links(each, plan.links) for each in piece]
        together = Together(linked, checked.late, promised, besides)
        add_together(found.reading, work.names, together)
        work.added.update(each.source_id for each in piece)
        work.notes |= notes_of(piece, plan)
        added += [work.names.tile(ref) for each in piece for ref in ingestion.refs_of(each)]


def move(names: Names, moved: Mapping[TileRef, Links], tracks: Iterable[str], draft: Draft) -> None:
    """Give waiting tiles their new links, and pass the fences."""
    for track in tracks:
        pass_fence(draft, names, track)
    for ref, links in moved.items():
        previous, reference = (_link(names, each, draft) for each in links)
        relinked(draft, draft.tile(names.tile(ref)), previous, reference)


def _link(names: Names, ref: TileRef | None, draft: Draft) -> Link | None:
    return None if ref is None else draft.tile(names.tile(ref)).link


def notes_of(scenes: Iterable[NewScene], plan: Linking) -> dict[str, Problems]:
    """Return what is to be said of scenes that came too late for the chain they should be in."""
    found = {}
    for new in scenes:
        refs = ingestion.refs_of(new)
        started = [plan.before_started[each] for each in refs if each in plan.before_started]
        roots = [plan.before_root[each] for each in refs if each in plan.before_root]
        found[new.source_id] = (
            *_note(started, "keeps its links, as it has started or was given them"),
            *_note(roots, "is earlier in the chain, has started, and stays its root"),
        )
    return {name: notes for name, notes in found.items() if notes}


def _note(others: Sequence[TileRef], said: str) -> Problems:
    if not others:
        return ()
    first = others[0]
    named = f"tile {first.source_id} of scene {first.scene_source_id}"
    many = f" ({len(others)} such tiles)" if len(others) > 1 else ""
    return (Problem("tiles", f"{named} {said}{many}"),)


def outcomes_of(work: Work, checked: Checked, found: Survey) -> list[Outcome]:
    """Return what became of the scenes of a group."""
    told: dict[str, Outcome] = {}
    for new in work.without_doubles(found):
        outcome = outcome_of(work.names, new, checked, work.added)
        notes = outcome.problems + work.notes.get(new.source_id, ())
        told[new.source_id] = replace(outcome, problems=notes)
    for name, other in work.doubles(found).items():
        told[name] = _double(name, other, told.get(other), work.names)
    return [told[each.source_id] for each in work.group.scenes]


def _double(name: str, other: str, stands: Outcome | None, names: Names) -> Outcome:
    """Return what became of a duplicate: it is known as the scene that stands for it."""
    if stands is not None and stands.fate is Fate.REFUSED:
        because = f"scene {other}, the newest of its acquisition, is refused"
        return Outcome(name, Fate.REFUSED, None, (Problem("source_id", because),))
    said = f"it is the same acquisition as scene {other}, which stands for it"
    return Outcome(name, Fate.KNOWN, names.scene(other), (Problem("source_id", said),))
