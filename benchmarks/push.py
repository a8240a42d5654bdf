"""A closed loop through push functions, a message an invocation, as `tileweave up` runs them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks import running
from benchmarks.emulated import process, rate, services
from benchmarks.figures import Figure, at_least
from benchmarks.pushed import system

TILES, LENGTH = 2_000, 100
QUICK = 40, 10


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure results a second."""
    tiles, length = QUICK if quick else (TILES, LENGTH)
    aoi = "Pushed"
    with system():
        running.ingest(aoi, length, tiles // length)
        jobs = running.download(aoi)
        with process("benchmarks.instant") as worker:
            time.sleep(4)  # it imports Google's clients
            services().publisher.publish(jobs)
            value = rate(aoi, tiles, [worker])
    yield Figure(
        case=f"{tiles:,} tiles in chains of {length}",
        value=value,
        unit="results/s",
        goal=at_least(80),
    )
