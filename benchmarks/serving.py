"""The emulators, and functions that are served as `tileweave up` serves them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

import httpx
import psutil

from tileweave import topology
from tileweave.adapters.pubsub import emulated
from tileweave.cli import functions
from tileweave.cli.ready import client
from tileweave_emulators import Emulators, ports, processes

PROJECT = "tileweave-benchmarks"
BARE = Path(__file__).parent / "bare"

HEAP = "4g"
"""What the Firestore emulator needs to sort an AOI of 100,000 tiles."""

SECONDS = 600
"""How long an answer may take: the bulk ingest of a large AOI takes a while."""

POLL_SECONDS = 0.002


@contextmanager
def environment() -> Iterator[str]:
    """Start both emulators, with all topics; return the project. The environment names them."""
    environ = {"TILEWEAVE_FIRESTORE_HEAP": HEAP, **os.environ}
    emulators = Emulators(project=PROJECT, environ=environ)
    with emulators.start() as running, _set(running.environment()):
        publisher = emulated(running.pubsub_host)
        for topic in topology.load().topics.values():
            publisher.create_topic(name=f"projects/{PROJECT}/topics/{topic.name}")
        publisher.transport.close()
        yield PROJECT


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables until the block ends: the next one starts its own emulators."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that is served, and how to call it."""

    process: psutil.Popen
    http: httpx.Client

    def get(self, path: str) -> httpx.Response:
        """Return the answer to a GET; raises HTTPStatusError if it is none of success."""
        return self.http.get(path).raise_for_status()

    def post(self, path: str, body: bytes = b"", mimetype: str = "application/json") -> bytes:
        """Return what a POST is answered; raises HTTPStatusError if that is no success."""
        answer = self.http.post(path, content=body, headers={"Content-Type": mimetype})
        return answer.raise_for_status().content

    def workers(self) -> list[psutil.Process]:
        """Return the processes that answer: the server's own children."""
        return self.process.children(recursive=True)


@contextmanager
def served(name: str) -> Iterator[Function]:
    """Serve one of the functions of this repository."""
    with _served(functions.folder() / name / "main.py", name) as function:
        yield function


@contextmanager
def bare(target: str, module: str = "main") -> Iterator[Function]:
    """Serve a bare function, which makes the client calls of another and nothing else."""
    with _served(BARE / f"{module}.py", target) as function:
        yield function


@contextmanager
def _served(source: Path, target: str) -> Iterator[Function]:
    with tempfile.TemporaryDirectory(prefix="tileweave-bench-") as folder:
        log = Path(folder, f"{target}.log")
        (port,) = ports.choose([0])
        process = processes.spawn(_command(source, target, port), log)
        try:
            with client(functions.url(port), SECONDS) as http:
                function = Function(process, http)
                _until_listening(function, log)
                yield function
        finally:
            processes.stop([process])


def _command(source: Path, target: str, port: int) -> list[str]:
    """Return the command line of `tileweave up`, for any source."""
    command = functions.command(source.parent.parent, target, port)
    return [str(source) if each.endswith("main.py") else each for each in command]


def _until_listening(function: Function, log: Path) -> None:
    """Wait until it takes connections: all is imported by then, and nothing called."""
    while True:
        try:
            function.http.request("TRACE", "/robots.txt")
            return
        except httpx.TransportError:
            if not processes.is_alive(function.process):
                raise RuntimeError(processes.last_lines(log)) from None
            sleep(POLL_SECONDS)


def seconds_of_cold_start(source: Path, target: str, ask: Mapping[str, str]) -> float:
    """Return how long it takes from the start of a function's process to its first answer.

    `ask` has the `method` and the `path` of the call, and a `body` if there is one.
    """
    with tempfile.TemporaryDirectory(prefix="tileweave-bench-") as folder:
        log = Path(folder, f"{target}.log")
        (port,) = ports.choose([0])
        begin = perf_counter()
        process = processes.spawn(_command(source, target, port), log)
        try:
            with client(functions.url(port), SECONDS) as http:
                _first_answer(Function(process, http), ask, log)
            return perf_counter() - begin
        finally:
            processes.stop([process])


def _first_answer(function: Function, ask: Mapping[str, str], log: Path) -> None:
    headers = {"Content-Type": "application/json"}
    while True:
        try:
            answer = function.http.request(
                ask["method"], ask["path"], content=ask.get("body", ""), headers=headers
            )
        except httpx.ConnectError:
            if not processes.is_alive(function.process):
                raise RuntimeError(processes.last_lines(log)) from None
            sleep(POLL_SECONDS)
            continue
        answer.raise_for_status()
        return
