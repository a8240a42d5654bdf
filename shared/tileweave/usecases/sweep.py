"""Publish what was committed but never confirmed as published: its publisher died."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from tileweave.domain.draft import Draft
from tileweave.domain.errors import Conflict, NotFound, TooLarge
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.chores import DeleteAoi, message_of, pieces
from tileweave.usecases.ports import Services

logger = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=10)
"""How long a publisher may take before it counts as dead: publishing takes milliseconds."""

PIECE = 200
"""Documents that are published at once."""


def sweep(services: Services) -> int:
    """Publish all messages left in outboxes for longer than PATIENCE; return of how many."""
    for aoi, generation in services.store.leftovers():
        chore = DeleteAoi(aoi=aoi, generation=generation)
        services.publisher.publish([message_of(chore, aoi)])
    latest = services.now() - PATIENCE
    found = services.store.unpublished()
    forgotten = (each.key for each in found if each.updated_at < latest)
    return sum(_sweep(services, keys) for keys in pieces(forgotten, PIECE))


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
