"""Processes are ended, all of them, and do not outlive who started them."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from tileweave_emulators import processes

SLEEP = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(60)"]
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def first_line(log: Path) -> str:
    """Wait for a process to write its first line, and return it."""
    deadline = time.monotonic() + 20
    while "\n" not in (text := log.read_text() if log.exists() else ""):
        assert time.monotonic() < deadline, "the process wrote nothing"
        time.sleep(0.01)
    return text.splitlines()[0]


def test_a_process_has_its_own_session_and_writes_to_its_log(tmp_path: Path) -> None:
    """So Ctrl-C in the terminal does not reach it."""
    process = processes.spawn(SLEEP, tmp_path / "log")
    try:
        assert first_line(tmp_path / "log") == "here"
        assert os.getsid(process.pid) == process.pid != os.getsid(0)
        assert processes.is_alive(process)
    finally:
        processes.stop([process])
    assert not processes.is_alive(process)


def test_stopping_ends_children_too_and_kills_what_does_not_listen(tmp_path: Path) -> None:
    """The parent here ignores SIGTERM; stopping again, or what has ended, does nothing."""
    process = processes.spawn([sys.executable, "-c", STUBBORN], tmp_path / "log")
    child = psutil.Process(int(first_line(tmp_path / "log")))

    processes.stop([process], patience=0.2)

    assert not processes.is_alive(process)
    assert not processes.is_alive(child)
    processes.stop([process, child])


def test_one_that_has_ended_but_was_not_waited_for_is_not_alive(tmp_path: Path) -> None:
    """The kernel still lists it, as a zombie."""
    process = processes.spawn([sys.executable, "-c", "print('last words')"], tmp_path / "log")
    try:
        deadline = time.monotonic() + 20
        while processes.is_alive(process):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert processes.last_lines(tmp_path / "log") == "last words"
    finally:
        processes.stop([process])


def test_the_last_lines_of_a_long_log_are_its_end(tmp_path: Path) -> None:
    """Bytes that are no text do not matter."""
    (tmp_path / "log").write_bytes(b"\xff\n" + b"".join(b"%d\n" % n for n in range(100)))

    assert processes.last_lines(tmp_path / "log", 3) == "97\n98\n99"


@pytest.mark.timeout(60)
def test_a_process_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL gives the parent no chance to stop anything: the kernel does, on Linux."""
    script = f"""
        import sys, time
        from pathlib import Path
        from tileweave_emulators import processes
        process = processes.spawn({SLEEP!r}, Path({str(tmp_path / "log")!r}))
        print(process.pid, flush=True)
        time.sleep(60)
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        try:
            first_line(tmp_path / "log")
            parent.send_signal(signal.SIGKILL)
            assert psutil.wait_procs([child], timeout=10)[0] == [child]
        finally:
            processes.stop([child])


def test_a_parent_that_ended_before_is_noticed(tmp_path: Path) -> None:
    """The kernel's signal would never come, so the command is not started at all."""
    wrapper = Path(processes.__file__).with_name("_until_parent_dies.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", wrapper, "1", sys.executable, "-c", "print('ran')"],
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, b"")
