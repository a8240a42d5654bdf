"""`tileweave up`: the whole system on this machine, until a signal."""

from __future__ import annotations

import shlex
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import signals
from tileweave.cli.errors import told

if TYPE_CHECKING:
    from tileweave.cli.local_run import LocalRun

LOOK_SECONDS = 0.5

JANITOR_SECONDS = 10
"""How often the janitor comes, unless it is said otherwise."""

Port = Annotated[int, typer.Option(min=0, max=65535, help="The port of the one base URL; 0: any.")]


def up(
    port: Port = 8080,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", file_okay=False, help="Keep the documents between runs here."),
    ] = None,
    janitor: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How often the janitor comes.")
    ] = JANITOR_SECONDS,
) -> None:
    """Start emulators and functions behind one base URL, until Ctrl-C or SIGTERM."""
    from tileweave.cli.local_run import local_run

    with told(), suppress(signals.Asked), ExitStack() as stack, signals.asking():
        run = stack.enter_context(local_run(port, data, janitor=janitor))
        _show(run)
        stay(run)


def stay(run: LocalRun) -> None:
    """Return never: a signal ends it, or an emulator that ended. Raises CommandError."""
    pause = threading.Event()
    while not pause.wait(LOOK_SECONDS):  # a signal interrupts it at once
        run.check()


def _show(run: LocalRun) -> None:
    typer.echo(f"Logs are in {run.logs}")
    typer.echo("`tileweave work` finds this run by itself; other workers need:")
    for name, value in run.environment.items():
        typer.echo(f"  export {name}={shlex.quote(value)}")
    typer.echo(f"Tileweave is ready at {run.url}")
