"""Signs of life of the jobs being worked on, well before their leases run out.

The lease of an AOI's jobs (a day, unless it is set) is another one than that of a message: when it
is over, Tileweave hands the job out again. A job says how long its lease is, if it is not a day.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tileweave.domain.policy import DEFAULT
from tileweave.jobs.job import Job

PARTS = 3
"""Heartbeats in a lease: two of them may get lost."""

LOOK_SECONDS = 0.25


@dataclass
class _Life:
    job: Job
    every: float
    due: float


class Heartbeats:
    """Sends one for each job whenever a third of its lease has passed."""

    def __init__(
        self, send: Callable[[Job], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._send = send
        self._clock = clock
        self._lives: dict[str, _Life] = {}
        self._lock = threading.Lock()

    def begin(self, name: str, job: Job, lease: float, waited: float) -> None:
        """Send them for a job that has `waited` for its worker."""
        part = lease / PARTS
        with self._lock:
            self._lives[name] = _Life(job, part, self._clock() + part - waited)

    def end(self, name: str) -> None:
        """Send no more of them for a job."""
        with self._lock:
            self._lives.pop(name, None)

    def beat(self) -> None:
        """Send those that are due. Raises what sending raises; that one is due again, soon."""
        now = self._clock()
        with self._lock:
            due = [each for each in self._lives.values() if each.due <= now]
        for life in due:
            life.due = now + min(life.every, 1.0)
            self._send(life.job)
            life.due = now + life.every


def lease_of(attributes: Mapping[str, str]) -> float:
    """Return the seconds after which a job is handed out again."""
    try:
        return max(0.0, float(attributes["lease"]))
    except (KeyError, ValueError):
        return DEFAULT.lease.total_seconds()


def waited_since(published: datetime | None) -> float:
    """Return how many seconds ago a job was published, by this machine's clock."""
    return 0.0 if published is None else max(0.0, (datetime.now(UTC) - published).total_seconds())
