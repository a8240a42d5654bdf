"""The whole system on this machine: emulators, functions, gateway, scheduler, behind one URL."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from platformdirs import user_log_path

from tileweave.cli import functions, ready, state
from tileweave.cli.errors import CommandError, tell
from tileweave.cli.kept import hand_out_again
from tileweave.cli.plan import Plan, planned
from tileweave.cli.supervisor import Say, Supervisor
from tileweave.ticker import every
from tileweave_emulators import EmulatorError, Emulators, Running, SaveFailed

logger = logging.getLogger(__name__)

JANITOR_SECONDS = 10
"""How often the janitor comes, unless it is said otherwise."""

AUDIT_SECONDS = 600
"""How often it looks further."""

COLLECT_SECONDS = 2
"""How long results are taken from a queue at a time, where one is configured."""

COLLECT_PAUSE_SECONDS = 0.2

CONSUMED = ("results", "dependency-updates")
"""Topics whose messages a batch consumer may take."""

TAKE_BACK_SECONDS = 2
"""How soon the functions get the messages again that a batch consumer has left."""

SAVE_SECONDS = 60
READY_SECONDS = 60


@dataclass(frozen=True)
class LocalRun:
    """What runs, once it is ready."""

    url: str
    environment: Mapping[str, str]
    """What a worker needs to find the emulators."""
    logs: Path
    supervisor: Supervisor
    emulators: Running

    def check(self) -> None:
        """Do nothing while both emulators run. Raises CommandError."""
        if dead := self.emulators.died():
            names = " and ".join(dead)
            raise CommandError(
                f"the {names} emulator ended, so this run is over; logs: {self.logs}"
            )


@contextmanager
def local_run(
    port: int, data: Path | None, say: Say = tell, janitor: float = JANITOR_SECONDS
) -> Iterator[LocalRun]:
    """Start everything, be ready when the block begins, and stop everything with it.

    The environment of this process, and so of its children, names the emulators from then on.
    Raises CommandError, EmulatorError; then nothing is left running.
    """
    plan = planned(port)
    with ExitStack() as stack:
        claim = stack.enter_context(state.claimed(plan.gateway))
        logs = _empty(user_log_path("tileweave") / f"up-{plan.gateway}")
        emulators = stack.enter_context(_emulators(data, logs).start())
        supervisor = stack.enter_context(Supervisor(logs, say))
        environment = {**emulators.environment(), **plan.names_of_topics()}
        run = LocalRun(plan.url, environment, logs, supervisor, emulators)
        _start(run, plan)
        if data is not None and (jobs := hand_out_again()):
            say(f"{jobs} jobs that had no result yet when the last run ended were handed out again")
        called = plan.url_of("janitor")
        stack.enter_context(every(janitor, partial(_call, called)))
        stack.enter_context(every(AUDIT_SECONDS, partial(_call, f"{called}?audit=true")))
        if "collect" in plan.functions:
            collected = f"{plan.url_of('collect')}?seconds={COLLECT_SECONDS}"
            stack.enter_context(every(COLLECT_PAUSE_SECONDS, partial(_call, collected)))
        stack.enter_context(every(TAKE_BACK_SECONDS, partial(_take_back, plan, emulators, say)))
        if data is not None:
            stack.enter_context(every(SAVE_SECONDS, partial(_save, emulators, say)))
        claim.publish(plan.url, environment)
        yield run


def _emulators(data: Path | None, logs: Path) -> Emulators:
    project = os.environ.get("GOOGLE_CLOUD_PROJECT") or Emulators.project
    return Emulators(project=project, data_dir=data, log_dir=logs)


def _start(run: LocalRun, plan: Plan) -> None:
    os.environ.update(run.environment)
    for name, command in plan.commands().items():
        run.supervisor.start(name, command)
    _subscribe(plan, run.emulators)
    _wait(run, plan)


def _subscribe(plan: Plan, emulators: Running, only: Collection[str] = ()) -> None:
    """Have the functions get their messages, of all subscriptions or `only` of these."""
    from tileweave_emulators.provision import provision

    endpoints = {name: plan.url_of(name) for name in functions.PUSHED}
    topology = plan.topology.only(only) if only else plan.topology
    provision(topology, emulators.project, emulators.pubsub_host, endpoints)


def _take_back(plan: Plan, emulators: Running, say: Say) -> None:
    """Have the functions get the messages again that batch consumers took which are gone."""
    for topic in CONSUMED:

        def subscribe(topic: str = topic) -> None:
            _subscribe(plan, emulators, (topic,))
            say(f"no batch consumer is left: functions take the messages of {topic} again")

        with suppress(EmulatorError):  # the next time, then
            state.take_back(plan.gateway, topic, subscribe)


def _wait(run: LocalRun, plan: Plan) -> None:
    def check() -> None:
        run.check()
        if ended := run.supervisor.ended():
            raise CommandError(f"{ended[0]} ended at once; its log is in {run.logs}")

    urls = [plan.url_of(name) for name in plan.functions]
    ready.wait_until_answering(urls, run.url, READY_SECONDS, check)


def _call(url: str) -> None:
    with ready.client() as http:
        try:
            http.post(url).raise_for_status()
        except httpx.HTTPStatusError as error:
            logger.warning("%s answered %s", url, error.response.text)
        except httpx.HTTPError:
            return  # it is being started again; the next call comes soon


def _save(emulators: Running, say: Say) -> None:
    try:
        emulators.save()
    except SaveFailed as error:
        say(str(error))


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
