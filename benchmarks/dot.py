"""The whole graph of an AOI in DOT, against the queries that read its documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import seeding
from benchmarks.figures import Figure, at_most
from benchmarks.serving import bare, environment, served
from benchmarks.timing import by_turns

TILES = 10_000


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield the milliseconds of a graph, without and with its references."""
    size, times = (200, 3) if quick else (TILES, 7)
    with environment() as project, served("aoi") as function, bare("graph") as floor:
        seeding.seed(project, "dot", size)
        for case in ("dot", "dot?reference=true"):
            both = by_turns(
                partial(function.get, f"/aoi/dot/{case}"),
                partial(floor.get, "/?aoi=dot"),
                times,
                warm_up=2,
            )
            value, least = both.milliseconds
            yield Figure(
                case=case, value=value, unit="ms", floor=least, ratio_goal=at_most(1.3), size=size
            )
