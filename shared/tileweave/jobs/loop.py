"""A worker: takes jobs, has them worked on, publishes the results, and only then acknowledges."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError

from tileweave.adapters.pull import LEASE_SECONDS, Received
from tileweave.cli.errors import CommandError
from tileweave.cli.job import Job, Outcome, read_job, result_of
from tileweave.cli.leases import Leases
from tileweave.cli.troubles import NONE, Troubles
from tileweave.domain.errors import TileweaveError
from tileweave.ticker import every
from tileweave.usecases.ports import Publisher

POLL_SECONDS = 0.1
PAUSE_SECONDS = 1.0
"""Before a service is asked again that did not answer."""

Work = Callable[[Job, threading.Event], Outcome | None]
_FAILURES = (GoogleAPICallError, RetryError, TileweaveError)


class Source(Protocol):
    """Where jobs come from: see Subscription."""

    path: str

    def pull(self, most: int) -> list[Received]: ...  # noqa: D102 - Subscription says it
    def extend(self, ack_ids: Sequence[str]) -> None: ...  # noqa: D102 - the same
    def give_back(self, ack_ids: Sequence[str]) -> None: ...  # noqa: D102 - the same
    def acknowledge(self, ack_id: str) -> None: ...  # noqa: D102 - the same


@dataclass
class Worker:
    """Works on up to `parallel` jobs at a time, until `stop` is set."""

    source: Source
    publisher: Publisher
    work: Work
    say: Callable[[str], None]
    stop: threading.Event
    parallel: int = 1
    troubles: Troubles = NONE
    """What goes wrong with results on purpose."""
    until_idle: float | None = None
    """Seconds without any job after which it ends; None: it does not."""
    check: Callable[[], None] = lambda: None
    """Called when the service does not answer; may raise."""
    _leases: Leases = field(default_factory=Leases)

    def run(self) -> None:
        """Work until asked to stop, or idle for long enough. Raises CommandError."""
        with (
            every(LEASE_SECONDS / 3, self._extend),
            ThreadPoolExecutor(self.parallel, "job") as threads,
        ):
            try:
                self._take_jobs(threads)
            finally:
                self.stop.set()

    def _take_jobs(self, threads: ThreadPoolExecutor) -> None:
        busy = time.monotonic()
        while not self.stop.is_set():
            received = self._pull()
            for each in received:
                threads.submit(self._handle, each)
            if received or self._leases:
                busy = time.monotonic()
            elif self.until_idle is not None and time.monotonic() - busy > self.until_idle:
                return
            if not received:
                self.stop.wait(POLL_SECONDS)

    def _pull(self) -> list[Received]:
        free = self.parallel - len(self._leases)
        if not free:
            return []
        try:
            received = self.source.pull(free)
        except NotFound as error:
            raise CommandError(f"there is no {self.source.path}") from error
        except _FAILURES as error:
            self.check()
            self.say(f"no jobs for the moment: {error}")
            self.stop.wait(PAUSE_SECONDS)
            return []
        self._leases.hold(each.ack_id for each in received)
        return received

    def _handle(self, received: Received) -> None:
        try:
            self._work_on(received)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job is not lost
            self.say(f"a job is given back: {error}")
            self._give_back(received)
        finally:
            self._leases.let_go(received.ack_id)

    def _work_on(self, received: Received) -> None:
        try:
            job = read_job(received.data)
        except ValueError as error:
            self.say(f"a message that is no job is dropped: {error}")
            self.source.acknowledge(received.ack_id)
            return
        self.say(f"{job}: taken")
        outcome = self.work(job, self.stop)
        if outcome is None:
            self.say(f"{job}: given back")
            self._give_back(received)
            return
        if not self._sent(job, outcome):
            self.say(f"{job}: given back")
            self._give_back(received)
            return
        self.source.acknowledge(received.ack_id)
        self.say(f"{job}: {outcome.status} {outcome.message}".rstrip())

    def _sent(self, job: Job, outcome: Outcome) -> bool:
        """Publish the result, as often and as late as it is to come; False if asked to stop."""
        waited = 0.0
        for late in self.troubles.deliveries(job):
            if late > waited and self.stop.wait(late - waited):
                return False
            waited = late
            self.publisher.publish([result_of(job, outcome)])
        return True

    def _give_back(self, received: Received) -> None:
        self._leases.let_go(received.ack_id)  # first, or its lease might be extended after all
        try:
            self.source.give_back([received.ack_id])
        except _FAILURES:
            return  # its lease runs out soon

    def _extend(self) -> None:
        try:
            self._leases.extend(self.source.extend)
        except _FAILURES as error:
            self.say(f"the leases of {len(self._leases)} jobs were not extended: {error}")
