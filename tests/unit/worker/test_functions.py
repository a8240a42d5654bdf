"""A decorated function works on jobs: what it returns or raises is the outcome."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.unit.cli.doubles import a_scene_job, a_tile_job
from tileweave.jobs.job import Outcome, read_job
from tileweave.worker import (
    Failed,
    GiveBack,
    JobFunction,
    JobScene,
    Retry,
    SceneJob,
    TileJob,
    scenes,
    tiles,
)


def worked_on(
    function: Callable[[TileJob], str | None], *, timeout: float | None = None, grace: float = 0.0
) -> Outcome | None:
    """Return the outcome of a tile's job."""
    work = tiles(timeout=timeout, grace=grace)(function).work
    return work(a_tile_job(), threading.Event())


def raising(error: BaseException) -> Callable[[TileJob], str | None]:
    """Return a function that raises this."""

    def process(job: TileJob) -> str | None:
        raise error

    return process


def test_a_function_is_called_as_it_is() -> None:
    """In a test, say; it keeps its name and its docstring."""

    @tiles(parallel=4)
    def process(job: TileJob) -> str | None:
        """Process a burst."""
        return f"{job.source_id} of {job.scene.source_id}"

    scene = JobScene(id=1, source_id="S1A", aoi="A")
    assert process(TileJob(id=2, source_id="A44", scene=scene)) == "A44 of S1A"
    assert (process.__doc__, process.parallel) == ("Process a burst.", 4)
    assert isinstance(process, JobFunction)


@pytest.mark.parametrize(
    ("said", "outcome"), [(None, Outcome("DONE")), ("12 images", Outcome("DONE", "12 images"))]
)
def test_what_it_returns_is_the_message_of_done(said: str | None, outcome: Outcome) -> None:
    assert worked_on(lambda _: said) == outcome


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Retry("no orbit file"), Outcome("RETRY", "no orbit file")),
        (Failed("no overlap"), Outcome("FAILED", "no overlap")),
        (GiveBack(), None),
        (ValueError("a bug"), Outcome("RETRY", "ValueError: a bug")),
        (SystemExit(1), Outcome("RETRY", "SystemExit: 1")),
    ],
)
def test_what_it_raises_is_the_outcome(error: BaseException, outcome: Outcome | None) -> None:
    """FAILED is final, so only who means it says it."""
    assert worked_on(raising(error)) == outcome


def test_a_scene_is_worked_on_as_a_scene() -> None:
    @scenes()
    def download(job: SceneJob) -> str | None:
        return job.source_id

    assert download.work(a_scene_job("S1A"), threading.Event()) == Outcome("DONE", "S1A")
    assert download.kind == "scene"


def test_a_job_of_wrong_types_waits_for_a_person() -> None:
    """Its data is no object."""
    job = read_job(b'{"id": 1, "source_id": "S1A", "aoi": "A", "data": 7}')
    outcome = scenes()(lambda _: None).work(job, threading.Event())
    assert outcome is not None
    assert (outcome.status, outcome.message[:22]) == ("RETRY", "the job cannot be read")


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Lets functions that wait for nothing else end."""
    event = threading.Event()
    yield event
    event.set()


def test_a_function_that_takes_too_long_is_retry(over: threading.Event) -> None:
    """Python cannot end it: it goes on, and its outcome counts for nothing."""

    def process(job: TileJob) -> str | None:
        over.wait(30)
        return "too late"

    assert worked_on(process, timeout=0.1, grace=0.1) == Outcome(
        "RETRY", "it was ended after 0.1 s, the timeout of its worker"
    )


def test_a_function_that_heeds_its_time_is_retry_too() -> None:
    def process(job: TileJob) -> str | None:
        assert job.stopping.wait(30)
        raise GiveBack

    outcome = worked_on(process, timeout=0.1, grace=30)
    assert outcome is not None
    assert outcome.status == "RETRY"


def test_a_function_that_finishes_within_the_grace_is_done() -> None:
    def process(job: TileJob) -> str | None:
        assert job.stopping.wait(30)
        return "just in time"

    assert worked_on(process, timeout=0.1, grace=30) == Outcome("DONE", "just in time")


@pytest.mark.parametrize("heeds", [True, False])
def test_a_stop_is_told_and_the_job_given_back(over: threading.Event, *, heeds: bool) -> None:
    """Whether the function ends by that, or not within the grace."""
    stop, begun = threading.Event(), threading.Event()

    def process(job: TileJob) -> str | None:
        begun.set()
        (job.stopping if heeds else over).wait(30)
        raise GiveBack

    def stop_it() -> None:
        begun.wait(30)
        stop.set()

    threading.Thread(target=stop_it).start()
    work = tiles(grace=30 if heeds else 0.1)(process).work
    assert work(a_tile_job(), stop) is None


@pytest.mark.parametrize(
    "options", [{"parallel": 0}, {"queue": "https://a"}, {"results_queue": "https://a"}]
)
@pytest.mark.parametrize("decorator", [tiles, scenes])
def test_options_that_cannot_be_are_told(
    decorator: Callable[..., Callable[..., object]], options: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"is 1 or more|go together"):
        decorator(**options)(print)


def test_a_worker_needs_no_firestore() -> None:
    """Whoever works on jobs has no business with the documents."""
    code = (
        "import sys, tileweave.worker, tileweave.adapters.pull, tileweave.adapters.pubsub;"
        "found = {'google.cloud.firestore', 'google.cloud.firestore_v1', 'boto3', 'shapely'};"
        "sys.exit(', '.join(found & sys.modules.keys()) or None)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
