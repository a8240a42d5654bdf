"""Timing one thing and its floor by turns, so that what else the machine does hits both alike."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter

from benchmarks.figures import middle

Call = Callable[[], object]


@dataclass(slots=True)
class Both:
    """Seconds of each repetition, of what is measured and of its floor."""

    measured: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> tuple[float, float]:
        """The medians, in milliseconds."""
        return middle(self.measured) * 1_000, middle(self.floor) * 1_000


def seconds_of(call: Call) -> float:
    """Return how long a call takes."""
    gc.collect()
    begin = perf_counter()
    call()
    return perf_counter() - begin


def by_turns(measured: Call, floor: Call, times: int, warm_up: int = 3) -> Both:
    """Call both so many times, by turns; the first calls of both are not counted."""
    both = Both()
    for number in range(warm_up + times):
        pair = seconds_of(measured), seconds_of(floor)
        if number >= warm_up:
            both.measured.append(pair[0])
            both.floor.append(pair[1])
    return both
