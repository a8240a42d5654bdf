"""A worker: takes jobs, has them worked on, publishes the results, and only then acknowledges."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_fixed,
)

from tileweave.domain.errors import TileweaveError
from tileweave.jobs import heartbeats
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.heartbeats import Heartbeats, lease_of, waited_since
from tileweave.jobs.job import Job, Kind, Outcome, heartbeat_of, read_job, result_of
from tileweave.jobs.leases import Leases
from tileweave.ticker import every
from tileweave.usecases.ports import Publisher
from tileweave.usecases.received import Received

LEASE_SECONDS = 20
"""How long a job stays with a worker that says nothing: then another one gets it."""

POLL_SECONDS = 0.1
PAUSE_SECONDS = 1.0
"""Before a service is asked again that did not answer."""

RESULT_SECONDS = 60.0
"""How long a result is tried to be published before its job is given back, and done again."""

Work = Callable[[Job, threading.Event], Outcome | None]


def at_once(_job: Job) -> Sequence[float]:
    """Return after how many seconds a result is sent, each time: once, at once."""
    return (0.0,)


class Source(Protocol):
    """Where jobs come from; every method raises Unavailable, or WorkerError."""

    path: str

    def pull(self, most: int) -> list[Received]:
        """Return at most so many jobs, leased; none if there are none for the moment."""

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these jobs for LEASE_SECONDS from now on."""

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these jobs delivered to others at once."""

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these jobs never delivered again."""


class Idleness:
    """How long none of the workers that share it had a job."""

    def __init__(self) -> None:
        self.end()

    def end(self) -> None:
        """Have it begin anew: somebody has a job."""
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it is by now."""
        return time.monotonic() - self._since


@dataclass
class Worker:
    """Works on up to `parallel` jobs at a time, until `stop` is set."""

    source: Source
    publisher: Publisher
    work: Work
    say: Callable[[str], None]
    stop: threading.Event
    parallel: int = 1
    kind: Kind | None = None
    """The only jobs that it works on; None: all."""
    deliveries: Callable[[Job], Sequence[float]] = at_once
    """After how many seconds the result of a job is sent, each time."""
    until_idle: float | None = None
    """Seconds without any job after which it ends; None: it does not."""
    check: Callable[[], None] = lambda: None
    """Called when the service does not answer; may raise."""
    idleness: Idleness = field(default_factory=Idleness)
    """Shared by workers that end together."""
    _leases: Leases = field(default_factory=Leases)
    _heartbeats: Heartbeats = field(init=False)
    _unheard: OSError | None = None

    def __post_init__(self) -> None:
        self._heartbeats = Heartbeats(lambda job: self.publisher.publish([heartbeat_of(job)]))

    def run(self) -> None:
        """Work until asked to stop, or idle for long enough. Raises WorkerError."""
        with (
            every(LEASE_SECONDS / 3, self._extend),
            every(heartbeats.LOOK_SECONDS, self._beat),
            ThreadPoolExecutor(self.parallel, "job") as threads,
        ):
            try:
                self._take_jobs(threads)
            except BaseException:
                self.stop.set()
                raise
        if self._unheard:
            raise WorkerError(f"its output cannot be written: {self._unheard.strerror}")

    def _take_jobs(self, threads: ThreadPoolExecutor) -> None:
        self.idleness.end()
        while not self.stop.is_set():
            received = self._pull()
            for each in received:
                threads.submit(self._handle, each)
            if received or self._leases:
                self.idleness.end()
            elif self.until_idle is not None and self.idleness.seconds > self.until_idle:
                return
            if not received:
                self.stop.wait(POLL_SECONDS)

    def _pull(self) -> list[Received]:
        free = self.parallel - len(self._leases)
        if not free:
            return []
        try:
            received = self.source.pull(free)
        except TileweaveError as error:
            self.check()
            self._say(f"no jobs for the moment: {error}")
            self.stop.wait(PAUSE_SECONDS)
            return []
        self._leases.hold(each.ack_id for each in received)
        return received

    def _handle(self, received: Received) -> None:
        try:
            self._work_on(received)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job is not lost
            self._say(f"a job is given back: {error}")
            self._give_back(received)
        finally:
            self._heartbeats.end(received.ack_id)
            self._leases.let_go(received.ack_id)

    def _work_on(self, received: Received) -> None:
        try:
            job = read_job(received.data)
        except ValueError as error:
            self._say(f"a message that is no job is dropped: {error}")
            self._acknowledge(received)
            return
        outcome = self._outcome(received, job)
        if outcome is None or not self._sent(job, outcome):
            self._say(f"{job}: given back")
            self._give_back(received)
            return
        self._acknowledge(received)
        self._say(f"{job}: {outcome.status} {outcome.message}".rstrip())

    def _outcome(self, received: Received, job: Job) -> Outcome | None:
        """Have a job worked on; None if it is to be given back."""
        if self.stop.is_set():
            return None
        self._say(f"{job}: taken")
        if self._unheard:
            return None
        if self.kind not in (None, job.kind):
            return Outcome("RETRY", f"the job of a {job.kind} came to a worker on {self.kind}s")
        lease, waited = lease_of(received.attributes), waited_since(received.published)
        self._heartbeats.begin(received.ack_id, job, lease, waited)
        return self.work(job, self.stop)

    def _sent(self, job: Job, outcome: Outcome) -> bool:
        """Publish the result, as often and as late as it is to come; False if asked to stop."""
        waited = 0.0
        for late in self.deliveries(job):
            if late > waited and self.stop.wait(late - waited):
                return False
            waited = late
            self._publish(job, outcome)
        return True

    def _publish(self, job: Job, outcome: Outcome) -> None:
        """Publish a result, trying again for a while: a job may have taken hours."""
        Retrying(
            retry=retry_if_exception_type(TileweaveError),
            stop=stop_after_delay(RESULT_SECONDS) | stop_when_event_set(self.stop),
            wait=wait_fixed(PAUSE_SECONDS),
            sleep=sleep_using_event(self.stop),
            reraise=True,
        )(self.publisher.publish, [result_of(job, outcome)])

    def _say(self, line: str) -> None:
        """Tell people something; where they cannot hear, nor could what works on jobs: stop."""
        try:
            self.say(line)
        except OSError as error:
            self._unheard = error
            self.stop.set()

    def _acknowledge(self, received: Received) -> None:
        """Acknowledge a message; never give one back whose result is out: it would run again."""
        try:
            self.source.acknowledge(received.ack_id)
        except TileweaveError as error:
            self._say(f"a job was not acknowledged, and may come again: {error}")

    def _give_back(self, received: Received) -> None:
        self._leases.let_go(received.ack_id)  # first, or its lease might be extended after all
        try:
            self.source.give_back([received.ack_id])
        except (TileweaveError, WorkerError):
            return  # its lease runs out soon

    def _extend(self) -> None:
        try:
            self._leases.extend(self.source.extend)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next time comes
            self._say(f"the leases of {len(self._leases)} jobs were not extended: {error}")

    def _beat(self) -> None:
        try:
            self._heartbeats.beat()
        except Exception as error:  # noqa: BLE001 - the same
            self._say(f"a heartbeat was not sent: {error}")
