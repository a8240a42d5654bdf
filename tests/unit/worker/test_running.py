"""Functions are run as the command runs commands: against what the environment names."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.unit.jobs.test_loop import Jobs, messages
from tileweave.adapters.memory import MemoryPublisher
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.sources import Connection
from tileweave.usecases.received import Received
from tileweave.worker import SceneJob, TileJob, run, scenes, tiles

TILE = {
    "id": 7,
    "source_id": "A44",
    "scene": {"id": 3, "source_id": "S1A", "aoi": "A", "data": {}},
    "data": {},
    "attempt": 1,
}


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """Put the handlers of signals back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> MemoryPublisher:
    """What is published of a scene's and a tile's job, in a project that the environment names."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "here")
    publisher = MemoryPublisher()
    jobs = {
        "scene": Jobs(messages(1)),
        "tile": Jobs([Received("ack-7", json.dumps(TILE).encode())]),
    }
    monkeypatch.setattr(
        "tileweave.jobs.sources.of_project", lambda kind: Connection(jobs[kind], publisher)
    )
    return publisher


@scenes()
def download(job: SceneJob) -> str | None:
    return "downloaded"


@tiles(parallel=2)
def process(job: TileJob) -> str | None:
    return "processed"


def statuses(publisher: MemoryPublisher) -> list[tuple[str, str]]:
    """Return the results: of what, and their messages."""
    return sorted((each.body["type"], each.body["message"]) for each in publisher.messages)


def test_a_function_runs_until_it_is_idle(published: MemoryPublisher) -> None:
    process.run(until_idle=0.05)
    assert statuses(published) == [("tile", "processed")]


def test_functions_run_side_by_side(published: MemoryPublisher) -> None:
    run(download, process, until_idle=0.05)
    assert statuses(published) == [("scene", "downloaded"), ("tile", "processed")]


def test_one_that_is_idle_waits_for_the_others(published: MemoryPublisher) -> None:
    """Their jobs may make jobs for it, and are not to be ended in the middle."""
    taken = threading.Event()

    @scenes()
    def slow(job: SceneJob) -> str | None:
        taken.set()
        return "stopped" if job.stopping.wait(0.6) else "finished"

    @tiles()
    def quick(job: TileJob) -> str | None:
        assert taken.wait(30)
        return "processed"

    run(slow, quick, until_idle=0.1)
    assert statuses(published) == [("scene", "finished"), ("tile", "processed")]


def test_a_signal_ends_it(published: MemoryPublisher) -> None:
    """After what it is at."""

    @tiles()
    def long(job: TileJob) -> str | None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert job.stopping.wait(30)
        return "finished"

    long.run()
    assert statuses(published) == [("tile", "finished")]


def test_one_that_cannot_go_on_ends_all(
    published: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a line."""

    class Gone(Jobs):
        def pull(self, most: int) -> list[Received]:
            raise WorkerError("there is no such subscription")

    def to(kind: str) -> Connection:
        return Connection(Gone([]) if kind == "tile" else Jobs([]), published)

    monkeypatch.setattr("tileweave.jobs.sources.of_project", to)
    with pytest.raises(SystemExit, match="tileweave: there is no such subscription"):
        run(download, process)


def test_without_anything_to_work_for_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBSUB_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tileweave.cli.state.running", list)
    with pytest.raises(SystemExit, match="no `tileweave up` runs"):
        process.run()


def test_a_function_with_queues_needs_no_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a run on this machine."""
    asked: list[tuple[str, str]] = []
    publisher = MemoryPublisher()

    def of_queues(queue: str, results_queue: str) -> Connection:
        asked.append((queue, results_queue))
        return Connection(Jobs([]), publisher)

    monkeypatch.setattr("tileweave.jobs.sources.of_queues", of_queues)
    tiles(queue="jobs", results_queue="results")(lambda _: None).run(until_idle=0)
    assert asked == [("jobs", "results")]
