"""The same work in AOIs of a hundred to a hundred thousand tiles: it should cost the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import latency, running
from benchmarks.emulated import done, emulators, process, rate, services
from benchmarks.figures import Figure, middle
from benchmarks.pushed import system

SIZES, QUICK = (1_000, 10_000, 100_000), (100,)
CHAINS = 20
RESULTS_OF_A_CHAIN, FEW = 50, 5
SAMPLES = 40


def measure(*, quick: bool) -> Iterator[Figure]:
    """Measure a closed loop of the batch consumer, and the latency of the functions."""
    sizes = QUICK if quick else SIZES
    length = FEW if quick else RESULTS_OF_A_CHAIN
    for size in sizes:
        value = _results_a_second(size, length)
        yield Figure(case="batch consumer", value=value, unit="results/s", size=size)
    for size in sizes:
        value = _latency(size, length if quick else SAMPLES)
        yield Figure(case="result to next job", value=value, unit="ms, p50", size=size)


def _ingest(aoi: str, size: int, length: int, bursts: int) -> None:
    """Make an AOI of this size, of which some chains are worked on and the others wait."""
    running.ingest(aoi, length, bursts)
    others = size // length - bursts
    if others > 0:
        running.add(aoi, length, others, first=bursts)


def _results_a_second(size: int, length: int) -> float:
    aoi = "Growth"
    with emulators(), ExitStack() as stack:
        _ingest(aoi, size, length, CHAINS)
        jobs = running.download(aoi, CHAINS)
        names = ("benchmarks.instant", "tileweave.consumer")
        started = [stack.enter_context(process(each)) for each in names]
        time.sleep(4)
        before = done(aoi)
        services().publisher.publish(jobs)
        return rate(aoi, length * CHAINS, started, before)


def _latency(size: int, samples: int) -> float:
    aoi = "Growth"
    with system():
        _ingest(aoi, size, samples + 2, 1)
        [job] = running.download(aoi, 1)
        return 1_000 * middle(latency.chain(job.body, samples)[1:])
