"""`python -m tileweave_emulators`: both emulators in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tileweave_emulators.emulators import DEFAULT_PROJECT, Emulators
from tileweave_emulators.errors import EmulatorError
from tileweave_emulators.running import Running

_LOOK_SECONDS = 0.5
_PERCENT = 100


class _Asked(BaseException):
    """Raised by the first signal, wherever the program is; later ones are ignored."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both emulators until a signal; return 0, or 1 when they could not, or one ended."""
    options = _parser().parse_args(arguments)
    emulators = Emulators(
        project=options.project,
        data_dir=options.data,
        firestore_port=options.firestore_port,
        pubsub_port=options.pubsub_port,
        progress=_show,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _on_signal)
    try:
        with emulators.start() as running:
            _serve(running)
    except EmulatorError as error:
        _say(f"error: {error}")
        return 1
    except _Asked:
        return 0
    return 0


def _serve(running: Running) -> None:
    for name, value in running.environment().items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
    pause = threading.Event()
    while not pause.wait(_LOOK_SECONDS):  # a signal interrupts it at once
        running.check()


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise _Asked


def _show(name: str, received: int, size: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if received == size else "\r"
        _say(f"{name}: {received * _PERCENT // size} %", end)
    elif received == size:
        _say(f"{name}: downloaded")


def _say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tileweave_emulators", description=__doc__)
    parser.add_argument("--project", default=DEFAULT_PROJECT, help="default: %(default)s")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep documents between runs")
    parser.add_argument("--firestore-port", type=int, default=0, help="default: a free one")
    parser.add_argument("--pubsub-port", type=int, default=0, help="default: a free one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
