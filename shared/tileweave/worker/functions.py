"""Functions that work on jobs: what they are decorated with, and what becomes of a call."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Generic, TypeVar

from pydantic import ValidationError

from tileweave.jobs.job import Job, Kind, Outcome
from tileweave.jobs.patience import GRACE_SECONDS, End, Patience
from tileweave.jobs.typed import SceneJob, TileJob
from tileweave.worker.ends import Failed, GiveBack, Retry

logger = logging.getLogger("tileweave.worker")

JobT = TypeVar("JobT", SceneJob, TileJob)
Function = Callable[[JobT], str | None]


@dataclass(eq=False)
class JobFunction(Generic[JobT]):
    """A function that works on jobs; it may be called as it is, in a test say."""

    function: Function[JobT]
    takes: type[JobT]
    kind: Kind
    parallel: int = 1
    patience: Patience = field(default_factory=Patience)
    queue: str | None = None
    results_queue: str | None = None

    def __post_init__(self) -> None:
        update_wrapper(self, self.function)

    def __call__(self, job: JobT) -> str | None:
        """Work on a job."""
        return self.function(job)

    def run(self, *, until_idle: float | None = None, port: int | None = None) -> None:
        """Work until SIGINT or SIGTERM, or until there was no job for `until_idle` seconds."""
        from tileweave.worker.running import run  # noqa: PLC0415 - running imports this module

        run(self, until_idle=until_idle, port=port)

    def work(self, job: Job, stop: threading.Event) -> Outcome | None:
        """Have the function work on a job, in a thread; None if it is given back."""
        try:
            typed = self.takes.model_validate(json.loads(job.text))
        except ValidationError as error:
            return Outcome("RETRY", f"the job cannot be read: {error}")
        call = _Call(lambda: self.function(typed), str(job))
        call.start()
        end = self.patience.wait(call.ended, stop, typed.stopping.set)
        if end is End.ITSELF:
            return call.outcome
        typed.stopping.set()
        if end is End.STOPPED:
            return None
        if call.ended(self.patience.grace) and call.outcome is not None:
            return call.outcome
        return Outcome("RETRY", self.patience.exceeded)


class _Call:
    """A call in a thread of its own, which ends with the process at last."""

    def __init__(self, call: Callable[[], object], name: str) -> None:
        self.outcome: Outcome | None = None
        self._call = call
        self._name = name
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ended(self, seconds: float) -> bool:
        """Wait so long; return whether the call has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            said = self._call()
        except GiveBack:
            return
        except Retry as error:
            self.outcome = Outcome("RETRY", str(error))
        except Failed as error:
            self.outcome = Outcome("FAILED", str(error))
        except BaseException as error:
            # FAILED is for good: a bug, a full disk or a bad host must not decide on that.
            logger.exception("%s", self._name)
            self.outcome = Outcome("RETRY", f"{type(error).__name__}: {error}")
        else:
            self.outcome = Outcome("DONE", said if isinstance(said, str) else "")


def scenes(
    *,
    parallel: int = 1,
    timeout: float | None = None,
    grace: float = GRACE_SECONDS,
    queue: str | None = None,
    results_queue: str | None = None,
) -> Callable[[Function[SceneJob]], JobFunction[SceneJob]]:
    """Have a function download scenes: see `tiles`."""
    patience = Patience(timeout, grace)
    return lambda function: JobFunction(
        function, SceneJob, "scene", _checked(parallel), patience, *_both(queue, results_queue)
    )


def tiles(
    *,
    parallel: int = 1,
    timeout: float | None = None,
    grace: float = GRACE_SECONDS,
    queue: str | None = None,
    results_queue: str | None = None,
) -> Callable[[Function[TileJob]], JobFunction[TileJob]]:
    """Have a function process tiles, up to `parallel` at a time, each in a thread.

    What it returns is the message of DONE; Retry, Failed and GiveBack say otherwise, and any other
    exception is RETRY. After `timeout` seconds, and when the worker is to stop, `job.stopping` is
    set; a call that has not ended `grace` seconds later is RETRY, or given back. With `queue` and
    `results_queue` (URLs or ARNs of SQS queues) the jobs are taken from AWS.
    """
    patience = Patience(timeout, grace)
    return lambda function: JobFunction(
        function, TileJob, "tile", _checked(parallel), patience, *_both(queue, results_queue)
    )


def _checked(parallel: int) -> int:
    if parallel < 1:
        raise ValueError(f"parallel={parallel}: it is 1 or more")
    return parallel


def _both(queue: str | None, results_queue: str | None) -> tuple[str | None, str | None]:
    if (queue is None) != (results_queue is None):
        raise ValueError("queue and results_queue go together")
    return queue, results_queue
