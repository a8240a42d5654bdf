"""`tileweave demo`: Denmark ingested from end to end, on this machine."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import denmark, signals
from tileweave.cli.errors import CommandError, told
from tileweave.cli.up import Port, stay
from tileweave.cli.work import Fail, Kind, Retry, Seconds, Seed, check_rates

if TYPE_CHECKING:
    from tileweave.cli.local_run import LocalRun
    from tileweave.client import Overview

PARALLEL = 4
"""Jobs that a simulated worker works on at a time."""

INTERRUPTED = 130


def demo(
    *,
    port: Port = 8080,
    leave: Annotated[bool, typer.Option("--exit", help="Stop everything at the end.")] = False,
    seconds: Seconds = 1.0,
    fail: Fail = 0.0,
    retry: Retry = 0.0,
    seed: Seed = 0,
    output: Annotated[
        Path, typer.Option(metavar="FILE", dir_okay=False, help="Where the graph goes, as SVG.")
    ] = Path(f"{denmark.AOI}.svg"),
    limit: Annotated[float, typer.Option(min=1, help="Seconds after which it gives up.")] = 300,
) -> None:
    """Ingest three scenes and nine bursts over Denmark, with simulated workers."""
    check_rates(fail, retry)
    from tileweave.cli.local_run import local_run

    finished = False
    options = ["--seconds", seconds, "--fail", fail, "--retry", retry, "--seed", seed]
    with told(), suppress(signals.Asked), ExitStack() as stack, signals.asking():
        typer.echo("Starting the emulators and the functions ...")
        run = stack.enter_context(local_run(port, None))
        typer.echo(f"Tileweave is ready at {run.url}; logs are in {run.logs}")
        _start_workers(run, [str(each) for each in options])
        overview = _ingest_and_show(run, output, time.monotonic() + limit)
        finished = True
        if not leave:
            _show_addresses(run)
            stay(run)
        _check(overview)
    if not finished:
        raise typer.Exit(INTERRUPTED)


def _start_workers(run: LocalRun, options: list[str]) -> None:
    for kind in Kind:
        command = [sys.executable, "-m", "tileweave.cli", "work", kind.value, "--simulate"]
        parallel = ["--parallel", str(PARALLEL)]
        run.supervisor.start(f"work {kind.value}", [*command, *options, *parallel])


def _ingest_and_show(run: LocalRun, output: Path, deadline: float) -> Overview:
    from tileweave.cli.api import Api
    from tileweave.cli.follow import follow
    from tileweave.cli.picture import save_graph
    from tileweave.client import Client

    with Client(run.url) as client:
        api = Api(client, denmark.AOI)
        overview = follow(api, run, deadline)
        typer.echo(save_graph(api, output))
    return overview


def _check(overview: Overview) -> None:
    if (overview.scenes.done, overview.tiles.done) != (denmark.SCENES, denmark.TILES):
        scenes = f"{overview.scenes.failed} of {denmark.SCENES} scenes"
        tiles = f"{overview.tiles.failed} of {denmark.TILES} tiles"
        raise CommandError(f"not everything is DONE: {scenes} and {tiles} FAILED")


def _show_addresses(run: LocalRun) -> None:
    base = f"{run.url}/aoi/{denmark.AOI}"
    typer.echo("Look at")
    for path in ("", "/dot?format=svg&reference=true"):
        typer.echo(f"  {base}{path}")
    typer.echo("Ctrl-C stops everything.")
