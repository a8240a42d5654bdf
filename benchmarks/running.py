"""AOIs in which all is downloaded and the first tiles are to be handed out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from benchmarks import archive
from benchmarks.emulated import services
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Scene
from tileweave.domain.status import Status
from tileweave.usecases.add_scenes import add_scenes
from tileweave.usecases.consume import Consumer
from tileweave.usecases.ports import Services
from tileweave.usecases.reject import Delivery


class Silent:
    """Publishes to nobody, and keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def publish(self, messages: Sequence[Message]) -> None:
        """Keep all of them."""
        self.messages.extend(messages)


def ingest(aoi: str, dates: int, bursts: int, *, places: int = 1) -> None:
    """Make an AOI of chains: `places` stacks of scenes, each of `bursts` chains of `dates`."""
    silent = Services(services().store, Silent())
    silent.store.create_aoi(aoi, silent.now())
    for place in range(places):
        add_scenes(silent, aoi, archive.scenes(dates, bursts, first=place * bursts))


def add(aoi: str, dates: int, chains: int, first: int) -> None:
    """Add chains to an AOI, in stacks of scenes with up to 20 bursts."""
    silent = Services(services().store, Silent())
    for begin in range(first, first + chains, 20):
        bursts = min(20, first + chains - begin)
        add_scenes(silent, aoi, archive.scenes(dates, bursts, first=begin))


def download(aoi: str, chains: int | None = None) -> list[Message]:
    """Answer DONE for all scenes, or those of the first stack; return the jobs of ready tiles.

    They are not published. The first stack is known by its number of chains.
    """
    silent = Silent()
    store = services().store
    consumer = Consumer(Services(store, silent))
    pending = [each.id for each in _first(store.scenes(aoi, (Status.PENDING,)), chains)]
    results = [_result(each) for each in pending]
    updates = [_update(each) for each in pending]
    for some in range(0, len(pending), 50):
        consumer.take_results(results[some : some + 50])
        consumer.take_updates(updates[some : some + 50])
    consumer.tell()
    return [each for each in silent.messages if each.topic is Topic.TILE_JOBS]


def answer(jobs: Sequence[Message], status: str) -> list[Message]:
    """Answer tiles' jobs in this process; return the jobs that were handed out by that."""
    silent = Silent()
    consumer = Consumer(Services(services().store, silent))
    for some in range(0, len(jobs), 200):
        bodies = [
            {"type": "tile", "id": each.body["id"], "attempt": each.body["attempt"]}
            for each in jobs[some : some + 200]
        ]
        named = [f"{status}-{each['id']}-{each['attempt']}" for each in bodies]
        full = [json.dumps({**each, "status": status}).encode() for each in bodies]
        consumer.take_results([Delivery(*each) for each in zip(named, full, strict=True)])
    consumer.tell()
    return [each for each in silent.messages if each.topic is Topic.TILE_JOBS]


def following(aoi: str) -> Mapping[int, int]:
    """Return the next tile of each tile, by their ids."""
    return {tile.id: tile.next[0] for tile in services().store.tiles(aoi) if tile.next}


def _first(scenes: Iterable[Scene], chains: int | None) -> list[Scene]:
    first = f"_{archive.burst(0)}"
    return [each for each in scenes if chains is None or each.source_id.endswith(first)]


def _result(id_: int) -> Delivery:
    body = {"type": "scene", "id": id_, "status": "DONE", "attempt": 1}
    return Delivery(f"download-{id_}", json.dumps(body).encode())


def _update(id_: int) -> Delivery:
    return Delivery(f"update-{id_}", json.dumps({"type": "scene", "id": id_}).encode())
