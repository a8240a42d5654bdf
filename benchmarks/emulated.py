"""The emulators, with topics and subscriptions, and processes that work against them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from tileweave import compose
from tileweave.domain.messages import Topic
from tileweave.topology import load
from tileweave.usecases.ports import Services
from tileweave_emulators import Emulators, Running
from tileweave_emulators.provision import provision

HEAP = "4g"
"""Of the Firestore emulator: with less, an AOI of 100,000 tiles is the collector's benchmark."""

PULLED = (Topic.RESULTS, Topic.DEPENDENCY_UPDATES)
NOBODY = dict.fromkeys(("results", "dependencies", "rejected"), "http://127.0.0.1:9/")


@contextmanager
def emulators() -> Iterator[Running]:
    """Run both emulators in a project of its own; all subscriptions are pulled."""
    os.environ.setdefault("TILEWEAVE_FIRESTORE_HEAP", HEAP)
    with Emulators(project=f"bench-{uuid4().hex[:8]}").start() as running:
        found = running.environment()
        os.environ.update(found)
        forget()
        provision(load().pulled(PULLED), running.project, running.pubsub_host, NOBODY)
        try:
            yield running
        finally:
            for name in found:
                del os.environ[name]  # or the next one would take them for somebody else's


def forget() -> None:
    """Let the clients of this process be made anew: for other emulators."""
    for each in (compose.settings, compose.store, compose.publisher, compose.for_messages):
        each.cache_clear()


def services() -> Services:
    """Return services over the emulators."""
    return compose.for_messages()


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module in a process of its own until the block ends."""
    started = subprocess.Popen([sys.executable, "-m", module, *arguments], text=True)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def done(aoi: str) -> int:
    """Return how many tiles of an AOI are DONE."""
    found = services().store.totals(aoi)
    return found[1].counts.get("tiles_DONE", 0) if found else 0


def rate(aoi: str, wanted: int, started: Sequence[subprocess.Popen[str]], before: int = 0) -> float:
    """Return how many tiles a second become DONE, from a tenth of those wanted to the last.

    `before`: how many are DONE already. The first tenth warms up: emulators compile as they run.
    """
    until_done(aoi, before + wanted // 10, 600, started)
    first, begin = done(aoi), time.monotonic()
    end = until_done(aoi, before + wanted, 600, started)
    return (before + wanted - first) / max(0.001, end - begin)


def until_done(
    aoi: str, wanted: int, seconds: float, started: Sequence[subprocess.Popen[str]]
) -> float:
    """Wait until so many tiles are DONE; return the time when they were (`time.monotonic`)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done(aoi) >= wanted:
            return time.monotonic()
        if any(each.poll() is not None for each in started):
            raise RuntimeError("a process of the benchmark has ended")
        time.sleep(0.25)
    raise TimeoutError(f"{done(aoi)} of {wanted} tiles are DONE after {seconds} s")
