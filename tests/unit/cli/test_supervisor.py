"""Processes are kept running: what ends is started again, ever later, and at last all stop."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from tileweave.cli.supervisor import HEALTHY_SECONDS, Child, Supervisor

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
ENDS = [sys.executable, "-c", "print('said before the end')"]


class Run:
    """A supervisor that looks after its processes only when a test says so."""

    def __init__(self, logs: Path) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(logs, self.said.append)

    def start(self, command: list[str]) -> Child:
        return self.supervisor.start("results", command)

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.01))
    def until_ended(self) -> None:
        assert self.supervisor.ended() == ["results"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    with run.supervisor:
        run.supervisor._stopping.set()  # noqa: SLF001 - the tests look after the processes
        run.supervisor._watcher.join()  # noqa: SLF001 - the same
        yield run


def test_a_process_runs_and_has_a_log(run: Run, tmp_path: Path) -> None:
    child = run.start(ENDS)
    child.process.wait(10)
    assert (tmp_path / "results.log").read_text() == "said before the end\n"


def test_a_process_that_lived_long_is_started_again_at_once(run: Run) -> None:
    child = run.start(SLEEPS)
    first = child.process
    first.kill()
    run.until_ended()
    run.supervisor.look_after(child.started + HEALTHY_SECONDS)
    assert child.process.pid != first.pid
    assert run.supervisor.ended() == []
    assert "results ended and is started again now" in run.said[0]


def test_a_process_that_keeps_ending_is_started_ever_later(run: Run) -> None:
    child = run.start(ENDS)
    pauses = []
    for _ in range(3):
        run.until_ended()
        now = child.started + 0.1
        run.supervisor.look_after(now)
        assert child.due is not None
        pauses.append(child.due - now)
        run.supervisor.look_after(child.due)
        assert child.due is None
    assert pauses == pytest.approx([0.2, 0.4, 0.8])
    assert len(run.said) == 3


def test_a_process_that_runs_is_left_alone(run: Run) -> None:
    child = run.start(SLEEPS)
    process = child.process
    run.supervisor.look_after(child.started + 1)
    assert child.process is process
    assert run.said == []


def test_the_children_of_what_ended_go_with_it(run: Run, tmp_path: Path) -> None:
    code = f"import subprocess, sys, time; subprocess.Popen({SLEEPS!r}); time.sleep(60)"
    child = run.start([sys.executable, "-c", code])

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.01))
    def grandchild() -> psutil.Process:
        found: psutil.Process = child.process.children()[0]
        return found

    orphan = grandchild()
    child.process.kill()
    run.until_ended()
    run.supervisor.look_after(child.started + 0.1)
    gone, _ = psutil.wait_procs([orphan], timeout=5)
    assert gone == [orphan]


def test_everything_is_stopped_at_the_end(tmp_path: Path) -> None:
    with Supervisor(tmp_path, print) as supervisor:
        child = supervisor.start("results", SLEEPS)
    assert not child.process.is_running()


def test_what_ends_is_noticed_by_itself(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervisor(tmp_path, said.append) as supervisor:
        supervisor.start("results", SLEEPS).process.kill()

        @retry(stop=stop_after_delay(10), wait=wait_fixed(0.05))
        def until_started_again() -> None:
            assert said
            assert supervisor.ended() == []

        until_started_again()
