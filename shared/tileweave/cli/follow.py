"""The demo's run: scenes ingested, progress shown, retried like an operator would."""

from __future__ import annotations

import threading
import time

from rich.console import Console

from tileweave.cli import denmark
from tileweave.cli.api import Api
from tileweave.cli.errors import CommandError
from tileweave.cli.local_run import LocalRun
from tileweave.cli.show import Bars, table
from tileweave.client import Overview

POLL_SECONDS = 0.25


def follow(api: Api, run: LocalRun, deadline: float) -> Overview:
    """Ingest Denmark and wait until all of it is DONE or FAILED; return the last overview.

    Raises CommandError: a call failed, an emulator ended, or the deadline has passed.
    """
    began = time.monotonic()
    api.create()
    for feature in denmark.features():
        api.add_scene(feature)
    console = Console()
    bars = Bars(console)
    with bars.progress:
        overview = _until_settled(api, run, deadline, bars)
    console.print(table(overview))
    took = time.monotonic() - began
    console.print(f"Ingested in {took:.1f} s", highlight=False)
    return overview


def _until_settled(api: Api, run: LocalRun, deadline: float, bars: Bars) -> Overview:
    pause = threading.Event()
    while True:
        run.check()
        overview = api.overview()
        bars.show(overview)
        if overview.settled:
            return overview
        if time.monotonic() > deadline:
            raise CommandError(f"given up: {_stuck(overview)}; logs: {run.logs}")
        if overview.scenes.retry or overview.tiles.retry:
            _act_as_operator(api, bars)
        pause.wait(POLL_SECONDS)


def _act_as_operator(api: Api, bars: Bars) -> None:
    scenes, tiles = api.retry()
    if scenes or tiles:
        bars.say(f"In RETRY, so handed out again, as an operator would: {_counted(scenes, tiles)}")


def _counted(scenes: int, tiles: int) -> str:
    found = {"scene": scenes, "tile": tiles}
    named = [f"{count} {name}{'s' * (count > 1)}" for name, count in found.items() if count]
    return " and ".join(named)


def _stuck(overview: Overview) -> str:
    parts = {"scenes": overview.scenes.open, "tiles": overview.tiles.open}
    return "; ".join(f"{name} {open_}" for name, open_ in parts.items() if open_)
