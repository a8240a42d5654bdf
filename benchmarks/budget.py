"""Documents read and written and messages published for one tile's whole life.

Its creation, its scene's download, its hand-out, its result, what follows from it, its share of
its scene, the history and the counters: by the use cases over a store in memory that counts, since
nothing of it depends on time. Messages are those published, results included.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from benchmarks import archive
from benchmarks.counting import Bill, CountingPublisher, CountingStore
from benchmarks.figures import Figure, Goal, at_most
from tileweave.domain.ingestion import NewScene
from tileweave.domain.messages import Message, Topic
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.add_scenes import add_scenes
from tileweave.usecases.consume import Consumer
from tileweave.usecases.ports import Services
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import take_result

SIZES, QUICK = ((5, 20), (50, 20), (500, 20)), ((5, 4),)
"""Dates, and bursts of each."""

AOI = "Budget"
LIMITS = {"reads": 10, "writes": 8, "messages": 4}

Add = Callable[[Services, Sequence[NewScene]], object]
Take = Callable[[Services, Sequence[Delivery], Sequence[Delivery]], None]


def measure(*, quick: bool) -> Iterator[Figure]:
    """Count, by how the scenes came and who takes the messages."""
    for dates, bursts in QUICK if quick else SIZES:
        for name, add, take, goals in (
            ("added in bulk, functions", in_bulk, by_functions, LIMITS),
            ("added in bulk, batch consumer", in_bulk, by_consumer, LIMITS),
            ("added a scene a call, functions", one_by_one, by_functions, {}),
        ):
            bill = lived(archive.scenes(dates, bursts), add, take)
            for what in LIMITS:
                yield Figure(
                    case=f"{what}: {name}",
                    value=getattr(bill, what) / (dates * bursts),
                    unit="a tile",
                    goal=_goal(goals.get(what)),
                    size=dates * bursts,
                )


def _goal(limit: int | None) -> Goal | None:
    return None if limit is None else at_most(limit)


def lived(scenes: Sequence[NewScene], add: Add, take: Take) -> Bill:
    """Return the bill of an AOI from its creation until all of it is DONE."""
    bill = Bill()
    publisher = CountingPublisher(bill)
    services = Services(CountingStore(bill), publisher)
    services.store.create_aoi(AOI, services.now())
    add(services, scenes)
    while messages := publisher.take():
        results = [_result(each) for each in messages if each.topic in _JOBS]
        bill.messages += len(results)
        updates = [_delivery(each) for each in messages if each.topic not in _JOBS]
        take(services, results, updates)
    return bill


_JOBS = {Topic.SCENE_JOBS: "scene", Topic.TILE_JOBS: "tile"}


def in_bulk(services: Services, scenes: Sequence[NewScene]) -> None:
    """Add them in one call."""
    add_scenes(services, AOI, scenes)


def one_by_one(services: Services, scenes: Sequence[NewScene]) -> None:
    """Add each by a call of its own."""
    for each in scenes:
        add_scene(services, AOI, each)


def by_functions(
    services: Services, results: Sequence[Delivery], updates: Sequence[Delivery]
) -> None:
    """Take a message at a time."""
    for each in results:
        take_result(services, each)
    for each in updates:
        take_update(services, each)


def by_consumer(
    services: Services, results: Sequence[Delivery], updates: Sequence[Delivery]
) -> None:
    """Take what came as new processes would: they remember nothing, and tell all at once."""
    consumer = Consumer(services)
    consumer.take_results(results)
    consumer.take_updates(updates)
    consumer.tell()


def _result(job: Message) -> Delivery:
    kind, body = _JOBS[job.topic], job.body
    result = {"type": kind, "id": body["id"], "attempt": body["attempt"], "status": "DONE"}
    return Delivery(f"{kind}-{body['id']}-{body['attempt']}", json.dumps(result).encode())


def _delivery(update: Message) -> Delivery:
    return Delivery(f"update-{update.body['id']}", json.dumps(update.body).encode())
