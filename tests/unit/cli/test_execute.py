"""A command for each job: its exit code is the outcome, its last words are the message."""

import json
import sys
import threading
from pathlib import Path

import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from tests.unit.cli.doubles import a_tile_job
from tileweave.cli.execute import Execution
from tileweave.jobs.job import Outcome
from tileweave.jobs.patience import Patience


def python(code: str) -> Execution:
    return Execution([sys.executable, "-c", f"import sys, time, json, os, signal; {code}"])


def run(code: str) -> Outcome | None:
    return python(code)(a_tile_job(), threading.Event())


def test_the_command_reads_the_job_from_its_standard_input() -> None:
    reads = "job = json.load(sys.stdin); sys.exit('read ' + job['scene']['source_id'])"
    assert run(reads) == Outcome("FAILED", "read S1A_1")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("pass", Outcome("DONE")),
        ("sys.stderr.write('a warning'); sys.exit(0)", Outcome("DONE")),
        ("sys.stderr.write('orbit missing'); sys.exit(75)", Outcome("RETRY", "orbit missing")),
        ("sys.exit(75)", Outcome("RETRY", "exit code 75")),
        ("sys.stderr.write('no overlap'); sys.exit(1)", Outcome("FAILED", "no overlap")),
        ("sys.exit(3)", Outcome("FAILED", "exit code 3")),
        ("os.kill(os.getpid(), signal.SIGKILL)", Outcome("FAILED", "ended by SIGKILL")),
    ],
)
def test_its_exit_code_is_the_outcome(code: str, outcome: Outcome) -> None:
    assert run(code) == outcome


def test_only_its_last_lines_are_the_message() -> None:
    outcome = run("sys.stderr.write('\\n'.join(map(str, range(1000)))); sys.exit(1)")
    assert outcome is not None
    assert outcome.message.splitlines() == [str(number) for number in range(990, 1000)]


def test_a_command_that_cannot_be_started_is_tried_again_later(tmp_path: Path) -> None:
    outcome = Execution([str(tmp_path / "gone")])(a_tile_job(), threading.Event())
    assert outcome is not None
    assert outcome.status == "RETRY"


def test_a_job_larger_than_a_pipe_arrives_whole() -> None:
    text = json.dumps(json.loads(a_tile_job().text) | {"padding": "x" * 1_000_000}).encode()
    job = a_tile_job().model_copy(update={"text": text})
    counts = python("sys.exit(str(len(sys.stdin.read())))")
    assert counts(job, threading.Event()) == Outcome("FAILED", str(len(text)))


def stopped(code: str, started: Path, patience: float) -> Outcome | None:
    """Ask for a stop as soon as the command has made the file `started`."""
    stop = threading.Event()
    outcomes: list[Outcome | None] = []
    execution = Execution(python(code).command, Patience(grace=patience))
    thread = threading.Thread(target=lambda: outcomes.append(execution(a_tile_job(), stop)))
    thread.start()

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.02))
    def until_started() -> None:
        assert started.exists()

    until_started()
    stop.set()
    thread.join(20)
    (outcome,) = outcomes
    return outcome


def test_a_command_that_ends_soon_after_the_stop_has_its_outcome(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"open({str(started)!r}, 'w'); time.sleep(0.5)"
    assert stopped(code, started, patience=10) == Outcome("DONE")


@pytest.mark.parametrize("ignore", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN); "])
def test_a_command_that_goes_on_is_ended_and_the_job_given_back(
    tmp_path: Path, ignore: str
) -> None:
    started = tmp_path / "started"
    code = f"{ignore}open({str(started)!r}, 'w'); time.sleep(60)"
    assert stopped(code, started, patience=0.1) is None
