"""Starting both emulators: `with Emulators().start() as running: ...`."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tileweave_emulators import ports
from tileweave_emulators.discovery import External, Jar, find, no_progress
from tileweave_emulators.download import Progress
from tileweave_emulators.errors import DataError
from tileweave_emulators.kinds import FIRESTORE, PUBSUB, Kind
from tileweave_emulators.launcher import Launcher
from tileweave_emulators.readiness import wait_until_ready
from tileweave_emulators.running import Running, Served
from tileweave_emulators.saves import DataDirectory

DEFAULT_PROJECT = "tileweave-local"


@dataclass(frozen=True)
class Emulators:
    """What to start, and how; a port of 0 is chosen."""

    project: str = DEFAULT_PROJECT
    data_dir: Path | None = None
    """Where documents are kept between runs; None: they are not."""
    log_dir: Path | None = None
    """Where the emulators' output goes; None: to a temporary place, deleted at the end."""
    firestore_port: int = 0
    pubsub_port: int = 0
    start_seconds: float = 60
    """How long both together may take until they answer, a download not counted."""
    progress: Progress = no_progress
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    kinds: tuple[Kind, Kind] = (FIRESTORE, PUBSUB)

    def start(self) -> Running:
        """Start both at once, and return when both answer; what was started ends on any error.

        Raises:
            EmulatorNotFound, JavaNotFound, StartFailed, DataError: what each says of itself.
        """
        with ExitStack() as cleanup:
            found = [find(kind, self.environ, self.progress) for kind in self.kinds]
            data = self._data(found[0], cleanup)
            firestore, pubsub = self._launch(found, data, cleanup)
            self._wait((firestore, pubsub))
            # Whoever has `running` ends them from here on.
            running = Running(self.project, firestore, pubsub, data, kept := cleanup.pop_all())
        if data is not None:
            kept.callback(running.save)
        return running

    def _data(self, firestore: External | Jar, cleanup: ExitStack) -> DataDirectory | None:
        if self.data_dir is None:
            return None
        if isinstance(firestore, External):
            raise DataError(
                f"documents cannot be kept in {self.data_dir}: the Firestore emulator at "
                f"{firestore.host} was started by somebody else"
            )
        data = DataDirectory(self.data_dir.absolute())
        cleanup.enter_context(data.locked())
        data.tidy()
        return data

    def _launch(
        self, found: Sequence[External | Jar], data: DataDirectory | None, cleanup: ExitStack
    ) -> list[Served]:
        free = ports.choose((self.firestore_port, self.pubsub_port))
        options: tuple[list[str], list[str]] = (self._firestore_options(data), [])
        launcher = cleanup.enter_context(Launcher(self.log_dir, self.environ))
        return [
            Served(kind, one.host, kind.variable)
            if isinstance(one, External)
            else launcher.launch(kind, one, port, more)
            for kind, one, port, more in zip(self.kinds, found, free, options, strict=True)
        ]

    def _firestore_options(self, data: DataDirectory | None) -> list[str]:
        saved = data.saved() if data is not None else None
        seed = [f"--seed_from_export={saved}"] if saved is not None else []
        return [f"--project_id={self.project}", *seed]

    def _wait(self, both: Sequence[Served]) -> None:
        def check() -> None:
            # Both, whichever is waited for: that the other one died is to be told at once.
            for one in both:
                one.check()

        deadline = time.monotonic() + self.start_seconds
        for one in both:
            left = max(0.0, deadline - time.monotonic())
            wait_until_ready(one.kind.title, one.host, left, check)
