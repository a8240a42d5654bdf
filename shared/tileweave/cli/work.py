"""`tileweave work`: pull jobs, work on them, publish the results."""

from __future__ import annotations

import os
import shlex
import shutil
import threading
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import connect, signals
from tileweave.cli.errors import CommandError, told
from tileweave.cli.execute import Execution
from tileweave.cli.simulate import Simulation
from tileweave.cli.troubles import Troubles

if TYPE_CHECKING:
    from tileweave.cli.state import RunState
    from tileweave.cli.worker import Work, Worker


class Kind(StrEnum):
    """What a worker works on."""

    SCENES = "scenes"
    TILES = "tiles"


SUBSCRIPTIONS = {Kind.SCENES: "scene-jobs", Kind.TILES: "tile-jobs"}

Rate = partial(typer.Option, min=0, max=1, metavar="RATE")
Seconds = Annotated[float, typer.Option(min=0, help="How long a simulated job takes.")]
Fail = Annotated[float, Rate(help="The part of simulated jobs that ends FAILED, 0 to 1.")]
Retry = Annotated[float, Rate(help="The part of simulated jobs that ends RETRY, 0 to 1.")]
Seed = Annotated[int, typer.Option(help="Another seed, other simulated failures.")]


def check_rates(fail: float, retry: float) -> None:
    """Raise a usage error if both rates together are more than everything."""
    if fail + retry > 1:
        raise typer.BadParameter("--fail and --retry together are more than 1")


def work(
    kind: Annotated[Kind, typer.Argument(help="The jobs to work on.")],
    *,
    simulate: Annotated[bool, typer.Option("--simulate", help="Only wait, then answer.")] = False,
    seconds: Seconds = 1.0,
    fail: Fail = 0.0,
    retry: Retry = 0.0,
    seed: Seed = 0,
    duplicate: Annotated[float, Rate(help="The part of results that is sent twice.")] = 0.0,
    delay: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="How late results are at most.")
    ] = 0.0,
    drop: Annotated[float, Rate(help="The part of results that is never sent.")] = 0.0,
    parallel: Annotated[int, typer.Option(min=1, max=1000, help="Jobs at the same time.")] = 1,
    execute: Annotated[
        str | None,
        typer.Option(
            "--exec",
            metavar="CMD",
            help="Run CMD for each job, with the job as JSON on its standard input."
            " Exit code 0 is DONE, 75 RETRY, any other FAILED.",
        ),
    ] = None,
    until_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End when there was no job for so long."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port of the `tileweave up` to work for.")
    ] = None,
) -> None:
    """Take jobs from Pub/Sub, work on them, and publish the results."""
    check_rates(fail, retry)
    doing = _work(Simulation(seconds, fail, retry, seed) if simulate else None, execute)
    troubles = Troubles(duplicate, delay, drop, seed)
    if not simulate and troubles != Troubles(seed=seed):
        raise typer.BadParameter("--duplicate, --delay and --drop go with --simulate only")
    stop = threading.Event()
    signals.on_first(stop.set)
    with told():
        run = connect.find_run(os.environ, port)
        worker = _worker(kind, doing, run, stop)
        worker.parallel, worker.until_idle, worker.troubles = parallel, until_idle, troubles
        worker.run()


def _work(simulation: Simulation | None, execute: str | None) -> Work:
    if (simulation is None) == (execute is None):
        raise typer.BadParameter("say how to work: either --simulate, or --exec CMD")
    return simulation or _execution(execute or "")


def _execution(written: str) -> Execution:
    try:
        command = shlex.split(written)
    except ValueError as error:
        raise typer.BadParameter(f"--exec cannot be read: {error}") from error
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise typer.BadParameter(f"--exec names no program that is here: {written!r}")
    return Execution([program, *command[1:]])


def _worker(kind: Kind, doing: Work, run: RunState | None, stop: threading.Event) -> Worker:
    os.environ.update(run.environment if run else {})
    from tileweave import compose
    from tileweave.adapters.pull import Subscription
    from tileweave.cli.worker import Worker
    from tileweave.topology import load

    try:
        name = load().named(os.environ).topic_name(SUBSCRIPTIONS[kind])
        publisher = compose.publisher()
    except ValueError as error:
        raise CommandError(str(error)) from error
    path = f"projects/{compose.settings().project}/subscriptions/{name}"
    source = Subscription(path, os.environ.get("PUBSUB_EMULATOR_HOST"))
    check = partial(connect.check, run)
    return Worker(source, publisher, doing, typer.echo, stop, check=check)
