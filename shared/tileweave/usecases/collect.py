"""Take the results that wait in a queue, as those that are pushed: many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tileweave.usecases.consume import Consumer
from tileweave.usecases.ports import Services
from tileweave.usecases.received import Received

MOST_AT_ONCE = 250
"""Results of one commit."""

LONGEST_WAIT = 5
"""Seconds that a queue is asked to wait for a first message: less than its clients wait for it."""


class Inbox(Protocol):
    """A queue that results wait in. Every method raises Unavailable."""

    path: str

    def pull(self, most: int, wait_seconds: int) -> list[Received]:
        """Return at most so many messages, waiting so long for a first one; they are leased."""

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these messages never delivered again."""


@dataclass(slots=True)
class Collected:
    """How many results were taken (rejected ones too), and how many are to come again."""

    taken: int = 0
    left: int = 0


def collect(
    services: Services,
    inbox: Inbox,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Collected:
    """Take results for so long, waiting for more; each is deleted after its commit, not before.

    What could not be committed comes again when its lease is over, at last as a dead letter; once
    nothing could be, this call ends. Raises Unavailable: the queue does not answer.
    """
    end = clock() + seconds
    consumer = Consumer(services)
    collected = Collected()
    while found := _some(inbox, lambda: end - clock()):
        if not _take(consumer, inbox, found, collected):
            break
    return collected


def _some(inbox: Inbox, left: Callable[[], float]) -> list[Received]:
    """Return what waits, up to MOST_AT_ONCE; none once the time is over."""
    found: list[Received] = []
    while not found and (seconds := left()) > 0:
        found = inbox.pull(MOST_AT_ONCE, max(1, min(LONGEST_WAIT, int(seconds))))
    while found and len(found) < MOST_AT_ONCE:
        more = inbox.pull(MOST_AT_ONCE - len(found), 0)
        if not more:
            break
        found += more
    return found


def _take(
    consumer: Consumer, inbox: Inbox, found: Sequence[Received], collected: Collected
) -> bool:
    """Take results; return whether any of them was taken."""
    deliveries = [each.delivery for each in found]
    failed = {id(each) for each in consumer.take_results(deliveries)}
    consumer.tell()
    pairs = list(zip(found, deliveries, strict=True))
    if good := [each.ack_id for each, delivery in pairs if id(delivery) not in failed]:
        inbox.acknowledge(*good)
    collected.taken += len(good)
    collected.left += len(failed)
    return bool(good)
