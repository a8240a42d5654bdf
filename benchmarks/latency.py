"""From a result, published, to the job of the tile that waited for it, published: an idle system.

Through the push functions of `tileweave up`. The time of a publication is the one that Pub/Sub
gives a message, so no client of the benchmark is part of it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks import running
from benchmarks.emulated import services
from benchmarks.figures import Figure, at_most, percentile
from benchmarks.pushed import system
from tileweave import compose
from tileweave.adapters.pull import Subscription
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Json
from tileweave.usecases.received import Received

SAMPLES, WARM = 300, 20
QUICK = 5, 2
SECONDS = 30


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure a chain, a tile after the other, and Pub/Sub alone."""
    samples, warm = QUICK if quick else (SAMPLES, WARM)
    aoi = "Idle"
    with system():
        running.ingest(aoi, samples + warm + 1, 1)
        [job] = running.download(aoi)
        took = chain(job.body, samples + warm)[warm:]
    for share, most in ((0.5, 60), (0.99, 200)):
        yield Figure(
            case=f"p{share * 100:g}",
            value=1_000 * percentile(took, share),
            unit="ms",
            goal=at_most(most),
        )


def chain(job: Json, length: int) -> list[float]:
    """Answer so many jobs of a chain, one after the other; return seconds from result to job."""
    jobs = compose.subscription(Topic.TILE_JOBS)
    took = []
    for _ in range(length):
        answered = _answer(job)
        received = _next(jobs)
        job = json.loads(received.data)
        published = received.published or answered
        took.append((published - answered).total_seconds())
        time.sleep(0.1 + 0.2 * random.random())  # idle: no tick of the emulator's is met by habit
    return took


def _answer(job: Json) -> datetime:
    """Publish that a job is DONE; return when."""
    result = {"type": "tile", "id": job["id"], "status": "DONE", "attempt": job["attempt"]}
    now = datetime.now(UTC)
    services().publisher.publish([Message(Topic.RESULTS, result, {"type": "tile"})])
    return now


def _next(jobs: Subscription) -> Received:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if received := jobs.pull(1, leased=False):
            jobs.acknowledge(received[0].ack_id)
            return received[0]
        time.sleep(0.005)
    raise TimeoutError(f"no job within {SECONDS} s")
