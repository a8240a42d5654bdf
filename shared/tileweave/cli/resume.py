"""Going on where the last run stopped: the Pub/Sub emulator forgets its messages, the service not.

What those messages would have set off is done again from the documents. No status and no attempt
changes by it but those of tiles that were ready and not yet handed out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from tileweave.domain.draft import Draft
from tileweave.domain.model import Key
from tileweave.domain.outbox import Kind, token
from tileweave.domain.status import Status
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.janitor import forgotten
from tileweave.usecases.ports import Services
from tileweave.usecases.sweep import sweep

PIECE = 200
"""Scenes or tiles that one commit looks after."""


def resume(services: Services, aois: Iterable[str]) -> int:
    """Hand out every job again that was handed out and has no result, and what waits for a message.

    Returns how many jobs were handed out again. It can be repeated.
    """
    handed_out = sum(_resume(services, aoi) for aoi in aois)
    sweep(services, [each.key for each in services.store.unpublished()])
    return handed_out


def _resume(services: Services, aoi: str) -> int:
    pending = _keys(services, aoi, Status.PENDING)
    for piece in _pieces(pending):
        carry_out(services, partial(_publish_job, keys=piece), piece)
    waiting = [key for key in _keys(services, aoi, Status.NEW) if key.kind == "tile"]
    for piece in _pieces(waiting):
        carry_out(services, partial(forgotten, tile_ids=[key.id for key in piece]), piece)
    return len(pending)


def _publish_job(draft: Draft, *, keys: Sequence[Key]) -> None:
    for key in keys:
        document = draft.find(key)
        if document and document.status is Status.PENDING and not document.delayed:
            job = token(Kind.JOB, document.attempt)
            draft.put(replace(document, outbox=document.outbox | {job}))


def _keys(services: Services, aoi: str, status: Status) -> list[Key]:
    return [key for key, _ in services.store.attempts(aoi, (status,))]


def _pieces(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    return (keys[start : start + PIECE] for start in range(0, len(keys), PIECE))
