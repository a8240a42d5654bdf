"""Add many scenes: each chain of them as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from tileweave.domain import batches, ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import IdCollision, Invalid, NotFound, Problem
from tileweave.domain.ingestion import Names, NewScene
from tileweave.usecases.add_scene import MOST_BYTES_A_COMMIT, add_scene, weight_of
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.ports import Services


class Fate(StrEnum):
    """What became of a scene."""

    ADDED = "added"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene, and why it was refused."""

    source_id: str
    fate: Fate
    id: int | None = None
    problems: tuple[Problem, ...] = ()


Refusals = dict[str, tuple[Problem, ...]]
"""Why scenes are refused, by source id."""


def add_scenes(
    services: Services, aoi: str, scenes: Sequence[NewScene], refused: Refusals | None = None
) -> list[Outcome]:
    """Add scenes in any order; return what became of each, those `refused` before included.

    All scenes of a chain (scenes that name each other, directly or not) are checked before any
    is added: if one is refused, all are. A repeated call adds what is missing. Raises NotFound.
    """
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    before = refused or {}
    outcomes = [Outcome(name, Fate.REFUSED, None, why) for name, why in before.items()]
    for chain in batches.chains(scenes):
        add = partial(_add_chain, services, names, chain, before)
        outcomes += retrying(add)
    return outcomes


def _add_chain(
    services: Services, names: Names, chain: Sequence[NewScene], refused: Refusals
) -> list[Outcome]:
    ordered = batches.in_order(chain)
    if ordered is None:
        return _refuse(chain, {each.source_id: (_CIRCLE,) for each in chain})
    reading = Reading(services)
    keys = set().union(*(ingestion.keys_of(names, each) for each in ordered))
    known, wrong = reading.draft(partial(_check, names, ordered, refused), keys)[0]
    if wrong:
        return _refuse(chain, wrong)
    new = [each for each in ordered if each.source_id not in known]
    sizes = {each.source_id: sum(weight_of(tile) for tile in each.tiles) for each in new}
    for piece in batches.in_pieces(new, sizes, MOST_BYTES_A_COMMIT):
        if sizes[piece[0].source_id] > MOST_BYTES_A_COMMIT:
            add_scene(services, names.aoi, piece[0])
            reading = Reading(services)
        else:
            reading.attempt(partial(_put, names, piece), ())
    fates = {each.source_id: Fate.ADDED for each in new} | dict.fromkeys(known, Fate.KNOWN)
    return [
        Outcome(each.source_id, fates[each.source_id], names.scene(each.source_id))
        for each in chain
    ]


def _check(
    names: Names, ordered: Sequence[NewScene], refused: Refusals, draft: Draft
) -> tuple[set[str], Refusals]:
    """Return which scenes are known already, and what is wrong with others."""
    known: set[str] = set()
    wrong: Refusals = {}
    for new in ordered:
        existing = draft.find_scene(names.scene(new.source_id))
        if existing is not None and existing.source_id == new.source_id:
            known.add(new.source_id)
            continue
        if bad := sorted(batches.named_by(new) & (refused.keys() | wrong.keys())):
            wrong[new.source_id] = (Problem("tiles", f"it names {bad[0]}, which is refused"),)
            continue
        try:
            ingestion.check(draft, names, new)
        except Invalid as error:
            wrong[new.source_id] = error.problems
        except IdCollision as error:
            wrong[new.source_id] = (Problem("source_id", str(error)),)
        else:
            _put(names, [new], draft)
    return known, wrong


def _put(names: Names, piece: Sequence[NewScene], draft: Draft) -> None:
    for new in piece:
        ingestion.add_tiles(draft, names, new, ingestion.in_order(new))
        ingestion.add_scene(draft, names, new)


def _refuse(chain: Sequence[NewScene], wrong: Refusals) -> list[Outcome]:
    """Refuse a whole chain: what is not wrong itself says which scene is."""
    culprit = next(iter(wrong))
    because = (Problem("source_id", f"scene {culprit} of its chain is refused"),)
    return [
        Outcome(each.source_id, Fate.REFUSED, None, wrong.get(each.source_id, because))
        for each in chain
    ]


_CIRCLE = Problem("tiles", "the scenes name each other in a circle")
