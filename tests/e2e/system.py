"""The command `tileweave` as a user runs it: processes, their output, and what they leave."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tileweave.cli.denmark import features

TILEWEAVE = [sys.executable, "-m", "tileweave.cli"]
READY = "Tileweave is ready at "
STOP_SECONDS = 10
_NOT_OURS = ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "GOOGLE_CLOUD_PROJECT")


def environment(home: Path) -> dict[str, str]:
    """Return an environment that names no emulator, with states and logs below `home`."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return kept | {"XDG_STATE_HOME": str(home / "state"), "COLUMNS": "200"}


def eventually(seconds: float, check: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
    """Return what `check` returns as soon as it raises no AssertionError."""
    attempts = Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry=retry_if_exception_type((AssertionError, httpx.TransportError)),
        reraise=True,
    )
    return attempts(check)


@dataclass
class Command:
    """A running `tileweave ...`; its output is collected by line."""

    process: subprocess.Popen[str]
    out: queue.Queue[str] = field(default_factory=queue.Queue)
    err: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin to read its output."""
        assert self.process.stdout
        assert self.process.stderr
        self._read(self.process.stdout, self.out.put)
        self._read(self.process.stderr, self.err.append)

    def wait_for(self, beginning: str, seconds: float = 60) -> str:
        """Return the rest of the line of its output that begins so."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.out.get(timeout=max(0.1, deadline - time.monotonic()))
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()

    def children(self) -> list[psutil.Process]:
        """Return all processes that it started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, *words: str) -> psutil.Process:
        """Return the process that it started whose command line has all these words."""
        (found,) = (
            each
            for each in psutil.Process(self.process.pid).children()
            if set(words) <= set(each.cmdline())
        )
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal; return the exit code, or fail after STOP_SECONDS."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    @staticmethod
    def _read(stream: IO[str], take: Callable[[str], None]) -> None:
        def read() -> None:
            with stream:
                for line in stream:
                    take(line)

        threading.Thread(target=read, daemon=True).start()


@dataclass
class Machine:
    """Where commands run: with a state folder of its own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    """What its commands find in their environment besides."""

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Command]:
        """Run a command; at the end it is asked to stop, or made to."""
        with self.process([*TILEWEAVE, *arguments]) as command:
            yield command

    @contextmanager
    def process(self, line: list[str]) -> Iterator[Command]:
        """Run any command line, in the same way."""
        process = subprocess.Popen(
            line,
            env=environment(self.home) | self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        command = Command(process)
        try:
            yield command
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(2 * STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*TILEWEAVE, *arguments],
            env=environment(self.home) | self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )


@dataclass
class Up:
    """A `tileweave up` that is ready."""

    command: Command
    machine: Machine
    url: str

    @property
    def http(self) -> httpx.Client:
        """A client of its base URL."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    @property
    def port(self) -> str:
        """The port of its base URL."""
        return self.url.rpartition(":")[2]

    def ingest(self, aoi: str) -> None:
        """Create an AOI with the scenes of Denmark."""
        with self.http as http:
            http.post(f"/aoi/{aoi}").raise_for_status()
            for feature in features():
                http.post(f"/aoi/{aoi}/scene", json=feature).raise_for_status()

    def get(self, path: str) -> dict[str, Any]:
        """Return a JSON answer."""
        with self.http as http:
            found: dict[str, Any] = http.get(path).raise_for_status().json()
        return found

    def done(self, aoi: str) -> tuple[int, int]:
        """Return how many scenes and tiles are DONE."""
        overview = self.get(f"/aoi/{aoi}")
        return overview["scenes"]["done"], overview["tiles"]["done"]

    def until_done(self, aoi: str, seconds: float = 60) -> None:
        """Wait until all of Denmark is DONE."""

        def check() -> None:
            assert self.done(aoi) == (3, 9)

        eventually(seconds, check)

    @contextmanager
    def workers(self, *options: str) -> Iterator[None]:
        """Run simulated workers, for scenes and for tiles."""
        given = ("--simulate", "--parallel", "4", *options)
        with (
            self.machine.running("work", "scenes", *given),
            self.machine.running("work", "tiles", *given),
        ):
            yield


@contextmanager
def up(machine: Machine, *options: str) -> Iterator[Up]:
    """Run `tileweave up` on a free port, until the block ends."""
    with machine.running("up", "--port", "0", *options) as command:
        yield Up(command, machine, command.wait_for(READY))
