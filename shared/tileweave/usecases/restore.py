"""Restore scenes out of a snapshot: all that are given at once, or none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tileweave.domain import batches, ingestion, restoring
from tileweave.domain.draft import Draft
from tileweave.domain.errors import (
    AlreadyExists,
    Differs,
    IdCollision,
    Invalid,
    NotFound,
    Problem,
)
from tileweave.domain.identity import checked_aoi_name
from tileweave.domain.ingestion import Names, NewScene, Placed
from tileweave.domain.lifecycle import was_applied
from tileweave.domain.parts import Item, closed_parts
from tileweave.domain.policy import Policy
from tileweave.usecases.add_scene import MOST_BYTES_A_COMMIT, TILE_OVERHEAD, absent, weight_of
from tileweave.usecases.add_scenes import LEAST_WEIGHT
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.check_chain import own_weight
from tileweave.usecases.leases import set_policy
from tileweave.usecases.ports import Services

CHANGE_WEIGHT = 150
"""Bytes of a change in a history, besides what was said."""

DIFFERS = "is there already, and not as the snapshot says: restore it under another name"

MOST_PROBLEMS = 100
"""Scenes that an error names."""

TILES_AT_ONCE = 5_000
"""Scenes and tiles of a part of what is too much to be in memory."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How many scenes and tiles were put back, and how many scenes were there already."""

    scenes: int = 0
    tiles: int = 0
    known: int = 0

    def __add__(self, other: Restored) -> Restored:
        """Return both together."""
        scenes, tiles = self.scenes + other.scenes, self.tiles + other.tiles
        return Restored(scenes, tiles, self.known + other.known)


@dataclass(frozen=True, slots=True)
class _Checked:
    known: frozenset[str]
    differing: tuple[Problem, ...]
    wrong: tuple[Problem, ...]


@dataclass(slots=True)
class _Progress:
    tries: int = 0
    added: set[str] = field(default_factory=set)


def prepare(services: Services, aoi: str, policy: Policy | None) -> None:
    """Create the AOI unless it is there; one without scenes gets this policy.

    Raises Invalid (its name), Unavailable while one of that name is being deleted.
    """
    try:
        services.store.create_aoi(checked_aoi_name(aoi), services.now())
    except AlreadyExists:
        found = services.store.totals(aoi)
        if found is None or found[1].first is not None:
            return
    if policy is not None:
        set_policy(services, aoi, policy)


def restore(services: Services, aoi: str, scenes: Sequence[NewScene]) -> Restored:
    """Restore scenes in any order, no name twice, which name each other or what is there.

    A scene that was restored from this snapshot before, or is there just as the snapshot says, is
    known; a repeated call goes on where a broken one stopped. Nothing is restored if anything is
    wrong. Raises NotFound (no such AOI), Invalid, Differs (scenes are there with other content).
    """
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    names, sound = Names(aoi, found.generation), restoring.without_circles(scenes)
    return retrying(partial(_restore, services, names, sound, _Progress()))


def restore_all(services: Services, aoi: str, scenes: Iterable[NewScene]) -> Restored:
    """Restore scenes as they come, in parts: each as a whole, or not at all. Raises as `restore`.

    A scene that names one which is still to come is held back until then.
    """
    items = (Item(each, each.source_id, each.named, 1 + len(each.tiles)) for each in scenes)
    total = Restored()
    for part in closed_parts(items, TILES_AT_ONCE):
        total += restore(services, aoi, part)
    return total


def _restore(
    services: Services, names: Names, scenes: Sequence[NewScene], progress: _Progress
) -> Restored:
    """Restore what is missing; at the first try its tiles are taken not to be there."""
    progress.tries += 1
    keys = set().union(*(ingestion.keys_of(names, each) for each in scenes))
    check = partial(_check, names, scenes)
    reading = Reading(services, remembered=absent(names, scenes) if progress.tries == 1 else {})
    checked = reading.draft(check, keys)[0]
    if checked.wrong or checked.differing:
        reading = Reading(services)  # nothing is refused by what was not read
        checked = reading.draft(check, keys)[0]
    if checked.wrong:
        raise Invalid(checked.wrong[:MOST_PROBLEMS])
    if checked.differing:
        raise Differs(checked.differing[:MOST_PROBLEMS])
    _add(reading, names, [each for each in scenes if each.source_id not in checked.known], progress)
    added = [each for each in scenes if each.source_id in progress.added]
    tiles = sum(len(each.tiles) for each in added)
    return Restored(len(added), tiles, len(scenes) - len(added))


def _check(names: Names, scenes: Sequence[NewScene], draft: Draft) -> _Checked:
    """Tell what is known, what is there and differs, and what is wrong; change nothing."""
    there = {
        each.source_id: _is_known(draft, names, each)
        for each in scenes
        if draft.find_scene(names.scene(each.source_id)) is not None
    }
    known = frozenset(name for name, same in there.items() if same)
    differing = [Problem(name, DIFFERS) for name, same in there.items() if not same]
    new = [each for each in scenes if each.source_id not in there]
    beside = {ref for each in new for ref in ingestion.refs_of(each)}
    wrong = [problem for each in new for problem in _wrong(draft, names, each, beside)]
    restoring.foresee(draft, names, new)
    return _Checked(known, tuple(differing), tuple(wrong))


def _is_known(draft: Draft, names: Names, new: NewScene) -> bool:
    scene = draft.scene(names.scene(new.source_id))
    own = (scene.aoi, scene.source_id) == (names.aoi, new.source_id)
    restored_before = was_applied(scene, new.by.message_id)
    return own and (restored_before or restoring.is_there(draft, names, new))


def _wrong(
    draft: Draft, names: Names, new: NewScene, beside: set[ingestion.TileRef]
) -> Iterable[Problem]:
    try:
        ingestion.check(draft, names, new, beside=beside, late=True)
    except Invalid as error:
        for each in error.problems:
            yield Problem(f"{new.source_id}.{each.path}", each.message)
    except IdCollision as error:
        yield Problem(new.source_id, str(error))


def _add(reading: Reading, names: Names, scenes: Sequence[NewScene], progress: _Progress) -> None:
    """Add scenes in units, a piece a commit; a unit that is larger than that by itself."""
    for units in batches.in_pieces(batches.in_units(scenes), _weight, MOST_BYTES_A_COMMIT):
        piece = [each for unit in units for each in unit]
        parts = batches.in_pieces(ingestion.in_order(*piece), _weight_of, MOST_BYTES_A_COMMIT)
        *staged, last = [*parts] or [[]]
        for each in staged:
            reading.attempt(partial(_stage, names, each), ())
        reading.attempt(partial(_put, names, piece, last, not staged), ())
        progress.added.update(each.source_id for each in piece)


def _stage(names: Names, tiles: Sequence[Placed], draft: Draft) -> None:
    restoring.put_tiles(draft, names, tiles, staged=True)


def _put(
    names: Names,
    scenes: Sequence[NewScene],
    last: Sequence[Placed],
    at_once: bool,  # noqa: FBT001 - bound by position
    draft: Draft,
) -> None:
    restoring.put_tiles(draft, names, last)
    restoring.put_scenes(draft, names, scenes, at_once=at_once)


def _weight(unit: Sequence[NewScene]) -> int:
    """Return about how many bytes of a commit scenes and their tiles take."""
    tiles = sum(_weight_of((new, tile)) for new in unit for tile in new.tiles)
    own = sum(TILE_OVERHEAD + own_weight(new) + _history_weight(new) for new in unit)
    return own + tiles


def _weight_of(placed: Placed) -> int:
    _, tile = placed
    return max(LEAST_WEIGHT, weight_of(tile) + _history_weight(tile))


def _history_weight(restored: NewScene | ingestion.NewTile) -> int:
    changes = restored.restored.history if restored.restored else ()
    said = sum(len(each.cause.message) + len(each.cause.reason) for each in changes)
    return said + CHANGE_WEIGHT * len(changes)
