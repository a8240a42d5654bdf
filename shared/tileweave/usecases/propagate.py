"""Propagate a success or failure through the graph: hand out what is ready, cut out what failed.

A step looks at what the documents say now, not at what the message said: it may come late,
twice, or out of order. It works in pieces, each a commit of its own, so that a tile with any
number of dependants (or a scene with any number of tiles) is done, and can be done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from tileweave.domain import decisions
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotFound
from tileweave.domain.incoming import DependencyUpdate
from tileweave.domain.messages import Topic
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.outbox import Kind, of_kind
from tileweave.domain.readiness import hand_out_ready
from tileweave.domain.relink import dependants_of
from tileweave.domain.status import Status
from tileweave.usecases.carry_out import NOTHING_KNOWN, carry_out, carry_out_all
from tileweave.usecases.chores import Chore, do_chore
from tileweave.usecases.confirmations import Confirmations
from tileweave.usecases.ports import Rejected, Services, Stored
from tileweave.usecases.reject import Delivery, explained, reject

PIECE = 200
"""Dependants that one commit looks after."""

_UPDATE: TypeAdapter[DependencyUpdate | Chore] = TypeAdapter(
    Annotated[DependencyUpdate | Chore, Field(discriminator="type")]
)

T = TypeVar("T")


def take_update(services: Services, delivery: Delivery) -> Rejected | None:
    """Take a dependency update from its topic; what is malformed is kept as rejected."""
    update = read_update(services, delivery)
    if isinstance(update, Rejected):
        return update
    try:
        if isinstance(update, DependencyUpdate):
            propagate(services, Key(update.type, update.id), again=delivery.again)
        else:
            do_chore(services, update)
    except NotFound as error:
        return _rejected(services, delivery, "unknown", str(error))
    return None


def read_update(services: Services, delivery: Delivery) -> DependencyUpdate | Chore | Rejected:
    """Return the update that a message holds, or what it is kept as if it holds none."""
    try:
        return _UPDATE.validate_json(delivery.body)
    except ValidationError as error:
        return _rejected(services, delivery, "malformed", explained(error))


def is_chore(delivery: Delivery) -> bool:
    """Whether a message asks for a piece of a large call."""
    try:
        return not isinstance(_UPDATE.validate_json(delivery.body), DependencyUpdate)
    except ValidationError:
        return False


def _rejected(services: Services, delivery: Delivery, kind: str, error: str) -> Rejected:
    return reject(services, delivery, kind, error, topic=Topic.DEPENDENCY_UPDATES)


def propagate(services: Services, key: Key, *, again: bool = False) -> None:
    """Look after all that depends on a scene or tile that is DONE or FAILED.

    Once that is done, and not before, its outbox has the update no more: until then the janitor
    knows of it. `again`: this was begun before, and what it changed may have been left unpublished.
    """
    propagate_all(services, {key: again})


def propagate_all(services: Services, updates: Mapping[Key, bool]) -> None:
    """Do the same for many; what is DONE together. `updates` tells which were begun before."""
    read = services.store.read(updates.keys())
    found = {key: each for key, each in read.items() if each and _promised(each.document)}
    done = {key: each for key, each in found.items() if each.document.status is not Status.FAILED}
    told = services.told or Confirmations()
    _release_all(replace(services, told=told), done, updates)
    for key in found.keys() - done.keys():
        _failed(services, found[key].document, again=updates[key])
    told.add({key: _promised(each.document) for key, each in found.items()})
    if services.told is None:
        told.tell(services.store)


def _promised(document: Document) -> frozenset[str]:
    return of_kind(document.outbox, Kind.UPDATE)


def _release_all(
    services: Services, done: Mapping[Key, Stored], updates: Mapping[Key, bool]
) -> None:
    """Publish what an earlier run left, and hand out what became ready."""
    dependants = {key: _dependants(each.document) for key, each in done.items()}
    left = _all_of(each for key, each in dependants.items() if updates[key])
    _publish_again(services, left)
    # What was read before others were published may have been forced back meanwhile.
    _release(services, _all_of(dependants.values()), NOTHING_KNOWN if left else done)


def _failed(services: Services, document: Document, *, again: bool) -> None:
    """Fail or relink what depends on it."""
    dependants = _dependants(document)
    if isinstance(document, Scene):
        _fail_tiles(services, document)
    else:
        dependants += _cut_out(services, document)
        _release(services, dependants)
    if again:
        _publish_again(services, dependants)


def _dependants(document: Document) -> tuple[int, ...]:
    return document.tile_ids if isinstance(document, Scene) else dependants_of(document)


def _all_of(dependants: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    """Return each of them once."""
    return tuple(dict.fromkeys(chain.from_iterable(dependants)))


def _release(
    services: Services, tile_ids: Sequence[int], known: Mapping[Key, Stored] = NOTHING_KNOWN
) -> None:
    """Hand out those of the tiles that are ready by now; `known` is what was just read."""
    for number, piece in enumerate(_pieces(tile_ids)):
        if number and services.told:
            services.told.tell(services.store)  # before the janitor takes it for unpublished
        carry_out_all(services, _hand_out, _keys(piece), known=known)
        known = NOTHING_KNOWN


def _hand_out(draft: Draft, keys: Sequence[Key]) -> None:
    hand_out_ready(draft, _ids(keys))


def _publish_again(services: Services, tile_ids: Sequence[int]) -> None:
    for piece in _pieces(tile_ids):
        _carry_out(services, partial(decisions.publish_again, tile_ids=piece), piece)


def _fail_tiles(services: Services, scene: Scene) -> None:
    for piece in _pieces(scene.tile_ids):
        carry_out_all(
            services,
            lambda draft, keys: decisions.fail_with_scene(draft, scene, _ids(keys)),
            _keys(piece),
            [scene.key],
        )


def _cut_out(services: Services, failed: Tile) -> tuple[int, ...]:
    """Cut out a FAILED tile, with the FAILED tiles that name it; return their heirs."""
    failures = [failed.id]
    seen = {failed.id}
    for failed_id in failures:  # it grows on the way, by each of them once
        found = [each for each in _relink(services, failed_id) if each not in seen]
        failures += found
        seen.update(found)
    for failed_id in reversed(failures):
        _carry_out(services, partial(decisions.finish_relink, failed_id=failed_id), [failed_id])
    cut = services.store.read(_keys(failures)).values()
    heirs = [each.document.heir for each in cut if each and isinstance(each.document, Tile)]
    return tuple(heir.tile_id for heir in heirs if heir)


def _relink(services: Services, failed_id: int) -> list[int]:
    """Relink the dependants of a FAILED tile; return those that are FAILED and not cut out."""
    tile = services.store.read(_keys([failed_id]))[Key("tile", failed_id)]
    if tile is None or not isinstance(tile.document, Tile) or tile.document.cut:
        return []
    for piece in _pieces(dependants_of(tile.document)):
        carry_out_all(
            services,
            lambda draft, keys: decisions.relink(draft, failed_id, _ids(keys)),
            _keys(piece),
            _keys([failed_id]),
        )
    return _carry_out(
        services, partial(decisions.uncut_dependants, failed_id=failed_id), [failed_id]
    )


def _carry_out(services: Services, decide: Callable[[Draft], T], tile_ids: Sequence[int]) -> T:
    return carry_out(services, decide, _keys(tile_ids))


def _ids(keys: Iterable[Key]) -> list[int]:
    return [key.id for key in keys]


def _keys(tile_ids: Iterable[int]) -> list[Key]:
    return [Key("tile", each) for each in tile_ids]


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + PIECE] for start in range(0, len(ids), PIECE))
