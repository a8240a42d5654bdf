"""`tileweave work`: take jobs, work on them, publish the results."""

from __future__ import annotations

import os
import shlex
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import connect, signals
from tileweave.cli.errors import CommandError, told
from tileweave.cli.execute import Execution
from tileweave.cli.simulate import Simulation
from tileweave.cli.state import RunState
from tileweave.cli.troubles import Troubles
from tileweave.jobs.patience import GRACE_SECONDS, Patience

if TYPE_CHECKING:
    from tileweave.jobs.job import Kind as JobKind
    from tileweave.jobs.loop import Work
    from tileweave.jobs.sources import Connection


class Kind(StrEnum):
    """What a worker works on."""

    SCENES = "scenes"
    TILES = "tiles"


KINDS: dict[Kind, JobKind] = {Kind.SCENES: "scene", Kind.TILES: "tile"}

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
    timeout: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="End CMD after so long: that is RETRY."),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How long CMD may go on after a stop."),
    ] = GRACE_SECONDS,
    until_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End when there was no job for so long."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port of the `tileweave up` to work for.")
    ] = None,
    queue: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Take jobs from this SQS queue, in place of Pub/Sub."),
    ] = None,
    results_queue: Annotated[
        str | None, typer.Option(metavar="URL", help="The SQS queue that results go to, then.")
    ] = None,
) -> None:
    """Take jobs, work on them, and publish the results: from and to Pub/Sub, or queues on AWS."""
    check_rates(fail, retry)
    if (queue is None) != (results_queue is None) or (queue and port is not None):
        raise typer.BadParameter("--queue and --results-queue go together, and without --port")
    patience = Patience(timeout, grace)
    doing = _work(Simulation(seconds, fail, retry, seed) if simulate else None, execute, patience)
    troubles = Troubles(duplicate, delay, drop, seed)
    if not simulate and troubles != Troubles(seed=seed):
        raise typer.BadParameter("--duplicate, --delay and --drop go with --simulate only")
    stop = threading.Event()
    signals.on_first(stop.set)
    with told(), _translated():
        from tileweave.jobs.loop import Worker

        run = None if queue else connect.find_run(os.environ, port)
        to = _connection(KINDS[kind], run, queue, results_queue)
        Worker(
            to.source,
            to.publisher,
            doing,
            typer.echo,
            stop,
            parallel,
            KINDS[kind],
            troubles.deliveries,
            until_idle,
            check=partial(connect.check, run),
        ).run()


def _work(simulation: Simulation | None, execute: str | None, patience: Patience) -> Work:
    if (simulation is None) == (execute is None):
        raise typer.BadParameter("say how to work: either --simulate, or --exec CMD")
    return simulation or _execution(execute or "", patience)


def _execution(written: str, patience: Patience) -> Execution:
    try:
        command = shlex.split(written)
    except ValueError as error:
        raise typer.BadParameter(f"--exec cannot be read: {error}") from error
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise typer.BadParameter(f"--exec names no program that is here: {written!r}")
    return Execution([program, *command[1:]], patience)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise CommandError in place of what a worker raises."""
    from tileweave.jobs.errors import WorkerError

    try:
        yield
    except WorkerError as error:
        raise CommandError(str(error)) from error


def _connection(
    kind: JobKind, run: RunState | None, queue: str | None, results_queue: str | None
) -> Connection:
    os.environ.update(run.environment if run else {})
    from tileweave.jobs import sources

    if queue and results_queue:
        return sources.of_queues(queue, results_queue)
    return sources.of_project(kind)
