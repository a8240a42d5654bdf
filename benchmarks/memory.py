"""The memory of a function that serves a large AOI, which does not depend on the AOI's size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import seeding
from benchmarks.figures import Figure, at_most
from benchmarks.serving import Function, bare, environment, served

SIZES = (10_000, 100_000)
QUICK_SIZES = (100, 400)
ROUNDS = 2
MOST_MB = 256
FLAT = 1.1
"""How much more memory the larger AOI, or the last round, may take."""

PATHS = ("", "/scenes?limit=10000", "/tiles?limit=10000", "/dot?reference=true", "/roottiles")


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield the highest resident memory while a function serves AOIs of two sizes."""
    sizes, rounds = (QUICK_SIZES, 2) if quick else (SIZES, ROUNDS)
    peaks: list[float] = []
    with environment() as project:
        with bare("overview") as floor:
            floor.get("/?aoi=none")
            least = _megabytes(floor, "VmHWM")
        for size in sizes:
            aoi = f"memory-{size}"
            seeding.seed(project, aoi, size)
            with served("aoi") as function:
                after = [_after_a_round(function, aoi) for _ in range(rounds)]
                peaks.append(_megabytes(function, "VmHWM"))
            yield _peak(size, peaks[-1], least)
            yield _growth(f"round {rounds} against round 1", after[-1] / after[0], size)
    yield _growth(f"{sizes[1]:,} tiles against {sizes[0]:,}", peaks[1] / peaks[0], None)


def _after_a_round(function: Function, aoi: str) -> float:
    for path in PATHS:
        with function.http.stream("GET", f"/aoi/{aoi}{path}") as answer:
            answer.raise_for_status()
            for _ in answer.iter_raw():
                pass
    return _megabytes(function, "VmRSS")


def _megabytes(function: Function, name: str) -> float:
    """Return the memory of the process that answers, as Linux tells it, in MB (10^6 bytes)."""
    (worker, *_) = function.workers()
    lines = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii").splitlines()
    (value,) = (each.split()[1] for each in lines if each.startswith(f"{name}:"))
    return int(value) * 1_024 / 1_000_000


def _peak(size: int, peak: float, floor: float) -> Figure:
    goal = at_most(MOST_MB)
    return Figure(case="highest RSS", value=peak, unit="MB", floor=floor, goal=goal, size=size)


def _growth(case: str, growth: float, size: int | None) -> Figure:
    return Figure(case=f"growth, {case}", value=growth, unit="x", goal=at_most(FLAT), size=size)
