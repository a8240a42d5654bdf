"""Real work: a command for each job, which reads the job as JSON from its standard input."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from tileweave.cli.job import Job, Outcome

TRY_AGAIN = 75
"""The exit code that asks for a later attempt: EX_TEMPFAIL of sysexits.h."""

LOOK_SECONDS = 0.2
LAST_LINES = 10
MOST_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Execution:
    """The command, and how long it may go on once the worker is asked to stop."""

    command: Sequence[str]
    patience: float = 4.0

    def __call__(self, job: Job, stop: threading.Event) -> Outcome | None:
        """Run the command; None if it was ended because of `stop`."""
        try:
            process = self._start()
        except OSError as error:
            return Outcome("RETRY", f"{self.command[0]} could not be started: {error.strerror}")
        with process:
            said = self._talk(process, job.text, stop)
        if said is None:
            return None
        return _outcome(process.returncode, said.decode(errors="replace"))

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the worker only, which lets the command finish.
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _talk(
        self, process: subprocess.Popen[bytes], text: bytes, stop: threading.Event
    ) -> bytes | None:
        """Return what it wrote to standard error; None if it was ended."""
        left, given = self.patience, text or None
        while left > 0:
            try:
                return process.communicate(given, timeout=LOOK_SECONDS)[1]
            except subprocess.TimeoutExpired:
                given = None  # Popen has it, and goes on writing it
                left -= LOOK_SECONDS if stop.is_set() else 0
        _end(process)
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=2)
            return


def _outcome(code: int, said: str) -> Outcome:
    if code == 0:
        return Outcome("DONE")
    how = f"exit code {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"
    tail = "\n".join(said.splitlines()[-LAST_LINES:])[-MOST_CHARACTERS:]
    return Outcome("RETRY" if code == TRY_AGAIN else "FAILED", tail or how)
