"""Propagate a success or failure through the graph: hand out what is ready, cut out what failed.

A step looks at what the documents say now, not at what the message said: it may come late,
twice, or out of order. It works in pieces, each a commit of its own, so that a tile with any
number of dependants (or a scene with any number of tiles) is done, and can be done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from tileweave.domain import decisions
from tileweave.domain.draft import Draft
from tileweave.domain.errors import NotFound
from tileweave.domain.messages import DependencyUpdate
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.readiness import hand_out_ready
from tileweave.domain.relink import dependants_of
from tileweave.domain.status import Status
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.chores import Chore, do_chore
from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.take_result import Delivery, explained, reject

PIECE = 200
"""Dependants that one commit looks after."""

_UPDATE: TypeAdapter[DependencyUpdate | Chore] = TypeAdapter(
    Annotated[DependencyUpdate | Chore, Field(discriminator="type")]
)

Step = Callable[[Draft], object]


def take_update(services: Services, delivery: Delivery) -> Rejected | None:
    """Take a dependency update from its topic; what is malformed is kept as rejected."""
    try:
        update = _UPDATE.validate_json(delivery.body)
    except ValidationError as error:
        return reject(services, delivery, "malformed", explained(error))
    try:
        if isinstance(update, DependencyUpdate):
            propagate(services, Key(update.type, update.id), again=delivery.again)
        else:
            do_chore(services, update)
    except NotFound as error:
        return reject(services, delivery, "unknown", str(error))
    return None


def propagate(services: Services, key: Key, *, again: bool = False) -> None:
    """Look after all that depends on a scene or tile that is DONE or FAILED.

    `again`: this was begun before, and what it changed may have been left unpublished.
    """
    found = services.store.read([key])[key]
    if found is None or found.document.status not in (Status.DONE, Status.FAILED):
        return
    for piece, step in _steps(found.document):
        carry_out(services, step, [Key("tile", each) for each in piece] + [key])
        if again:
            repeat = partial(decisions.publish_again, tile_ids=piece)
            carry_out(services, repeat, [Key("tile", each) for each in piece])


def _steps(document: Document) -> Iterator[tuple[Sequence[int], Step]]:
    if isinstance(document, Scene):
        decide = _release if document.status is Status.DONE else partial(_fail, scene=document)
        yield from _in_pieces(document.tile_ids, decide)
    elif document.status is Status.DONE:
        yield from _in_pieces(dependants_of(document), _release)
    else:
        yield from _in_pieces(dependants_of(document), partial(_relink, failed=document))
        yield (), partial(decisions.finish_relink, failed_id=document.id)


def _in_pieces(
    ids: Sequence[int], decide: Callable[..., object]
) -> Iterator[tuple[Sequence[int], Step]]:
    for start in range(0, len(ids), PIECE):
        piece = ids[start : start + PIECE]
        yield piece, partial(decide, piece=piece)


def _release(draft: Draft, *, piece: Sequence[int]) -> None:
    hand_out_ready(draft, piece)


def _relink(draft: Draft, *, piece: Sequence[int], failed: Tile) -> None:
    decisions.relink(draft, failed.id, piece)


def _fail(draft: Draft, *, piece: Sequence[int], scene: Scene) -> None:
    decisions.fail_with_scene(draft, scene, piece)
