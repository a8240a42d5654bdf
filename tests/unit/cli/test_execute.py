"""A command for each job: its exit code is the outcome, its last words are the message."""

import json
import sys
import threading
from pathlib import Path

import psutil
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from tests.unit.cli.doubles import a_tile_job
from tileweave.cli.environment import variables
from tileweave.cli.execute import Execution
from tileweave.cli.last_lines import LastLines
from tileweave.jobs.job import Outcome, read_job
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
        ("os.kill(os.getpid(), 35)", Outcome("FAILED", "ended by signal 35")),
    ],
)
def test_its_exit_code_is_the_outcome(code: str, outcome: Outcome) -> None:
    assert run(code) == outcome


@pytest.mark.parametrize(
    "ends",
    [
        "os.kill(os.getpid(), signal.SIGTERM)",
        "os.kill(os.getpid(), signal.SIGINT)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "sys.exit(143)",
    ],
)
@pytest.mark.parametrize("late", [0.0, 0.15])
def test_a_command_that_is_stopped_along_with_its_worker_has_no_outcome(
    ends: str, late: float
) -> None:
    """As a service manager does; the worker may hear of it a little later."""
    stop = threading.Event()
    quiet = f"signal.signal(signal.SIGINT, signal.SIG_DFL); time.sleep(0.1); {ends}"
    worker = threading.Timer(late, stop.set)
    worker.start()
    assert python(quiet)(a_tile_job(), stop) is None
    worker.join()


@pytest.mark.parametrize(("code", "status"), [("pass", "DONE"), ("sys.exit(1)", "FAILED")])
def test_one_that_ends_by_itself_counts_after_a_stop_too(code: str, status: str) -> None:
    stop = threading.Event()
    stop.set()
    outcome = python(code)(a_tile_job(), stop)
    assert outcome is not None
    assert outcome.status == status


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


# --- what it is told, and what it says ---

TILE = Path(__file__).parents[2] / "data" / "messages" / "tile_job_with_previous.json"


def test_the_main_fields_of_the_job_are_in_its_environment() -> None:
    """So that a shell script needs no JSON."""
    job = read_job(TILE.read_bytes())
    names = "sorted(name for name in os.environ if name.startswith('TILEWEAVE_'))"
    shows = f"sys.exit(json.dumps({{name: os.environ[name] for name in {names}}}))"
    outcome = python(shows)(job, threading.Event())
    assert outcome is not None
    assert json.loads(outcome.message) == dict(variables(job))


def test_its_standard_output_goes_on_and_so_does_its_standard_error(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """To those of the worker."""
    assert run("print('progress'); sys.stderr.write('a warning')") == Outcome("DONE")
    assert capfd.readouterr() == ("progress\n", "a warning")


def test_an_endless_error_output_takes_no_memory(tmp_path: Path) -> None:
    """Only its end is kept."""
    said = tmp_path / "said"
    said.write_bytes(b"x" * 5_000_000 + b"\n" + "\n".join(map(str, range(20))).encode())
    with said.open("rb") as stream:
        lines = LastLines(stream)
        lines.read()
    assert len(lines._end) <= 16_000  # noqa: SLF001 - that is the point
    assert str(lines).splitlines() == [str(number) for number in range(10, 20)]


def test_it_is_read_to_its_end_where_it_cannot_be_handed_on(tmp_path: Path) -> None:
    """Of a closed output; what is not read would make the command wait, or end it."""
    said = tmp_path / "said"
    said.write_bytes(b"x" * 200_000 + b"\nthe end")
    with said.open("rb") as stream, Path("/dev/full").open("wb", buffering=0) as full:
        lines = LastLines(stream, full)
        lines.read()
    assert str(lines).splitlines()[-1] == "the end"


def test_one_long_line_is_cut_at_its_beginning() -> None:
    outcome = run("sys.stderr.write('x' * 100_000 + 'end'); sys.exit(1)")
    assert outcome is not None
    assert (len(outcome.message), outcome.message[-4:]) == (2_000, "xend")


def test_a_command_need_not_read_the_job() -> None:
    """It may close its standard input, or end before it has all."""
    text = json.dumps(json.loads(a_tile_job().text) | {"padding": "x" * 1_000_000}).encode()
    job = a_tile_job().model_copy(update={"text": text})
    assert python("sys.stdin.close()")(job, threading.Event()) == Outcome("DONE")


def test_a_command_is_done_while_what_it_left_behind_is_not(tmp_path: Path) -> None:
    """A child that keeps its standard error open."""
    child = f"import time, pathlib; time.sleep(3); pathlib.Path({str(tmp_path / 'end')!r}).touch()"
    code = f"import subprocess; subprocess.Popen([sys.executable, '-c', {child!r}])"
    assert run(code) == Outcome("DONE")
    assert not (tmp_path / "end").exists()


def test_a_job_of_wrong_types_waits_for_a_person() -> None:
    job = read_job(b'{"id": 1, "source_id": "S1A", "aoi": "A", "data": 7}')
    outcome = python("pass")(job, threading.Event())
    assert outcome is not None
    assert (outcome.status, outcome.message[:22]) == ("RETRY", "the job cannot be read")


# --- time ---


def test_a_command_that_takes_too_long_is_ended_and_retry() -> None:
    """Its last lines, and why it ended."""
    code = "sys.stderr.write('half way\\n'); sys.stderr.flush(); time.sleep(60)"
    execution = Execution(python(code).command, Patience(timeout=1.0))
    outcome = execution(a_tile_job(), threading.Event())
    said = "half way\nit was ended after 1 s, the timeout of its worker"
    assert outcome == Outcome("RETRY", said)


def test_all_of_its_processes_are_ended(tmp_path: Path) -> None:
    """Also a child that does not heed SIGTERM."""
    pid = tmp_path / "pid"
    child = (
        "import os, pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid())); time.sleep(60)"
    )
    code = f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])"
    execution = Execution(python(code).command, Patience(timeout=1.5))
    outcome = execution(a_tile_job(), threading.Event())
    assert outcome is not None
    assert outcome.status == "RETRY"

    @retry(stop=stop_after_delay(10), wait=wait_fixed(0.02))
    def until_gone() -> None:
        assert not psutil.pid_exists(int(pid.read_text())) or (
            psutil.Process(int(pid.read_text())).status() == psutil.STATUS_ZOMBIE
        )

    until_gone()
