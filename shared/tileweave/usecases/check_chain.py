"""What is known of a chain of scenes, what is wrong with the others, and how they are added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tileweave.domain import batches, ingestion
from tileweave.domain.draft import Draft
from tileweave.domain.errors import IdCollision, Invalid, Problem
from tileweave.domain.ingestion import Names, NewScene, TileRef
from tileweave.domain.model import Scene
from tileweave.usecases.add_scene import MOST_BYTES_A_COMMIT

MOST_NAMED = 5
"""Tiles of a circle that an error names."""

SEEN_OVERHEAD = 200
"""Bytes of a commit that has a staged tile seen."""

Problems = tuple[Problem, ...]
Refused = Mapping[str, Collection[str]]
"""Scenes that were refused before, with those that they name."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Known scenes and what they lack, wrong ones, and the others in units that go together."""

    known: Mapping[str, Problems]
    wrong: Mapping[str, Problems]
    units: Sequence[Sequence[NewScene]]
    late: bool
    """Whether a first part was added: then what FAILED since is no reason to refuse the rest."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What a unit is checked against."""

    names: Names
    refused: Refused
    blamed: Mapping[str, str]
    """Scenes that refused ones name, with one that does."""
    wrong: Mapping[str, Problems]
    late: bool


def check_chain(
    names: Names, chain: Sequence[NewScene], refused: Refused, added: Collection[str], draft: Draft
) -> Checked:
    """Check all scenes of a chain, of which this call `added` some before; change nothing.

    A chain was begun by another call if some of it is known, and more of it was promised.
    """
    known = _known(names, chain, draft)
    new = [each for each in chain if each.source_id not in known]
    late = bool(added) or (bool(known) and _was_promised(names, new, draft))
    units = batches.in_units(new)
    # Scenes of tiles in a circle name each other both ways: they are of one unit.
    circle = _in_a_circle([each for unit in units if len(unit) > 1 for each in unit])
    blamed = {name: culprit for culprit, named in refused.items() for name in named}
    wrong: dict[str, Problems] = {}
    around = _Around(names, refused, blamed, wrong, late)
    for unit in units:
        found = _wrong(around, unit, circle, draft)
        wrong |= found
        if not found:
            ingestion.foresee(draft, names, unit)
    return Checked(known, wrong, units, late)


def own_weight(new: NewScene) -> int:
    """Return about how many bytes of a commit a scene takes, without its tiles."""
    return len(str(new.data)) + len(str(new.tags)) + len(new.geometry or "") + len(new.wkt or "")


def _known(names: Names, chain: Iterable[NewScene], draft: Draft) -> dict[str, Problems]:
    found = ((new, draft.find_scene(names.scene(new.source_id))) for new in chain)
    return {
        new.source_id: _missing(names, new, existing)
        for new, existing in found
        if existing is not None and existing.source_id == new.source_id
    }


def _missing(names: Names, new: NewScene, existing: Scene) -> Problems:
    """Tell which tiles of the request a known scene has not: they are not added to it."""
    there = set(existing.tile_ids)
    absent = [ref.source_id for ref in ingestion.refs_of(new) if names.tile(ref) not in there]
    if not absent:
        return ()
    said = f"the known scene has no {absent[0]} ({len(absent)} such tiles); none is added to it"
    return (Problem("tiles", said),)


def _was_promised(names: Names, new: Iterable[NewScene], draft: Draft) -> bool:
    refs = (ref for each in new for ref in ingestion.refs_of(each))
    return any(tile.staged for tile in draft.find_tiles(map(names.tile, refs)))


def _in_a_circle(new: Sequence[NewScene]) -> dict[str, Problem]:
    """Return which scenes have tiles in a circle; one within a scene is told with the scene."""
    circle = ingestion.circle_of(new)
    scenes = {ref.scene_source_id for ref in circle}
    if len(scenes) < 2:  # noqa: PLR2004 - a circle of two scenes is the smallest
        return {}
    problem = Problem("tiles", f"the tiles name each other in a circle: {_in_words(circle)}")
    return dict.fromkeys(scenes, problem)


def _in_words(circle: Sequence[TileRef]) -> str:
    named = [f"{ref.source_id} of {ref.scene_source_id}" for ref in circle[:MOST_NAMED]]
    if len(circle) > MOST_NAMED:
        named.append(f"... ({len(circle)} tiles)")
    return " -> ".join([*named, named[0]])


def _wrong(
    around: _Around, unit: Sequence[NewScene], circle: Mapping[str, Problem], draft: Draft
) -> dict[str, Problems]:
    """Return what is wrong with a unit: if it is one of its scenes, it is all of them."""
    beside = {ref for new in unit for ref in ingestion.refs_of(new)}
    found = dict.fromkeys((new.source_id for new in unit), _too_large_together(unit))
    for new in unit:
        found[new.source_id] += _wrong_by_itself(around, new, beside, draft)
        found[new.source_id] += (circle[new.source_id],) if new.source_id in circle else ()
    culprits = {name: problems for name, problems in found.items() if problems}
    if not culprits:
        return {}
    because = (Problem("tiles", f"they name scene {next(iter(culprits))}, which is refused"),)
    return culprits | dict.fromkeys(found.keys() - culprits.keys(), because)


def _wrong_by_itself(
    around: _Around, new: NewScene, beside: set[TileRef], draft: Draft
) -> Problems:
    if (culprit := around.blamed.get(new.source_id)) is not None:
        said = f"scene {culprit or 'without a name'} names it, and is refused"
        return (Problem("source_id", said),)
    if new.source_id in around.refused:
        return (Problem("source_id", "it is in the request once more, where it is refused"),)
    named = sorted(new.named)
    if bad := [name for name in named if name in around.refused or name in around.wrong]:
        return (Problem("tiles", f"they name scene {bad[0]}, which is refused"),)
    try:
        ingestion.check(draft, around.names, new, beside=beside, late=around.late)
    except Invalid as error:
        return error.problems
    except IdCollision as error:
        return (Problem("source_id", str(error)),)
    return ()


def _too_large_together(unit: Sequence[NewScene]) -> Problems:
    """Tell if scenes that are seen together are too many for the commit that has them seen."""
    weight = sum(own_weight(new) + SEEN_OVERHEAD * len(new.tiles) for new in unit)
    if len(unit) == 1 or weight <= MOST_BYTES_A_COMMIT:
        return ()
    said = (
        f"it names scenes that name it: {len(unit)} such scenes are too large to be added at once"
    )
    return (Problem("tiles", said),)
