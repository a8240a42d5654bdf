"""A closed loop: chains of tiles, workers that answer at once, the batch consumer between them."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import running
from benchmarks.emulated import emulators, process, rate, services
from benchmarks.figures import Figure, at_least

SIZES = ((2_000, 100), (2_000, 500), (10_000, 100), (10_000, 500))
QUICK = ((60, 10),)
"""Tiles, and tiles of a chain."""


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure results a second, of the consumer and of the bare loop."""
    for tiles, length in QUICK if quick else SIZES:
        floor = loop(tiles, length, bare=True)
        value = loop(tiles, length, bare=False)
        yield Figure(
            case=f"{tiles:,} tiles in chains of {length}",
            value=value,
            unit="results/s",
            floor=floor,
            goal=at_least(500),
            ratio_goal=at_least(0.7),
        )


def loop(tiles: int, length: int, *, bare: bool) -> float:
    """Return how many results a second are taken, until the last tile is DONE."""
    aoi = "Loop"
    with emulators(), tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        chains = tiles // length
        bursts = min(20, chains)
        running.ingest(aoi, length, bursts, places=chains // bursts)
        jobs = running.download(aoi)
        if bare:
            described = Path(folder) / "chains.json"
            described.write_text(json.dumps({"aoi": aoi, "following": running.following(aoi)}))
            consumer = process("benchmarks.bare_loop", str(described))
        else:
            consumer = process("tileweave.consumer")
        started = [stack.enter_context(each) for each in (process("benchmarks.instant"), consumer)]
        time.sleep(4)  # they import Google's clients
        services().publisher.publish(jobs)
        return rate(aoi, tiles, started)
