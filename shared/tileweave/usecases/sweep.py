"""Publish what was committed but never confirmed as published: its publisher died."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from tileweave.domain.draft import Draft
from tileweave.domain.errors import Conflict, NotFound, TooLarge
from tileweave.domain.model import Document, Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.chores import pieces
from tileweave.usecases.ports import Services

logger = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=10)
"""How long a publisher may take before it counts as dead: publishing takes milliseconds."""

PIECE = 200
"""Documents that are published at once."""


def unpublished(services: Services) -> Iterator[Document]:
    """Return what has had something in its outbox for longer than PATIENCE."""
    latest = services.now() - PATIENCE
    return (each for each in services.store.unpublished() if each.updated_at < latest)


def sweep(services: Services, keys: Sequence[Key]) -> int:
    """Publish what the outboxes of these hold; return of how many."""
    return sum(_sweep(services, piece) for piece in pieces(keys, PIECE))


def _sweep(services: Services, keys: Sequence[Key]) -> int:
    """Publish for all of these, or for each alone where one of them cannot be published."""
    try:
        carry_out(services, partial(_publish, keys=keys), keys)
    except (NotFound, TooLarge, Conflict):
        if len(keys) > 1:
            return sum(_sweep(services, [key]) for key in keys)
        logger.exception("what %s %s holds cannot be published", *keys[0])
        return 0
    return len(keys)


def _publish(draft: Draft, *, keys: Sequence[Key]) -> None:
    for key in keys:
        document = draft.find(key)
        if document is not None:
            draft.publish(document)
