"""What runs on this machine: a file for each `tileweave up`, by which workers find it.

The file is locked as long as its `up` runs, however that ends: one that is not locked is stale.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from platformdirs import user_state_path
from pydantic import BaseModel, ValidationError

from tileweave.cli.errors import CommandError


class RunState(BaseModel):
    """A `tileweave up` that is ready."""

    pid: int
    url: str
    environment: Mapping[str, str]
    """What a worker needs, and its `up` has set."""

    @property
    def port(self) -> int:
        """The port of its URL."""
        return int(self.url.rpartition(":")[2])


class Claim:
    """The file of this run, locked."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def publish(self, url: str, environment: Mapping[str, str]) -> None:
        """Let workers find this run."""
        state = RunState(pid=os.getpid(), url=url, environment=environment)
        self._file.write(state.model_dump_json(indent=2))
        self._file.flush()


@contextmanager
def claimed(port: int) -> Iterator[Claim]:
    """Claim the port for this process. Raises CommandError: another run has it."""
    path = _folder() / f"up-{port}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        if not _lock(file, fcntl.LOCK_EX):
            raise CommandError(f"another `tileweave up` has port {port}: choose one with --port")
        file.truncate(0)
        try:
            yield Claim(file)
        finally:
            path.unlink(missing_ok=True)


def running() -> list[RunState]:
    """Return every run of this user that is ready, by port."""
    found = (_read(path) for path in _folder().glob("up-*.json"))
    return sorted((each for each in found if each), key=lambda each: each.port)


def is_running(state: RunState) -> bool:
    """Tell whether this very run still runs."""
    return state in running()


@contextmanager
def consuming(port: int, topic: str) -> Iterator[None]:
    """Tell the run on this port that a batch consumer takes a topic's messages in the block.

    However it ends: the lock goes with the process.
    """
    path = _consumed(port, topic)
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            if not _is_at(file, path):
                continue  # its `up` has just taken the messages back
            yield
            return


def take_back(port: int, topic: str, do: Callable[[], None]) -> None:
    """Do this if batch consumers took a topic's messages of the run on this port, and are gone."""
    path = _consumed(port, topic)
    if not path.exists():
        return
    with path.open("a") as file:
        if _lock(file, fcntl.LOCK_EX):
            do()
            path.unlink(missing_ok=True)


def _consumed(port: int, topic: str) -> Path:
    return _folder() / f"consumed-{port}-{topic}.lock"


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _read(path: Path) -> RunState | None:
    try:
        with path.open() as file:
            if _lock(file, fcntl.LOCK_SH):
                return None
            return RunState.model_validate_json(file.read())
    except (FileNotFoundError, ValidationError):
        return None  # it has just ended, or is not ready yet


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _folder() -> Path:
    return user_state_path("tileweave")
