"""The batch consumer: a process that pulls results and updates by the hundred.

It runs until it is asked to stop, by SIGINT or SIGTERM, as `python -m tileweave.consumer` (a
container, a Cloud Run worker pool) or as `tileweave consume` beside a local run. Any number of them
may run, and the functions beside them: whoever takes a message, it is applied once.
"""

from __future__ import annotations

import logging
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from tileweave import compose
from tileweave.adapters.pull import FAILURES, FINAL, LEASE_SECONDS
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Topic
from tileweave.ticker import every
from tileweave.usecases.consume import Consumer
from tileweave.usecases.ports import Services
from tileweave.usecases.received import Received
from tileweave.usecases.reject import Delivery

logger = logging.getLogger(__name__)

TOPICS = (Topic.RESULTS, Topic.DEPENDENCY_UPDATES)
"""What it takes, unless it is asked for one of them."""

MOST_AT_ONCE = 250
"""Messages of one commit, which then holds twice as many documents."""

SHORTEST_POLL = 0.005
LONGEST_POLL = 0.1
"""Seconds before an emulator is asked again that had nothing; longer the longer it had not."""

TELL_SECONDS = 1.0
"""How soon the store is told what was published: the janitor has patience for ten seconds."""

LOOK_SECONDS = 0.2
PAUSE_SECONDS = 1.0
"""Before messages are taken again that the store could not be changed by."""

Take = Callable[[Sequence[Delivery]], list[Delivery]]


class Source(Protocol):
    """Where messages come from: see Subscription."""

    path: str
    waits: bool

    def pull(self, most: int, *, leased: bool = True) -> list[Received]: ...  # noqa: D102
    def extend(self, ack_ids: Sequence[str]) -> None: ...  # noqa: D102
    def give_back(self, ack_ids: Sequence[str]) -> None: ...  # noqa: D102
    def acknowledge(self, *ack_ids: str) -> None: ...  # noqa: D102
    def take_over(self) -> None: ...  # noqa: D102
    @property
    def pushes_to(self) -> str: ...  # noqa: D102


class Pushed(Exception):
    """Raised when the messages of a subscription go to a function, so that nobody can pull them."""


@dataclass
class Lane:
    """Takes the messages of one subscription, many at a time, until `stop` is set."""

    source: Source
    consumer: Consumer
    take: Take
    stop: threading.Event
    taken: int = 0
    busy: float = field(default_factory=time.monotonic)
    """When messages were there last; in the future while some are being taken."""
    _held: list[str] = field(default_factory=list)
    """Messages that are being taken: their leases are extended meanwhile."""
    _told: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Take messages. Raises one of FINAL."""
        with (
            ThreadPoolExecutor(1, "acknowledge") as behind,
            every(LEASE_SECONDS / 3, lambda: self._said(self.source.extend, list(self._held))),
        ):
            while not self.stop.is_set():
                self._take(self._pull(), behind)
                if time.monotonic() - self._told >= TELL_SECONDS:
                    self._tell()
            self._tell()

    def _pull(self) -> list[Received]:
        """Return what is there; wait a moment if that is nothing."""
        try:
            received = self.source.pull(MOST_AT_ONCE, leased=False)
        except FINAL:
            raise
        except FAILURES as error:
            logger.warning("no messages for the moment: %s", error)
            self.stop.wait(PAUSE_SECONDS)
            return []
        if not received and not self.source.waits:
            idle = time.monotonic() - self.busy
            self.stop.wait(min(LONGEST_POLL, max(SHORTEST_POLL, idle / 50)))
        return received

    def _take(self, received: Sequence[Received], behind: Executor) -> None:
        if not received:
            return
        ids = [each.ack_id for each in received]
        self.busy, self._held = math.inf, ids
        behind.submit(self._said, self.source.extend, ids)
        deliveries = [each.delivery for each in received]
        try:
            failed = {id(each) for each in self.take(deliveries)}
        finally:
            self.busy, self._held = time.monotonic(), []
        pairs = list(zip(ids, map(id, deliveries), strict=True))
        good = [ack_id for ack_id, delivery in pairs if delivery not in failed]
        behind.submit(self._said, lambda ids: self.source.acknowledge(*ids), good)
        self.taken += len(good)
        if failed:
            self.stop.wait(PAUSE_SECONDS)
            bad = [ack_id for ack_id, delivery in pairs if delivery in failed]
            behind.submit(self._said, self.source.give_back, bad)

    def _said(self, say: Callable[[Sequence[str]], None], ack_ids: Sequence[str]) -> None:
        """Say something of messages; if that fails they come again when their lease is over."""
        try:
            if ack_ids:
                say(ack_ids)
        except Exception as error:  # noqa: BLE001 - nobody else looks at what is said behind
            logger.warning("%d messages may come again: %s", len(ack_ids), error)

    def _tell(self) -> None:
        self._told = time.monotonic()
        try:
            self.consumer.tell()
        except Unavailable:
            logger.warning("what was published is told later", exc_info=True)


def lanes(topics: Iterable[Topic], stop: threading.Event) -> list[Lane]:
    """Return what takes the messages of these topics, in this environment's project."""
    services = compose.for_messages()
    return [lane(each, services, compose.subscription(each), stop) for each in topics]


def lane(topic: Topic, services: Services, source: Source, stop: threading.Event) -> Lane:
    """Return what takes the messages of a topic."""
    consumer = Consumer(services)
    take = consumer.take_results if topic is Topic.RESULTS else consumer.take_updates
    return Lane(source, consumer, take, stop)


def check_pulled(source: Source) -> None:
    """Raise Pushed if a subscription's messages are pushed, saying how to have them pulled."""
    if endpoint := source.pushes_to:
        name = source.path.rpartition("/")[2]
        raise Pushed(
            f"the messages of {name} are pushed to {endpoint}: have them pulled first, by"
            f" `gcloud pubsub subscriptions modify-push-config {name} --push-endpoint=`"
        )


def consume(
    lanes: Sequence[Lane], stop: threading.Event, look: Callable[[], None] = lambda: None
) -> None:
    """Run these side by side until `stop` is set; one that ends stops all. Raises its error.

    `look` is called now and then meanwhile; what it raises stops all, too.
    """

    def run(each: Lane) -> None:
        try:
            each.run()
        finally:
            stop.set()

    with ThreadPoolExecutor(len(lanes), "lane") as threads:
        ended = [threads.submit(run, each) for each in lanes]
        try:
            while not stop.wait(LOOK_SECONDS):
                look()
        finally:
            stop.set()
    for each in ended:
        each.result()


def main() -> None:
    """Take the messages of this environment's project until asked to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    taking = lanes(TOPICS, stop)
    try:
        for each in taking:
            check_pulled(each.source)
    except Pushed as error:
        sys.exit(str(error))
    consume(taking, stop)


if __name__ == "__main__":
    main()
