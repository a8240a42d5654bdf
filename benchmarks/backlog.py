"""Five thousand results wait, and then the batch consumer starts."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

from benchmarks import running
from benchmarks.emulated import done, emulators, process, services, until_done
from benchmarks.figures import Figure, at_least
from benchmarks.instant import result_of

RESULTS, QUICK = 5_000, 40
BURSTS = 20
AOI = "Backlog"


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure results a second, of the consumer and of the bare loop."""
    results = QUICK if quick else RESULTS
    floor, value = (drained(results, bare=bare) for bare in (True, False))
    yield Figure(
        case=f"{results:,} results, each of which hands out a tile",
        value=value,
        unit="results/s",
        floor=floor,
        goal=at_least(500),
        ratio_goal=at_least(0.7),
    )


def drained(results: int, *, bare: bool) -> float:
    """Return how many results a second are taken, from the first commit on."""
    with emulators(), tempfile.TemporaryDirectory() as folder:
        running.ingest(AOI, 2, BURSTS, places=results // BURSTS)
        jobs = running.download(AOI)
        services().publisher.publish([result_of(each.body, each.attributes) for each in jobs])
        begin = time.monotonic()
        with _consumer(Path(folder), bare=bare) as consumer:
            while not done(AOI):
                begin = time.monotonic()  # the last moment at which none was taken
            return results / (until_done(AOI, results, 300, [consumer]) - begin)


def _consumer(folder: Path, *, bare: bool) -> AbstractContextManager[Popen[str]]:
    if not bare:
        return process("tileweave.consumer")
    described = folder / "chains.json"
    described.write_text(json.dumps({"aoi": AOI, "following": running.following(AOI)}))
    return process("benchmarks.bare_loop", str(described))
