"""One call retries ten thousand tiles: in pieces, a message each, so that none is forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks import running
from benchmarks.emulated import services
from benchmarks.figures import Figure, at_most
from benchmarks.pushed import system
from tileweave.cli import ready

TILES, QUICK = 10_000, 40
BURSTS = 20
AOI = "Retry"
SECONDS = 120


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure from the call to the last tile handed out again."""
    tiles = QUICK if quick else TILES
    with system() as run:
        running.ingest(AOI, 1, BURSTS, places=tiles // BURSTS)
        jobs = running.download(AOI)
        while jobs := running.answer(jobs, "RETRY"):
            pass  # until no automatic retry is left
        begin = time.monotonic()
        with ready.client() as http:
            http.put(f"{run.url}/aoi/{AOI}/retry", timeout=SECONDS).raise_for_status()
        answered = time.monotonic() - begin
        while _waiting():
            if time.monotonic() - begin > SECONDS:
                raise TimeoutError(f"{_waiting()} tiles wait after {SECONDS} s")
            time.sleep(0.1)
        took = time.monotonic() - begin
    yield Figure(case=f"{tiles:,} tiles: answered", value=answered, unit="s")
    yield Figure(case=f"{tiles:,} tiles: handed out", value=took, unit="s", goal=at_most(30))


def _waiting() -> int:
    found = services().store.totals(AOI)
    return found[1].counts.get("tiles_RETRY", 0) if found else 0
