"""`tileweave consume`: take results and updates by the hundred, in place of the functions."""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import connect, signals
from tileweave.cli.errors import CommandError, told

if TYPE_CHECKING:
    from tileweave.cli.state import RunState
    from tileweave.consumer import Lane
    from tileweave.domain.messages import Topic


class What(StrEnum):
    """What a consumer takes: topics, by their values."""

    RESULTS = "results"
    UPDATES = "dependency-updates"


def consume(
    what: Annotated[
        list[What] | None, typer.Argument(help="The messages to take; both unless it is said.")
    ] = None,
    *,
    until_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End when there was no message for so long."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port of the `tileweave up` to work for.")
    ] = None,
) -> None:
    """Take results and dependency updates in large batches, for bursts of them.

    Beside a `tileweave up`, its functions get no such messages meanwhile, and get them again when
    this ends, however it ends.
    """
    stop = threading.Event()
    signals.on_first(stop.set)
    from tileweave.cli import state
    from tileweave.domain.messages import Topic

    topics = [Topic(each.value) for each in what or What]
    with told(), ExitStack() as stack:
        run = connect.find_run(os.environ, port)
        lanes = _lanes(topics, run, stop)
        if run is not None:
            for topic in topics:
                stack.enter_context(state.consuming(run.port, topic))
        _pull(lanes, take=run is not None)
        _run(lanes, run, until_idle, stop)


def _lanes(topics: list[Topic], run: RunState | None, stop: threading.Event) -> list[Lane]:
    os.environ.update(run.environment if run else {})
    from google.auth.exceptions import GoogleAuthError

    from tileweave.consumer import lanes

    try:
        return lanes(topics, stop)
    except (GoogleAuthError, ValueError) as error:
        raise CommandError(str(error)) from error


def _pull(lanes: list[Lane], *, take: bool) -> None:
    """See that the messages can be pulled; with `take` they are no longer pushed to functions."""
    from tileweave.adapters.pull import FAILURES
    from tileweave.consumer import Pushed, check_pulled

    for each in lanes:
        try:
            if take:
                each.source.take_over()
            check_pulled(each.source)
        except Pushed as error:
            raise CommandError(str(error)) from error
        except FAILURES as error:
            raise CommandError(f"{each.source.path}: {error}") from error


def _run(
    lanes: list[Lane], run: RunState | None, until_idle: float | None, stop: threading.Event
) -> None:
    from tileweave.adapters.pull import FAILURES
    from tileweave.consumer import consume

    def look() -> None:
        idle = time.monotonic() - max(each.busy for each in lanes)
        if until_idle is not None and idle > until_idle:
            stop.set()
        connect.check(run)

    typer.echo("Taking " + " and ".join(each.source.path.rpartition("/")[2] for each in lanes))
    try:
        consume(lanes, stop, look)
    except FAILURES as error:
        raise CommandError(str(error)) from error
    finally:
        typer.echo(f"{sum(each.taken for each in lanes)} messages taken")
