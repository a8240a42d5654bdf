"""A root fails that five hundred tiles refer to: the next job, and the whole graph."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks import running
from benchmarks.emulated import services
from benchmarks.figures import Figure, at_most
from benchmarks.pushed import system
from tileweave import compose
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Tile

DEPENDANTS, QUICK = 500, 10
AOI = "Failure"
SECONDS = 60


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure from the result, published, through the push functions."""
    dependants = QUICK if quick else DEPENDANTS
    with system():
        running.ingest(AOI, dependants + 1, 1)
        [job] = running.download(AOI)
        jobs = compose.subscription(Topic.TILE_JOBS)
        begin = time.monotonic()
        result = {"type": "tile", "id": job.body["id"], "status": "FAILED", "message": "no data"}
        services().publisher.publish([Message(Topic.RESULTS, result, {"type": "tile"})])
        whole, handed_out = 0.0, 0.0
        while not (whole and handed_out):
            handed_out = handed_out or (time.monotonic() if jobs.pull(1, leased=False) else 0.0)
            whole = whole or (time.monotonic() if _is_whole(dependants) else 0.0)
            if time.monotonic() - begin > SECONDS:
                raise TimeoutError(f"the graph is not whole after {SECONDS} s")
            time.sleep(0.05)
    for case, end in (("next job published", handed_out), ("whole graph relinked", whole)):
        yield Figure(
            case=f"{dependants} dependants: {case}",
            value=end - begin,
            unit="s",
            goal=at_most(2),
        )


def _is_whole(dependants: int) -> bool:
    """Whether the root is cut out, and every other tile refers to its heir."""
    root, *others = _tiles()
    if not root.cut:
        return False
    heir, *rest = others
    wrong = [each for each in rest if each.reference != heir.link]
    if wrong or not heir.is_root or len(others) != dependants:
        raise RuntimeError(f"{len(wrong)} links are wrong")
    return True


def _tiles() -> list[Tile]:
    return list(services().store.tiles(AOI))
