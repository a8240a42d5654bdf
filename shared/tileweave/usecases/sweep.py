"""Publish what was committed but never confirmed as published: its publisher died."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

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
"""Scenes or tiles that one commit looks after."""

HOPELESS = (NotFound, TooLarge, Conflict)
"""What one of many is given up for, until the next visit."""

Mending = Callable[[Draft, Sequence[Key]], object]


def unpublished(services: Services) -> Iterator[Document]:
    """Return what has had something in its outbox for longer than PATIENCE."""
    latest = services.now() - PATIENCE
    return (each for each in services.store.unpublished() if each.updated_at < latest)


def sweep(services: Services, keys: Sequence[Key]) -> int:
    """Publish what the outboxes of these hold; return of how many."""
    return mend(services, keys, _publish)


def mend(services: Services, keys: Sequence[Key], decide: Mending) -> int:
    """Carry out a decision on all of these, in pieces; return on how many.

    One that cannot be mended (what it needs is gone, perhaps with its AOI) is logged, and keeps
    nothing else back.
    """
    return sum(_mend(services, piece, decide) for piece in pieces(keys, PIECE))


def _mend(services: Services, keys: Sequence[Key], decide: Mending) -> int:
    """Mend all of these, or each alone where one of them cannot be mended."""
    try:
        carry_out(services, lambda draft: decide(draft, keys), keys)
    except HOPELESS:
        if len(keys) > 1:
            return sum(_mend(services, [key], decide) for key in keys)
        logger.exception("%s %s cannot be mended", *keys[0])
        return 0
    return len(keys)


def _publish(draft: Draft, keys: Sequence[Key]) -> None:
    for key in keys:
        document = draft.find(key)
        if document is not None:
            draft.publish(document)
