"""What an AOI says of its jobs: how long they take, how soon they come again, where they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

LONGEST_LEASE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Policy:
    """Lease, automatic retries and targets of the jobs of one AOI.

    A job that was handed out and has neither result nor heartbeat for `lease` is handed out
    again; each further time in a row after twice as long, so that a queue of jobs that is longer
    than a lease is worked off all the same. An automatic retry is handed out after
    `first_delay`, the next one in a row after `factor` times as much, and so on, but never after
    more than `cap`. Jobs go to SQS queues (by URL or ARN) where these are named, else to Pub/Sub.
    """

    lease: timedelta = timedelta(hours=24)
    first_delay: timedelta = timedelta(0)
    factor: float = 2.0
    cap: timedelta = timedelta(hours=1)
    scene_jobs_queue: str = ""
    tile_jobs_queue: str = ""

    def lease_after(self, expiries: int) -> timedelta:
        """Return the lease of a job of which so many ran out in a row."""
        times: int = 2 ** min(max(0, expiries - 1), 20)
        return min(self.lease * times, max(self.lease, LONGEST_LEASE))

    def queue_of(self, kind: Literal["scene", "tile"]) -> str:
        """Return the queue that such jobs go to; empty: their topic."""
        return self.scene_jobs_queue if kind == "scene" else self.tile_jobs_queue

    def delay(self, retries: int) -> timedelta:
        """Return how long the next automatic retry waits, after so many of them in a row."""
        longest = min(self.cap, self.first_delay) if self.factor <= 1 else self.cap
        wait = min(self.first_delay, self.cap)
        for _ in range(retries):
            if wait >= longest or not wait:
                break
            wait = min(wait * self.factor, longest)
        return wait


DEFAULT = Policy()
"""What an AOI does unless it is told otherwise: as geocube-ingester's workers expect."""
