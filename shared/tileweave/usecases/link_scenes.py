"""Add scenes whose tiles are linked by themselves: each chain as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from tileweave.domain import ingestion
from tileweave.domain.errors import NotFound, Problem
from tileweave.domain.fences import tracks_of
from tileweave.domain.groups import Group, groups
from tileweave.domain.ingestion import Names, NewScene
from tileweave.domain.linking import with_links
from tileweave.domain.whole_scenes import with_own_tiles
from tileweave.usecases.add_scene import Together, add_together
from tileweave.usecases.add_scenes import (
    NONE_REFUSED,
    NOT_AT_ONCE,
    Outcome,
    in_commits,
    pieces_of,
    see_that_it_is_there,
)
from tileweave.usecases.carry_out import retrying
from tileweave.usecases.check_chain import Checked, Problems, Refused, check_chain
from tileweave.usecases.give_up import give_up
from tileweave.usecases.group_work import Work, notes_of, outcomes_of
from tileweave.usecases.plan_links import move, plan_of
from tileweave.usecases.ports import Services
from tileweave.usecases.survey import Survey, survey

MOST_MOVED = 2_000
"""Waiting tiles that a call links anew: they are written together with those that come."""


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
    every = groups(whole, (each.source_id for each in first.tiles), their_tiles)
    for some in in_commits(every, lambda group: group.scenes):
        told = _at_once(services, names, some, refused, first) if len(some) > 1 else {}
        for group in (each for each in some if each.scenes[0].source_id not in told):
            work = Work(services, names, group, refused)
            told |= {each.source_id: each for each in retrying(partial(_add_group, work, first))}
        outcomes |= told
    return [outcomes[each.source_id] for each in scenes]


def _at_once(
    services: Services, names: Names, some: Sequence[Group], refused: Refused, found: Survey
) -> dict[str, Outcome]:
    """Add groups by one commit; return what became of those with which that can be done.

    The others are to be added one by one: those that are wrong, or there in part, and all of them
    if they are too much, if somebody was quicker, or nobody answered. Raises NotFound.
    """
    work = Work(services, names, _joined(some), refused)
    checked = check(work, found)
    right = [each for each in some if _is_whole(each, checked)]
    if len(right) < len(some):
        work = Work(services, names, _joined(right), refused)
        checked = check(work, found)
    if checked.wrong or checked.late:
        return {}
    try:
        _add(work, checked, found)
    except NOT_AT_ONCE:
        return {}
    _give_up(work, found)
    return {each.source_id: each for each in outcomes_of(work, checked, found)}


def _joined(some: Sequence[Group]) -> Group:
    """Return groups as one."""
    scenes = [new for each in some for new in each.scenes]
    return Group(scenes, [name for each in some for name in each.refused])


def _is_whole(group: Group, checked: Checked) -> bool:
    """Whether all of a group is to be added, or all of it is there."""
    own = {each.source_id for each in group.scenes}
    new = {each.source_id for unit in checked.units for each in unit}
    wrong = group.refused or not own.isdisjoint(checked.wrong)
    return not wrong and (own.isdisjoint(new) or own.isdisjoint(checked.known))


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
        _give_up(work, found)
    elif work.added:
        see_that_it_is_there(work.services, work.names)
    return outcomes_of(work, checked, found)


def _give_up(work: Work, found: Survey) -> None:
    """Give up older versions of what was added: last, so that one of them is there all the time."""
    outdated = work.outdated(found)
    for scene in found.scenes:
        if scene.id in outdated:
            give_up(work.services, scene, outdated[scene.id])


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


def _add(work: Work, checked: Checked, found: Survey) -> None:
    """Add the scenes, a piece a commit, each linked to what is there by then."""
    new = [each for unit in checked.units for each in unit]
    promised = next((each for each in reversed(new) if each.tiles), None)
    tracks = tracks_of(tile.source_id for each in work.group.scenes for tile in each.tiles)
    added: list[int] = []
    for piece in pieces_of(checked):
        plan = found.reading.draft(partial(plan_of, piece, found, added), ())[0]
        besides = partial(move, work.names, plan.moved, tracks)
        linked = [with_links(each, plan.links) for each in piece]
        together = Together(linked, checked.late, promised, besides)
        add_together(found.reading, work.names, together)
        work.added.update(each.source_id for each in piece)
        work.notes |= notes_of(piece, plan)
        added += [work.names.tile(ref) for each in piece for ref in ingestion.refs_of(each)]
