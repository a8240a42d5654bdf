"""Add many scenes: each chain of them as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from tileweave.domain import batches, ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import Conflict, NotFound, Problem, TooLarge, Uncertain
from tileweave.domain.ingestion import Names, NewScene
from tileweave.usecases.add_scene import (
    MOST_BYTES_A_COMMIT,
    MOST_TILES_A_COMMIT,
    TILE_OVERHEAD,
    Together,
    absent,
    add_together,
    weight_of,
)
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.check_chain import Checked, Problems, Refused, check_chain, own_weight
from tileweave.usecases.ports import Services

T = TypeVar("T")

LEAST_WEIGHT = MOST_BYTES_A_COMMIT // MOST_TILES_A_COMMIT
"""What a tile counts for at least, so that a commit has a largest number of them too."""

NOT_AT_ONCE = (Conflict, TooLarge, Uncertain)
"""Why chains that one commit was to hold are added one by one."""

NONE_REFUSED: Refused = MappingProxyType({})


class Fate(StrEnum):
    """What became of a scene."""

    ADDED = "added"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one scene, and what is wrong with it; "" is a scene without a name."""

    source_id: str
    fate: Fate
    id: int | None = None
    problems: Problems = ()


@dataclass
class Progress:
    """How often a call tried to add a chain, and what it added."""

    tries: int = 0
    added: set[str] = field(default_factory=set)


def add_scenes(
    services: Services,
    aoi: str,
    scenes: Sequence[NewScene],
    refused: Refused = NONE_REFUSED,
) -> list[Outcome]:
    """Add scenes in any order, no name twice; return what became of each, in the same order.

    All scenes of a chain (scenes that name each other, directly or not) are checked before any
    is added: if one is refused, all are that are not known already. So are those that name a scene
    that was `refused` before, and those that it names (its values). Once a first part of a chain
    was added, by this call or by one that broke off, the rest follows: what FAILED since is cut out
    of its links. Small chains are added as many at a time as a commit holds. A repeated call adds
    what is missing. Raises NotFound.
    """
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    outcomes: dict[str, Outcome] = {}
    for some in in_commits(batches.chains(scenes), list):
        told = _at_once(services, names, some, refused) if len(some) > 1 else {}
        for chain in (each for each in some if each[0].source_id not in told):
            add = partial(_add_chain, services, names, chain, refused, Progress())
            told |= {each.source_id: each for each in retrying(add)}
        outcomes |= told
    return [outcomes[scene.source_id] for scene in scenes]


def _at_once(
    services: Services, names: Names, some: Sequence[Sequence[NewScene]], refused: Refused
) -> dict[str, Outcome]:
    """Add chains by one commit; return what became of those with which that can be done.

    The others are to be added one by one: those that are wrong, or there in part, and all of them
    if somebody was quicker, or nobody answered. Raises NotFound.
    """
    every = [new for chain in some for new in chain]
    keys = set().union(*(ingestion.keys_of(names, each) for each in every))
    reading = Reading(services, remembered=absent(names, every))
    found = reading.draft(partial(_check_all, names, some, refused), keys)[0]
    right = [each for each in zip(some, found, strict=True) if _is_whole(each[1])]
    new = [each for _, checked in right for unit in checked.units for each in unit]
    try:
        if new:
            add_together(reading, names, Together(new))
    except NOT_AT_ONCE:
        return {}
    added = {each.source_id for each in new}
    told = [outcome_of(names, each, checked, added) for chain, checked in right for each in chain]
    return {each.source_id: each for each in told}


def _check_all(
    names: Names, some: Iterable[Sequence[NewScene]], refused: Refused, draft: Draft
) -> list[Checked]:
    """Check chains, each by itself; change nothing."""
    return [check_chain(names, each, refused, (), draft) for each in some]


def _is_whole(checked: Checked) -> bool:
    """Whether all of a chain is to be added, or all of it is there."""
    return not checked.wrong and not (checked.known and checked.units)


def _add_chain(
    services: Services,
    names: Names,
    chain: Sequence[NewScene],
    refused: Refused,
    progress: Progress,
) -> list[Outcome]:
    """Add a chain, or what is left of it; at the first try its tiles are taken not to be there."""
    added, progress.tries = progress.added, progress.tries + 1
    keys = set().union(*(ingestion.keys_of(names, each) for each in chain))
    check = partial(check_chain, names, chain, refused, added)
    reading = Reading(services, remembered=absent(names, chain) if progress.tries == 1 else {})
    checked = reading.draft(check, keys)[0]
    if checked.wrong and progress.tries == 1:  # nothing is refused by what was not read
        reading = Reading(services)
        checked = reading.draft(check, keys)[0]
    if not checked.wrong:
        _add(reading, names, checked, added)
    elif added:
        see_that_it_is_there(services, names)
    return [outcome_of(names, each, checked, added) for each in chain]


def _add(reading: Reading, names: Names, checked: Checked, added: set[str]) -> None:
    """Add the scenes, a piece a commit; a unit that is larger than that by itself."""
    new = [each for unit in checked.units for each in unit]
    promised = next((each for each in reversed(new) if each.tiles), None)
    for piece in pieces_of(checked):
        add_together(reading, names, Together(piece, checked.late, promised))
        added.update(each.source_id for each in piece)


def in_commits(
    items: Sequence[T], scenes_of: Callable[[T], Sequence[NewScene]]
) -> Iterator[list[T]]:
    """Return chains, or groups of scenes, as many at a time as one commit holds; at least one."""
    return batches.in_pieces(items, lambda item: _weight(scenes_of(item)), MOST_BYTES_A_COMMIT)


def pieces_of(checked: Checked) -> Iterator[list[NewScene]]:
    """Return the scenes that are to be added, as many at a time as a commit holds."""
    for units in batches.in_pieces(checked.units, _weight, MOST_BYTES_A_COMMIT):
        yield [each for unit in units for each in unit]


def see_that_it_is_there(services: Services, names: Names) -> None:
    """Raise NotFound if the AOI was deleted meanwhile: that is why tiles are unknown."""
    found = services.store.find_aoi(names.aoi)
    if found is None or found.generation != names.generation:
        raise NotFound("AOI", names.aoi)


def _weight(unit: Sequence[NewScene]) -> int:
    """Return about how many bytes of a commit scenes and their tiles take."""
    tiles = (max(LEAST_WEIGHT, weight_of(tile)) for new in unit for tile in new.tiles)
    return sum(TILE_OVERHEAD + own_weight(new) for new in unit) + sum(tiles)


def outcome_of(names: Names, new: NewScene, checked: Checked, added: Collection[str]) -> Outcome:
    """Tell what became of a scene: refused with its chain says which scene is to blame."""
    name, id_ = new.source_id, names.scene(new.source_id)
    if name in added:
        return Outcome(name, Fate.ADDED, id_)
    if name in checked.known:
        return Outcome(name, Fate.KNOWN, id_, checked.known[name])
    culprit = next(iter(checked.wrong))
    because = (Problem("source_id", f"scene {culprit} of its chain is refused"),)
    return Outcome(name, Fate.REFUSED, None, checked.wrong.get(name, because))
