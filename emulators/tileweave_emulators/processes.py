"""Starting and stopping the emulators' processes, and leaving none behind."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_WRAPPER = Path(__file__).with_name("_until_parent_dies.py")
_PATIENCE_SECONDS = 3.0


def spawn(command: Sequence[str | Path], log: Path) -> psutil.Popen:
    """Start the command (by its absolute path) in a session of its own; its output goes to `log`.

    On Linux the kernel also kills it when the thread that called this ends: let a thread call it
    that lives as long as the process is wanted.
    """
    with log.open("ab") as output:
        return psutil.Popen(
            [*_bound_to_parent(), *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            # Ctrl-C in the terminal reaches us only, so that documents can be saved first.
            start_new_session=True,
        )


def stop(processes: Iterable[psutil.Process], patience: float = _PATIENCE_SECONDS) -> None:
    """Ask the processes and their children to end; after `patience` seconds make them."""
    everyone = [one for process in processes for one in _family(process)]
    for process in everyone:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(everyone, timeout=patience)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=patience)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether the process runs; one that ended and was not waited for does not."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def last_lines(log: Path, count: int = 12) -> str:
    """Return the end of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _bound_to_parent() -> list[str]:
    if sys.platform != "linux":
        return []
    return [sys.executable, "-I", "-S", str(_WRAPPER), str(os.getpid())]


def _family(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [process, *process.children(recursive=True)]
    return [process]
