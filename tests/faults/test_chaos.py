"""A whole ingestion in which everything goes wrong at once, on the real emulators.

Results come twice, late, in another order or never; processes of functions are killed with SIGKILL
at random moments, all the time. At the end every tile is where the seed says, by a legal path, and
no job counted twice.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import psutil
import pytest

from tests.builders import date_of, product
from tests.e2e.system import Machine, Up, eventually, up
from tests.faults.figures import record
from tests.property.invariants import LEGAL
from tileweave.cli.functions import NAMES
from tileweave.cli.simulate import Simulation
from tileweave.client import Busy, Client, Unreachable
from tileweave.domain.status import Status
from tileweave.jobs.job import Job, SceneOfJob

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

AREA = "Chaos"
DATES = 10
FEWER_DATES = 5
BURSTS = [f"A44_IW{1 + number % 3}_{8951 + number}" for number in range(50)]
SECONDS = 240
"""How long the ingestion may take: about a minute on two slow cores."""

LEASE = 12.0
MOST_KILLS = 20
MOST_CONSUMERS = 3
SIMULATION = Simulation(seconds=0.0, fail=0.02, retry=0.08, seed=7)
TROUBLES = ("--duplicate", "0.2", "--delay", "0.8", "--drop", "0.03")
WORK = ("--fail", "0.02", "--retry", "0.08", "--seed", "7", "--seconds", "0", *TROUBLES)


@dataclass
class Killer:
    """Kills processes of functions, at random moments, until it is stopped."""

    system: Up
    killed: Counter[str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _kill(self) -> None:
        choose = random.Random(7)
        while self.killed.total() < MOST_KILLS and not self._stop.wait(choose.uniform(0.5, 3.0)):
            name = choose.choice(["results", "dependencies", *NAMES])
            if found := list(self._processes(name)):
                choose.choice(found).kill()
                self.killed[name] += 1

    def _processes(self, name: str) -> Iterator[psutil.Process]:
        """Return the processes of a function: its server, and those that answer for it."""
        for each in self.system.command.children():
            try:
                command = each.cmdline()
            except psutil.NoSuchProcess:
                continue
            if "functions_framework" in command and name in command:
                yield each


@dataclass
class Consumers:
    """Runs a batch consumer, kills it, and after a while runs another one, until it is stopped.

    In between the functions take the messages.
    """

    system: Up
    killed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        choose = random.Random(11)
        while not self._stop.is_set():
            with self.system.machine.running("consume", "--port", self.system.port) as consumer:
                last = self.killed == MOST_CONSUMERS
                if self._stop.wait(None if last else choose.uniform(4.0, 8.0)):
                    return
                consumer.process.kill()
                self.killed += 1
            self._stop.wait(choose.uniform(0.0, 5.0))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Where the commands run."""
    return Machine(tmp_path_factory.mktemp("chaos"))


def a_scene(number: int) -> dict[str, Any]:
    """Return the request of a date: a tile a burst, linked to the date before and the first."""
    links = {"previous": number - 1, "reference": 0} if number else {}
    named = {name: product(of) for name, of in links.items()}
    tiles = {
        burst: {
            "data": {"swath_id": burst[4:7]},
            **{f"{name}_scene_id": scene for name, scene in named.items()},
            **{f"{name}_tile_id": burst for name in named},
        }
        for burst in BURSTS
    }
    data = {"date": date_of(number).isoformat(), "graph_name": "S1Preprocessing"}
    request = {"source_id": product(number), "aoi": AREA, "data": data, "tiles": tiles}
    return {**request, "retry_count": 1}


def ingested(system: Up, dates: int) -> Counter[str]:
    """Ingest so many dates while everything goes wrong; return what was killed."""
    with Client(system.url, patience=60) as client:
        client.create_aoi(AREA)
        with system.http as http:
            http.put(f"/aoi/{AREA}/settings", json={"lease_seconds": LEASE}).raise_for_status()
        workers = (("work", kind, "--simulate", "--parallel", "40", *WORK) for kind in KINDS)
        scenes, tiles = (system.machine.running(*each) for each in workers)
        with scenes, tiles, Killer(system) as killer:
            client.add_scenes(AREA, [a_scene(number) for number in range(dates)])
            deadline = time.monotonic() + SECONDS
            while not client.overview(AREA).settled:
                assert time.monotonic() < deadline, client.overview(AREA)
                with suppress(Busy, Unreachable):  # its function was killed: it comes again
                    client.retry_aoi(AREA)
                killer._stop.wait(0.5)  # noqa: SLF001 - a pause that its end interrupts
    return killer.killed


KINDS = ("scenes", "tiles")


def test_everything_goes_wrong_and_all_ends_well(machine: Machine) -> None:
    """Five hundred tiles in chains of ten dates."""
    began = time.monotonic()
    with up(machine, "--janitor", "2") as system:
        killed = ingested(system, DATES)
        seen = looked_at(system, DATES)
    assert killed["results"] + killed["dependencies"] > 0
    _record("chaos", seen, killed, began)


def test_the_same_with_batch_consumers_that_come_and_go(machine: Machine) -> None:
    """Half as many: results and updates are taken by consumers, which are killed, or functions."""
    began = time.monotonic()
    with up(machine, "--janitor", "2") as system:
        with Consumers(system) as consumers:
            killed = ingested(system, FEWER_DATES)
        seen = looked_at(system, FEWER_DATES)
    assert consumers.killed > 0
    killed["consumer"] = consumers.killed
    _record("chaos with consumers", seen, killed, began)


def looked_at(system: Up, dates: int) -> Seen:
    """Return what is there at the end; nothing of it is wrong."""
    with Client(system.url) as client:
        seen = Seen(system, client)
    left = system.machine.run("janitor", "--dry-run", "--port", system.port)
    assert len(seen.tiles) == dates * len(BURSTS)
    assert seen.wrong() == []
    assert "Nothing is wrong." in left.stdout, left.stdout + left.stderr
    return seen


def _record(name: str, seen: Seen, killed: Counter[str], began: float) -> None:
    record(
        name,
        tiles=len(seen.tiles),
        killed=killed.total(),
        jobs=seen.jobs,
        results_ignored=seen.rejected,
        leases_over=seen.leases_over,
        seconds=round(time.monotonic() - began),
    )


def history(system: Up, kind: str, id_: int) -> list[dict[str, Any]]:
    """Return all changes of a scene or tile."""
    found: list[dict[str, Any]] = eventually(30, lambda: system.get(f"/{kind}/{id_}/history"))
    return found


class Seen:
    """All scenes and tiles at the end, with their histories."""

    def __init__(self, system: Up, client: Client) -> None:
        """Read all of it."""
        scenes = [each["properties"] for each in client.scenes(AREA)]
        self.scenes = {each["id"]: each for each in scenes}
        by_name = {each["source_id"]: each["id"] for each in scenes}
        tiles = [each["properties"] for each in client.tiles(AREA)]
        self.tiles = {each["ID"]: {**each, "scene": by_name[each["SceneID"]]} for each in tiles}
        self.histories = {
            **{("scene", each): history(system, "scene", each) for each in self.scenes},
            **{("tile", each): history(system, "tile", each) for each in self.tiles},
        }
        self.rejected = len(system.get(f"/rejected?aoi={AREA}&limit=10000")["rejected"])

    @property
    def jobs(self) -> int:
        """How many jobs were handed out."""
        every = [change for history in self.histories.values() for change in history]
        return sum(change["to"] == "PENDING" for change in every)

    @property
    def leases_over(self) -> int:
        """How many jobs were handed out again because nobody answered."""
        every = [change for history in self.histories.values() for change in history]
        return sum(change["actor"] == "janitor" for change in every)

    def wrong(self) -> list[str]:
        """Return what is wrong, in words."""
        found = [
            *(each for key in self.histories for each in self._illegal(key)),
            *(each for key in self.histories for each in self._unexpected(key)),
            *(each for tile in self.tiles for each in self._early(tile)),
            *(each for tile in self.tiles for each in self._badly_linked(tile)),
        ]
        return sorted(found)

    def _illegal(self, key: tuple[str, int]) -> Iterator[str]:
        """Each change is one of the table, and leads to the next; each job is one attempt."""
        history = self.histories[key]
        for one, then in pairwise(history):
            if then["from"] != one["to"]:
                yield f"{key}: a gap between {one['to']} and {then['from']}"
            if (Status(then["from"]), Status(then["to"])) not in LEGAL:
                yield f"{key}: {then['from']} -> {then['to']}"
        attempts = [each["attempt"] for each in history if each["to"] == "PENDING"]
        if attempts != list(range(1, len(attempts) + 1)):
            yield f"{key}: attempts {attempts}"
        if history[-1]["to"] not in ("DONE", "FAILED"):
            yield f"{key}: ends {history[-1]['to']}"

    def _unexpected(self, key: tuple[str, int]) -> Iterator[str]:
        """Each result counted once, for its attempt, as the seed says of it."""
        applied = Counter[int]()
        for change in self.histories[key]:
            if change["actor"] != "worker":
                continue
            again = change["to"] == "PENDING"
            attempt = change["attempt"] - again
            applied[attempt] += 1
            status = SIMULATION.outcome(self._job(key, attempt)).status
            if status != ("RETRY" if again else change["to"]):
                yield f"{key}: attempt {attempt} is {change['to']}, but the seed says {status}"
        yield from (f"{key}: attempt {each} counted twice" for each, n in applied.items() if n > 1)

    def _early(self, tile: int) -> Iterator[str]:
        """No tile began before its scene, its previous and its reference were DONE."""
        began = self._when(("tile", tile), "PENDING")
        if began is None:
            return
        found = self.tiles[tile]
        linked = [("tile", found[name]) for name in ("PreviousID", "ReferenceID") if found[name]]
        for key in [("scene", found["scene"]), *linked]:
            done = self._when(key, "DONE")
            if found["Status"] == "DONE" and (done is None or done > began):
                yield f"tile {tile} began at {began}, but {key} was DONE at {done}"

    def _badly_linked(self, tile: int) -> Iterator[str]:
        """No link of a tile names a FAILED one."""
        found = self.tiles[tile]
        if found["Status"] == "FAILED":
            return
        for name in ("PreviousID", "ReferenceID"):
            other = self.tiles.get(found[name])
            if other and other["Status"] == "FAILED":
                yield f"tile {tile}: its {name} is FAILED"

    def _when(self, key: tuple[str, int], status: str) -> str | None:
        moments = [each["when"] for each in self.histories[key] if each["to"] == status]
        return moments[0] if moments else None

    def _job(self, key: tuple[str, int], attempt: int) -> Job:
        kind, id_ = key
        if kind == "scene":
            source_id = self.scenes[id_]["source_id"]
            return Job(id=id_, source_id=source_id, aoi=AREA, attempt=attempt, text=b"")
        tile = self.tiles[id_]
        scene = SceneOfJob(source_id=tile["SceneID"], aoi=AREA)
        return Job(
            id=id_, source_id=tile["SourceID"], aoi=AREA, scene=scene, attempt=attempt, text=b""
        )
