"""The emulators while they run."""

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tileweave_emulators import processes, reset
from tileweave_emulators.errors import EmulatorDied, SaveFailed
from tileweave_emulators.kinds import Kind
from tileweave_emulators.saves import DataDirectory


@dataclass(frozen=True)
class Served:
    """One emulator that can be used; `process` and `log` are None where somebody else runs it."""

    kind: Kind
    host: str
    """Host and port: 127.0.0.1:8081."""
    origin: str
    """Where it came from: its environment variable, "Google Cloud CLI", "cache", "download"."""
    process: psutil.Process | None = None
    log: Path | None = None

    @property
    def died(self) -> bool:
        """Whether it was started and has ended."""
        return self.process is not None and not processes.is_alive(self.process)

    def check(self) -> None:
        """Do nothing while it runs.

        Raises:
            EmulatorDied: it ended; with the last lines of its log.
        """
        if self.died and self.log is not None:
            raise EmulatorDied(
                f"the {self.kind.title} emulator ended; the last lines of its log:\n"
                f"{processes.last_lines(self.log)}"
            )


@dataclass(frozen=True)
class Running:
    """Both emulators, ready for use, until `stop` or the end of the `with` block."""

    project: str
    firestore: Served
    pubsub: Served
    data: DataDirectory | None
    _cleanup: ExitStack = field(repr=False)
    _saving: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def firestore_host(self) -> str:
        """Host and port of the Firestore emulator."""
        return self.firestore.host

    @property
    def pubsub_host(self) -> str:
        """Host and port of the Pub/Sub emulator."""
        return self.pubsub.host

    @property
    def processes(self) -> tuple[psutil.Process, ...]:
        """The processes that were started; none for an emulator that somebody else runs."""
        return tuple(one.process for one in self._both() if one.process is not None)

    def environment(self) -> dict[str, str]:
        """Return the variables by which Google's clients find emulators and project."""
        hosts = {one.kind.variable: one.host for one in self._both()}
        return {**hosts, "GOOGLE_CLOUD_PROJECT": self.project}

    def died(self) -> tuple[str, ...]:
        """Return the names, of "firestore" and "pubsub", that were started and have ended."""
        return tuple(one.kind.name for one in self._both() if one.died)

    def alive(self) -> bool:
        """Tell whether every process that was started still runs."""
        return not self.died()

    def check(self) -> None:
        """Do nothing while both run.

        Raises:
            EmulatorDied: one ended; with the last lines of its log.
        """
        for one in self._both():
            one.check()

    def reset(self) -> None:
        """Delete all documents, topics and subscriptions of the project.

        Raises:
            ResetFailed: an emulator refused, or did not answer.
        """
        reset.delete_documents(self.firestore_host, self.project)
        reset.delete_messaging(self.pubsub_host, self.project)

    def save(self) -> None:
        """Write the documents to the data directory now.

        Raises:
            SaveFailed: there is no data directory, or the emulator could not export.
        """
        if self.data is None:
            raise SaveFailed("the emulators were started without a data directory")
        with self._saving:
            self.data.save(self.firestore_host, self.project)

    def stop(self) -> None:
        """Save the documents where they are kept, then end what was started; again: nothing.

        Raises:
            SaveFailed: the documents of this run could not be saved; everything has ended.
        """
        self._cleanup.close()

    def _both(self) -> Iterable[Served]:
        return (self.firestore, self.pubsub)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
