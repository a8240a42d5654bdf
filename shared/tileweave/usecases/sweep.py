"""Publish what was committed but never confirmed as published: its publisher died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import islice

from tileweave.domain.draft import Draft
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.chores import DeleteAoi, message_of
from tileweave.usecases.ports import Services

PATIENCE = timedelta(seconds=10)
"""How long a publisher may take before it counts as dead: publishing takes milliseconds."""

PIECE = 200
"""Documents that are published at once."""


def sweep(services: Services) -> int:
    """Publish all messages left in outboxes for longer than PATIENCE; return of how many."""
    latest = services.now() - PATIENCE
    found = services.store.unpublished()
    forgotten = (each.key for each in found if each.updated_at < latest)
    swept = 0
    while keys := list(islice(forgotten, PIECE)):
        carry_out(services, partial(_publish, keys=keys), keys)
        swept += len(keys)
    for aoi, generation in services.store.leftovers():
        chore = DeleteAoi(aoi=aoi, generation=generation)
        services.publisher.publish([message_of(chore, aoi)])
    return swept


def _publish(draft: Draft, *, keys: Sequence[Key]) -> None:
    for key in keys:
        document = draft.find(key)
        if document is not None:
            draft.publish(document)
