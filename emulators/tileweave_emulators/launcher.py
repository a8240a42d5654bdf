"""Starting emulators' processes; all of them end with the `with` block."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import psutil

from tileweave_emulators import ports, processes
from tileweave_emulators.commands import command
from tileweave_emulators.discovery import Jar
from tileweave_emulators.java import find_java, required_by
from tileweave_emulators.kinds import Kind
from tileweave_emulators.running import Served


class Launcher:
    """Starts processes that write their logs to `log_dir`, or to a place that goes with them."""

    def __init__(self, log_dir: Path | None, environ: Mapping[str, str]) -> None:
        self._log_dir = log_dir
        self._environ = environ
        self._cleanup = ExitStack()
        self._started: list[psutil.Process] = []

    def launch(self, kind: Kind, jar: Jar, port: int, options: Sequence[str]) -> Served:
        """Start one emulator on the port; it does not answer yet.

        Raises:
            JavaNotFound: there is no Java that is new enough for this jar.
        """
        java = find_java(self._environ, required_by(jar.path, kind.main_class))
        line = [*command(kind, jar.path, java, port, self._environ), *options]
        log = self._logs / f"{kind.name}.log"
        process = self._spawner.submit(processes.spawn, line, log).result()
        self._started.append(process)
        return Served(kind, f"{ports.LOOPBACK}:{port}", jar.origin, process, log)

    def __enter__(self) -> Self:
        with ExitStack() as cleanup:
            self._logs = self._made_logs(cleanup)
            # The kernel kills what a thread started when that thread ends: this one ends with us.
            self._spawner = cleanup.enter_context(ThreadPoolExecutor(1, "emulators"))
            cleanup.callback(processes.stop, self._started)
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._cleanup.close()

    def _made_logs(self, cleanup: ExitStack) -> Path:
        if self._log_dir is None:
            return Path(cleanup.enter_context(TemporaryDirectory(prefix="tileweave-emulators-")))
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return self._log_dir.absolute()
