"""Add many scenes: each chain of them as a whole, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType

from tileweave.domain import batches, ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import (
    AlreadyExists,
    Conflict,
    IdCollision,
    Invalid,
    NotFound,
    Problem,
)
from tileweave.domain.ingestion import Names, NewScene
from tileweave.domain.model import Scene
from tileweave.usecases.add_scene import (
    MOST_BYTES_A_COMMIT,
    MOST_TILES_A_COMMIT,
    TILE_OVERHEAD,
    add_scene,
    weight_of,
)
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.ports import Services

LEAST_WEIGHT = MOST_BYTES_A_COMMIT // MOST_TILES_A_COMMIT
"""What a tile counts for at least, so that a commit has a largest number of them too."""

Problems = tuple[Problem, ...]

NONE_REFUSED: Mapping[str, Collection[str]] = MappingProxyType({})


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


def add_scenes(
    services: Services,
    aoi: str,
    scenes: Sequence[NewScene],
    refused: Mapping[str, Collection[str]] = NONE_REFUSED,
) -> list[Outcome]:
    """Add scenes in any order, no name twice; return what became of each, in the same order.

    All scenes of a chain (scenes that name each other, directly or not) are checked before any
    is added: if one is refused, all are that are not known already. So are those that name a scene
    that was `refused` before, and those that it names (its values). A repeated call adds what is
    missing. Raises NotFound.
    """
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names = Names(aoi, found.generation)
    outcomes: dict[str, Outcome] = {}
    for chain in batches.chains(scenes):
        added: set[str] = set()
        add = partial(_add_chain, services, names, chain, refused, added)
        outcomes |= {each.source_id: each for each in retrying(add)}
    return [outcomes[scene.source_id] for scene in scenes]


def _add_chain(
    services: Services,
    names: Names,
    chain: Sequence[NewScene],
    refused: Mapping[str, Collection[str]],
    added: set[str],
) -> list[Outcome]:
    """Add a chain; `added` remembers over all tries what this call added."""
    ordered = batches.in_order(chain)
    if ordered is None:
        circle = {each.source_id: (_CIRCLE,) for each in chain}
        return [_outcome(names, each, {}, circle, added) for each in chain]
    reading = Reading(services)
    keys = set().union(*(ingestion.keys_of(names, each) for each in ordered))
    known, wrong = reading.draft(partial(_check, names, ordered, refused), keys)[0]
    if not wrong:
        new = [each for each in ordered if each.source_id not in known]
        _add(services, reading, names, new, added)
    return [_outcome(names, each, known, wrong, added) for each in chain]


def _add(
    services: Services, reading: Reading, names: Names, new: Sequence[NewScene], added: set[str]
) -> None:
    """Add the scenes, a piece a commit; one that is larger than a commit by itself."""
    sizes = {each.source_id: _weight(each) for each in new}
    for piece in batches.in_pieces(new, sizes, MOST_BYTES_A_COMMIT):
        if sizes[piece[0].source_id] > MOST_BYTES_A_COMMIT:
            _add_large(services, names.aoi, piece[0])
            reading = Reading(services)
        else:
            reading.attempt(partial(_put, names, piece), ())
        added.update(each.source_id for each in piece)


def _add_large(services: Services, aoi: str, new: NewScene) -> None:
    try:
        add_scene(services, aoi, new)
    except (AlreadyExists, Invalid) as error:
        raise Conflict(f"{new.source_id} was right when its chain was checked.") from error


def _check(
    names: Names,
    ordered: Sequence[NewScene],
    refused: Mapping[str, Collection[str]],
    draft: Draft,
) -> tuple[dict[str, Problems], dict[str, Problems]]:
    """Return which scenes are known already, and what is wrong with others."""
    known: dict[str, Problems] = {}
    wrong: dict[str, Problems] = {}
    blamed = {name: culprit for culprit, named in refused.items() for name in named}
    for new in ordered:
        existing = draft.find_scene(names.scene(new.source_id))
        if existing is not None and existing.source_id == new.source_id:
            known[new.source_id] = _missing(names, new, existing)
        elif (culprit := blamed.get(new.source_id)) is not None:
            said = f"scene {culprit or 'without a name'} names it, and is refused"
            wrong[new.source_id] = (Problem("source_id", said),)
        elif problems := _wrong(draft, names, new, (refused, wrong)):
            wrong[new.source_id] = problems
        else:
            _put(names, [new], draft)
    return known, wrong


def _missing(names: Names, new: NewScene, existing: Scene) -> Problems:
    """Tell which tiles of the request a known scene has not: they are not added to it."""
    there = set(existing.tile_ids)
    refs = (ingestion.TileRef(tile.source_id, new.source_id) for tile in new.tiles)
    absent = [ref.source_id for ref in refs if names.tile(ref) not in there]
    if not absent:
        return ()
    said = f"the known scene has no {absent[0]} ({len(absent)} such tiles); none is added to it"
    return (Problem("tiles", said),)


def _wrong(
    draft: Draft, names: Names, new: NewScene, refused: Sequence[Collection[str]]
) -> Problems:
    if any(new.source_id in each for each in refused):
        return (Problem("source_id", "it is in the request once more, where it is refused"),)
    named = sorted(batches.named_by(new))
    if bad := [name for name in named if any(name in each for each in refused)]:
        return (Problem("tiles", f"they name scene {bad[0]}, which is refused"),)
    try:
        ingestion.check(draft, names, new)
    except Invalid as error:
        return error.problems
    except IdCollision as error:
        return (Problem("source_id", str(error)),)
    return ()


def _put(names: Names, piece: Sequence[NewScene], draft: Draft) -> None:
    for new in piece:
        ingestion.add_tiles(draft, names, new, ingestion.in_order(new))
        ingestion.add_scene(draft, names, new)


def _weight(new: NewScene) -> int:
    """Return about how many bytes a scene and its tiles take of a commit."""
    own = len(str(new.data)) + len(str(new.tags)) + len(new.geometry or "") + len(new.wkt or "")
    tiles = sum(max(LEAST_WEIGHT, weight_of(tile)) for tile in new.tiles)
    return TILE_OVERHEAD + own + tiles


def _outcome(
    names: Names,
    new: NewScene,
    known: Mapping[str, Problems],
    wrong: Mapping[str, Problems],
    added: Collection[str],
) -> Outcome:
    """Tell what became of a scene: refused with its chain says which scene is to blame."""
    name, id_ = new.source_id, names.scene(new.source_id)
    if name in added:
        return Outcome(name, Fate.ADDED, id_)
    if name in known:
        return Outcome(name, Fate.KNOWN, id_, known[name])
    because = (Problem("source_id", f"scene {next(iter(wrong))} of its chain is refused"),)
    return Outcome(name, Fate.REFUSED, None, wrong.get(name, because))


_CIRCLE = Problem("tiles", "the scenes name each other in a circle")
