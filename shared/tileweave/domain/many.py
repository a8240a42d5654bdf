"""Many results in one decision, and what follows from those that are DONE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tileweave.domain.decisions import Ignored, publish_again, take_result
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotFound
from tileweave.domain.incoming import Result
from tileweave.domain.lifecycle import was_applied
from tileweave.domain.model import Key, Tile
from tileweave.domain.outbox import Kind, of_kind
from tileweave.domain.readiness import hand_out_ready
from tileweave.domain.relink import dependants_of
from tileweave.domain.status import Status

FEW = 10
"""A tile with more dependants leaves them all to its update."""

Named = tuple[Result, str]
"""A result, and the id of its message."""

Answer = Ignored | NotFound | None
"""What became of a result: it was applied (None), it changes nothing, or its job is unknown."""


def take_results(draft: Draft, results: Sequence[Named]) -> list[Answer]:
    """Apply results, in their order, and hand out what became ready by them.

    A tile all of whose dependants are handed out by this very decision promises no update: there is
    nothing left to look at. (Of any other dependant what it waits for may become DONE until the
    commit, and must find this one DONE already, or be found by its update.)
    """
    draft.need(_key_of(result) for result, _ in results)
    known = {(key, id_) for key, id_ in _named(results) if _was_applied(draft, key, id_)}
    answers = [_taken(draft, *each) for each in results]
    done = [
        _key_of(result)
        for (result, id_), answer in zip(results, answers, strict=True)
        if answer is None and not result.is_heartbeat and (_key_of(result), id_) not in known
    ]
    _hand_out_dependants(draft, done)
    _publish_dependants(draft, {key for key, _ in known})
    return answers


def _named(results: Sequence[Named]) -> list[tuple[Key, str]]:
    return [(_key_of(result), id_) for result, id_ in results]


def _key_of(result: Result) -> Key:
    return Key(result.type, result.id)


def _was_applied(draft: Draft, key: Key, message_id: str) -> bool:
    found = draft.find(key)
    return found is not None and was_applied(found, message_id)


def _taken(draft: Draft, result: Result, message_id: str) -> Answer:
    try:
        return take_result(draft, result, message_id)
    except NotFound as error:
        return error


def _hand_out_dependants(draft: Draft, keys: Iterable[Key]) -> None:
    done = [tile for tile in _tiles(draft, keys) if tile.status is Status.DONE]
    few = [tile for tile in done if len(dependants_of(tile)) <= FEW]
    dependants = {tile.id: frozenset(dependants_of(tile)) for tile in few}
    handed_out = {
        each.id for each in hand_out_ready(draft, sorted(set().union(*dependants.values())))
    }
    for tile in few:
        if dependants[tile.id] <= handed_out:
            current = draft.tile(tile.id)
            updates = of_kind(current.outbox, Kind.UPDATE)
            draft.put(replace(current, outbox=current.outbox - updates))


def _publish_dependants(draft: Draft, keys: Iterable[Key]) -> None:
    """Publish what was handed out together with these: their publisher may have died."""
    few = [tile for tile in _tiles(draft, keys) if len(dependants_of(tile)) <= FEW]
    publish_again(draft, [each for tile in few for each in dependants_of(tile)])


def _tiles(draft: Draft, keys: Iterable[Key]) -> list[Tile]:
    return draft.find_tiles(key.id for key in keys if key.kind == "tile")
