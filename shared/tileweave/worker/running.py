"""Running functions as workers, until a signal."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from tileweave.cli import connect, signals
from tileweave.cli.errors import CommandError
from tileweave.jobs import sources
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.loop import Idleness, Worker
from tileweave.worker.functions import JobFunction, logger

Functions = Sequence[JobFunction[Any]]


def run(
    *functions: JobFunction[Any], until_idle: float | None = None, port: int | None = None
) -> None:
    """Have functions work side by side until SIGINT or SIGTERM, or all idle for so many seconds.

    They work for what the environment names, else for the `tileweave up` of this user (that on
    `port`), but for those with queues. Exits with a line where that cannot be.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    stop = threading.Event()
    signals.on_first(stop.set)
    try:
        workers = _workers(functions, stop, until_idle, port)
        _run(workers)
    except (CommandError, WorkerError) as error:
        sys.exit(f"tileweave: {error}")


def _workers(
    functions: Functions, stop: threading.Event, until_idle: float | None, port: int | None
) -> list[Worker]:
    run = None
    if any(each.queue is None for each in functions):
        run = connect.find_run(os.environ, port)
        os.environ.update(run.environment if run else {})
    workers = [_worker(each, stop, until_idle, partial(connect.check, run)) for each in functions]
    # What one does may make jobs for another: they are idle together, or not at all.
    idleness = Idleness()
    return [replace(each, idleness=idleness) for each in workers]


def _worker(
    function: JobFunction[Any],
    stop: threading.Event,
    until_idle: float | None,
    check: Callable[[], None],
) -> Worker:
    if function.queue and function.results_queue:
        to = sources.of_queues(function.queue, function.results_queue)
    else:
        to = sources.of_project(function.kind)
    return Worker(
        to.source,
        to.publisher,
        function.work,
        logger.info,
        stop,
        function.parallel,
        function.kind,
        until_idle=until_idle,
        check=check,
    )


def _run(workers: Sequence[Worker]) -> None:
    """Run workers side by side; one that cannot go on stops all."""
    if len(workers) == 1:
        workers[0].run()
        return
    with ThreadPoolExecutor(len(workers), "worker") as threads:
        ended = [threads.submit(each.run) for each in workers]
    for each in ended:
        each.result()
