"""Real work: a command for each job, which reads the job as JSON from its standard input."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from tileweave.cli.environment import variables
from tileweave.cli.last_lines import LastLines
from tileweave.jobs.job import Job, Outcome
from tileweave.jobs.patience import End, Patience

TRY_AGAIN = 75
"""The exit code that asks for a later attempt: EX_TEMPFAIL of sysexits.h."""

TERM_SECONDS = 2.0
"""Between SIGTERM and SIGKILL."""

STOPS = frozenset(
    code
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    for code in (-each, 128 + each)  # of the command, or as a shell tells of its own
)
"""How a command ends that was asked to stop along with its worker, as by a service manager."""

SAME_MOMENT = 0.5
"""Seconds in which a worker hears of a stop that its command has heard of."""

READ_SECONDS = 1.0
"""How long the last words are waited for, which a child may keep from ending."""


@dataclass(frozen=True, slots=True)
class Execution:
    """The command, how long it may take, and how long once the worker is asked to stop."""

    command: Sequence[str]
    patience: Patience = field(default_factory=Patience)

    def __call__(self, job: Job, stop: threading.Event) -> Outcome | None:
        """Run the command; None if it was ended because of `stop`."""
        try:
            process = self._start(variables(job))
        except OSError as error:
            return Outcome("RETRY", f"{self.command[0]} could not be started: {error.strerror}")
        except ValueError as error:
            return Outcome("RETRY", f"the job cannot be read: {error}")
        said = _talk(process, job.text)
        end = self.patience.wait(lambda seconds: _ended(process, seconds), stop)
        if end is not End.ITSELF:
            _end(process)
        last = said()
        if end is End.STOPPED:
            return None
        if end is End.LATE:
            return Outcome("RETRY", "\n".join(filter(None, (last, self.patience.exceeded))))
        if process.returncode in STOPS and stop.wait(SAME_MOMENT):
            return None
        return _outcome(process.returncode, last)

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the worker only, which lets the command finish.
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
            start_new_session=True,
        )


def _talk(process: subprocess.Popen[bytes], text: bytes) -> Callable[[], str]:
    """Have a process read the job, and listen to its standard error; return what tells its end."""
    lines = LastLines(_pipe(process.stderr), getattr(sys.stderr, "buffer", None))
    writing = threading.Thread(target=_write, args=(_pipe(process.stdin), text), daemon=True)
    writing.start()
    listening = threading.Thread(target=lines.read, daemon=True)
    listening.start()

    def said() -> str:
        listening.join(READ_SECONDS)
        return str(lines)

    return said


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the process was started without a pipe")
    return stream


def _write(stream: IO[bytes], text: bytes) -> None:
    with suppress(BrokenPipeError), stream:  # it need not read all of it, or any
        stream.write(text)


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group: those that do not end by SIGTERM are killed."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    _ended(process, TERM_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _outcome(code: int, said: str) -> Outcome:
    if code == 0:
        return Outcome("DONE")
    how = f"exit code {code}" if code > 0 else f"ended by {_signal(-code)}"
    return Outcome("RETRY" if code == TRY_AGAIN else "FAILED", said or how)


def _signal(number: int) -> str:
    """Return the name of a signal; most of the real-time ones have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
