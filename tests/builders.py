"""Builders of what tests start from: scenes, tiles, chains, and a world that runs them.

Scenes are numbered: number 3 is the fourth product over the area, 36 days after the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import overload

from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.identity import scene_id, tile_id
from tileweave.domain.ingestion import NewScene, NewTile, TileRef
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Document, Json, Key, Link, Scene, Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.janitor import Kind, visit
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import Rejected, Services, Store
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import take_result
from tileweave.usecases.watch import create_aoi, get_scene, get_tile

AOI = "DenmarkDemo"
BURST = "A44_IW1_8951"
NEIGHBOUR = "A44_IW1_8979"
FIRST_PASS = datetime(2022, 1, 11, 17, 1, 24, tzinfo=UTC)
REVISIT = timedelta(days=12)
NOW = datetime(2022, 3, 1, 12, tzinfo=UTC)


def date_of(number: int) -> datetime:
    """Return when the scene of this number was taken."""
    return FIRST_PASS + number * REVISIT


def product(number: int) -> str:
    """Return the source id of the scene of this number."""
    return f"S1A_IW_SLC__1SDV_{date_of(number):%Y%m%dT%H%M%S}_{number:06}"


@overload
def number_of(link: Link) -> int: ...
@overload
def number_of(link: Link | None) -> int | None: ...
def number_of(link: Link | None) -> int | None:
    """Return the number of the scene that a link leads to."""
    return None if link is None else (link.date - FIRST_PASS) // REVISIT


def ref(number: int, burst: str = BURST) -> TileRef:
    """Name a tile by the number of its scene and its burst."""
    return TileRef(burst, product(number))


def a_new_tile(
    burst: str = BURST, *, previous: TileRef | None = None, reference: TileRef | None = None
) -> NewTile:
    """Return a tile to add, a root unless it is given links."""
    data = {"swath_id": burst[4:7], "tile_nr": 4, "graph_name": "S1BackscatterCoherence"}
    path = f"tiles.{burst}"
    return NewTile(source_id=burst, data=data, previous=previous, reference=reference, path=path)


def a_new_scene(
    number: int = 0, tiles: Iterable[NewTile] = (), *, retry_count: int = 0
) -> NewScene:
    """Return a scene to add, without tiles unless it is given some."""
    date = date_of(number)
    return NewScene(
        source_id=product(number),
        date=date,
        data={"date": date.isoformat(), "graph_name": "S1Preprocessing", "uuid": f"uuid-{number}"},
        tags={},
        tiles=tuple(tiles),
        retry_count=retry_count,
    )


def a_chain(
    length: int = 5, bursts: Iterable[str] = (BURST,), *, retry_count: int = 0
) -> list[NewScene]:
    """Return scenes with one tile a burst, each linked to the one before and to the first."""
    bursts = tuple(bursts)
    return [
        a_new_scene(
            number, [a_link_of_chain(number, each) for each in bursts], retry_count=retry_count
        )
        for number in range(length)
    ]


def a_link_of_chain(number: int, burst: str = BURST) -> NewTile:
    """Return the tile of a chain in the scene of this number."""
    if number == 0:
        return a_new_tile(burst)
    return a_new_tile(burst, previous=ref(number - 1, burst), reference=ref(0, burst))


def a_scene(  # noqa: PLR0913 - one for each thing that tests vary
    number: int = 0,
    *,
    status: Status = Status.PENDING,
    attempt: int = 1,
    retry_countdown: int = 0,
    data: Json | None = None,
    tile_ids: tuple[int, ...] = (),
) -> Scene:
    """Return a scene as it is stored, by default handed out for the first time."""
    new = a_new_scene(number)
    return Scene(
        id=scene_id(AOI, new.source_id),
        source_id=new.source_id,
        aoi=AOI,
        date=new.date,
        data=new.data if data is None else data,
        status=status,
        message="said before",
        attempt=attempt,
        retry_countdown=retry_countdown,
        updated_at=new.date,
        tags={},
        tile_ids=tile_ids,
    )


def a_tile(  # noqa: PLR0913 - the same
    number: int = 0,
    burst: str = BURST,
    *,
    status: Status = Status.NEW,
    attempt: int = 0,
    retry_countdown: int = 0,
    data: Json | None = None,
    previous: Link | None = None,
    reference: Link | None = None,
) -> Tile:
    """Return a tile as it is stored, by default one that was never handed out."""
    scene = a_scene(number)
    return Tile(
        id=tile_id(AOI, scene.source_id, burst),
        source_id=burst,
        aoi=AOI,
        date=scene.date,
        data=a_new_tile(burst).data if data is None else data,
        status=status,
        message="said before",
        attempt=attempt,
        retry_countdown=retry_countdown,
        updated_at=scene.date,
        scene_id=scene.id,
        scene_source_id=scene.source_id,
        previous=previous,
        reference=reference,
    )


class World:
    """One AOI in memory, driven through the use cases, a message at a time.

    What is published waits in `updates` and `jobs` until a test delivers it: in any order, later,
    twice or never.
    """

    def __init__(
        self,
        *scenes: NewScene,
        store: Store | None = None,
        publisher: MemoryPublisher | None = None,
        events: bool = False,
    ) -> None:
        self.now = NOW
        self.store: Store = store or MemoryStore()
        self.publisher = publisher or MemoryPublisher()
        self.services = Services(self.store, self.publisher, now=lambda: self.now, events=events)
        self.jobs: list[Message] = []
        self._events: list[Message] = []
        self._updates: list[Message] = []
        self._numbers = count(1)
        create_aoi(self.services, AOI)
        self.add(*scenes)

    # --- what happens ---

    def add(self, *scenes: NewScene) -> None:
        """Add scenes to the AOI."""
        for each in scenes:
            add_scene(self.services, AOI, each)

    def answer(
        self,
        job: Document,
        status: str = "DONE",
        message: str = "",
        *,
        attempt: int | None = None,
        message_id: str = "",
    ) -> Rejected | None:
        """Deliver a worker's result; a new message unless it is given an id."""
        result: Json = {"type": job.key.kind, "id": job.id, "status": status, "message": message}
        body = result if attempt is None else {**result, "attempt": attempt}
        return self.deliver_result(json.dumps(body).encode(), message_id)

    def deliver_result(self, body: bytes, message_id: str = "") -> Rejected | None:
        """Deliver a message on the topic of results."""
        delivery = Delivery(message_id or f"result-{next(self._numbers)}", body)
        return take_result(self.services, delivery)

    def deliver(self, update: Message, *, again: bool = False) -> Rejected | None:
        """Deliver a dependency update."""
        if update in self.updates:
            self._updates.remove(update)
        body = json.dumps(update.body).encode()
        return take_update(
            self.services, Delivery(f"update-{next(self._numbers)}", body, again=again)
        )

    def lose(self, update: Message) -> None:
        """Let a dependency update get lost on its way."""
        self._collect()
        self._updates.remove(update)

    def lose_updates(self) -> None:
        """Let the dependency updates that were published go lost."""
        self._collect()
        self._updates.clear()

    def settle(self) -> None:
        """Deliver dependency updates until there are none."""
        while self.updates:
            self.deliver(self.updates[0])

    def operate(self, document: Document, event: Event) -> Document:
        """Let an operator retry, fail or force a scene or tile."""
        return operate(self.services, document.key, event)

    def finish_scenes(self) -> None:
        """Answer DONE for all scenes that are PENDING, and propagate it."""
        for each in self.store.scenes(AOI, (Status.PENDING,)):
            self.answer(each)
        self.settle()

    def finish(self) -> None:
        """Answer DONE for all that is PENDING, until nothing is."""
        self.settle()
        while pending := self.pending():
            for each in pending:
                self.answer(each)
            self.settle()

    # --- what can be seen ---

    @property
    def updates(self) -> list[Message]:
        """The dependency updates that were published and not delivered yet, the oldest first."""
        self._collect()
        return list(self._updates)

    def take_events(self) -> list[Message]:
        """Return the events published since the last call."""
        self._collect()
        taken, self._events = self._events, []
        return taken

    def take_updates(self) -> list[Message]:
        """Return the dependency updates that were published and not delivered, as delivered now."""
        self._collect()
        taken, self._updates = self._updates, []
        return taken

    @property
    def published_jobs(self) -> list[Message]:
        """The jobs published since `take_jobs` was called, the oldest first."""
        self._collect()
        return list(self.jobs)

    def take_jobs(self) -> list[Message]:
        """Return the jobs published since the last call."""
        self._collect()
        taken, self.jobs = self.jobs, []
        return taken

    @property
    def rejected(self) -> dict[str, Rejected]:
        """What was rejected, by the ids of the messages."""
        return {each.message_id: each for each in self.store.rejected()}

    def pending(self) -> list[Document]:
        """Return all scenes and tiles that are PENDING."""
        pending = (Status.PENDING,)
        return [*self.store.scenes(AOI, pending), *self.store.tiles(AOI, pending)]

    def documents(self) -> list[Document]:
        """Return all scenes and tiles."""
        return [*self.store.scenes(AOI), *self.store.tiles(AOI)]

    def scene(self, number: int = 0) -> Scene:
        """Return the scene of this number."""
        return get_scene(self.services, scene_id(AOI, product(number)))

    def tile(self, number: int = 0, burst: str = BURST) -> Tile:
        """Return a tile by the number of its scene and its burst."""
        return get_tile(self.services, tile_id(AOI, product(number), burst))

    def links(self, burst: str = BURST) -> dict[int, tuple[int | None, int | None]]:
        """Return previous and reference of each tile of a burst that is not FAILED, as numbers."""
        live = [each for each in self.store.tiles(AOI) if each.status is not Status.FAILED]
        return {
            number_of(each.link): (number_of(each.previous), number_of(each.reference))
            for each in live
            if each.source_id == burst
        }

    def find(self, key: Key) -> Document | None:
        """Return a scene or tile, or None."""
        found = self.store.read([key])[key]
        return None if found is None else found.document

    def _collect(self) -> None:
        where = {Topic.DEPENDENCY_UPDATES: self._updates, Topic.EVENTS: self._events}
        for each in self.publisher.take():
            where.get(each.topic, self.jobs).append(each)


def sweep(services: Services) -> int:
    """Let the janitor come; return of how many documents it published what was left."""
    return visit(services).count(Kind.UNPUBLISHED)


def sent_to(messages: Iterable[Message]) -> list[tuple[str, int]]:
    """Return what messages are about: kind and id of each, in order."""
    return [(each.attributes["type"], each.body["id"]) for each in messages]
