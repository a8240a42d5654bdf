"""Processes that are kept running: one that ends is started again, at last all are stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tileweave_emulators import processes

LOOK_SECONDS = 0.2
LONGEST_PAUSE = 5.0
HEALTHY_SECONDS = 10.0
"""A process that lived so long is started again at once."""

Say = Callable[[str], None]


@dataclass
class Child:
    """A process and how to start it; `pause` grows while it keeps ending."""

    name: str
    command: Sequence[str]
    process: psutil.Popen
    started: float
    pause: float = 0.0
    due: float | None = None
    """When it is started again; None while it runs."""


@dataclass
class Supervisor:
    """Starts processes, each with its log in `logs`, and starts them again when they end."""

    logs: Path
    say: Say
    children: list[Child] = field(default_factory=list)
    # The kernel kills a child when the thread ends that started it: this one ends last.
    _spawner: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "spawner"))
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str, command: Sequence[str]) -> Child:
        """Start a process, to be kept running."""
        child = Child(name, command, self._spawn(name, command), time.monotonic())
        self.children.append(child)
        return child

    def ended(self) -> list[str]:
        """Return the names of those that do not run."""
        return [each.name for each in self.children if not processes.is_alive(each.process)]

    def look_after(self, now: float) -> None:
        """Start again what ended, or note when it is to be started."""
        for child in list(self.children):
            if child.due is None and not processes.is_alive(child.process):
                self._bury(child, now)
            if child.due is not None and child.due <= now:
                child.process = self._spawn(child.name, child.command)
                child.started, child.due = now, None

    def _bury(self, child: Child, now: float) -> None:
        # A server's own children outlive it for a moment, and hold its port.
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        healthy = now - child.started >= HEALTHY_SECONDS
        child.pause = 0.0 if healthy else min(LONGEST_PAUSE, 2 * child.pause or LOOK_SECONDS)
        child.due = now + child.pause
        when = f"in {child.pause:.1f} s" if child.pause else "now"
        self.say(
            f"{child.name} ended and is started again {when}; its log: {self._log(child.name)}"
        )

    def _spawn(self, name: str, command: Sequence[str]) -> psutil.Popen:
        return self._spawner.submit(processes.spawn, command, self._log(name)).result()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            self.look_after(time.monotonic())

    def __enter__(self) -> Self:
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._watcher.join()
        processes.stop(child.process for child in self.children)
        self._spawner.shutdown()
