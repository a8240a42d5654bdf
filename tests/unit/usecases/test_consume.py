"""Many messages at once: the same as one by one, in fewer calls."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, World, a_chain, a_new_scene, a_new_tile, ref
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.model import Document, Key
from tileweave.domain.status import Event, Status
from tileweave.usecases.consume import Consumer
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import Stored
from tileweave.usecases.reject import Delivery

BURSTS = tuple(f"A44_IW1_{number:04}" for number in range(8))


class Counting(TroubledStore):
    """Notes what is read, and how often it is committed and confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[frozenset[Key]] = []
        self.confirmations = 0

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        self.reads.append(frozenset(keys))
        return super().read(keys)

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        self.confirmations += 1
        super().confirm(published)


def a_world(
    length: int = 3, bursts: Iterable[str] = BURSTS, store: MemoryStore | None = None
) -> World:
    """Return chains whose scenes are DONE, and whose first tiles are handed out."""
    world = World(*a_chain(length, bursts), store=store)
    world.finish_scenes()
    world.take_jobs()
    return world


def results(jobs: Iterable[Document], status: str = "DONE", prefix: str = "") -> list[Delivery]:
    """Return a result of the current attempt of each."""
    return [
        delivered(
            {"type": e.key.kind, "id": e.id, "status": status, "attempt": e.attempt},
            f"{prefix}{e.id}/{e.attempt}",
        )
        for e in jobs
    ]


def delivered(body: object, name: str) -> Delivery:
    return Delivery(name, json.dumps(body).encode())


def updates(world: World) -> list[Delivery]:
    """Return the updates that are on their way."""
    found = world.take_updates()
    return [delivered(each.body, f"update-{number}") for number, each in enumerate(found)]


def tiles(world: World, number: int) -> list[Document]:
    return [world.tile(number, each) for each in BURSTS]


def statuses(world: World, number: int) -> set[Status]:
    return {each.status for each in tiles(world, number)}


def test_a_batch_of_results_is_one_commit() -> None:
    """With all that they hand out."""
    store = Counting()
    world = a_world(2, store=store)
    commits = store.commits

    assert Consumer(world.services).take_results(results(tiles(world, 0))) == []

    assert store.commits == commits + 1
    assert (statuses(world, 0), statuses(world, 1)) == ({"DONE"}, {"PENDING"})
    assert len(world.take_jobs()) == len(BURSTS)
    assert world.updates == []


def test_a_job_that_comes_back_is_not_read_again() -> None:
    """This process wrote it, and nobody else did since."""
    store = Counting()
    world = a_world(store=store)
    consumer = Consumer(world.services)
    consumer.take_results(results(tiles(world, 0)))
    second = results(tiles(world, 1))
    store.reads.clear()

    consumer.take_results(second)

    read = frozenset().union(*store.reads)
    assert not read & {each.key for each in tiles(world, 1)}
    assert (statuses(world, 1), statuses(world, 2)) == ({"DONE"}, {"PENDING"})


def test_what_somebody_else_changed_is_read_again() -> None:
    """An operator was quicker with one of them: his attempt is not answered by an older result."""
    world = a_world()
    consumer = Consumer(world.services)
    consumer.take_results(results(tiles(world, 0)))
    second = results(tiles(world, 1))
    operate(world.services, world.tile(1, BURSTS[3]).key, Event.FORCE_RETRY)

    assert consumer.take_results(second) == []

    assert world.tile(1, BURSTS[3]).status is Status.PENDING
    assert [each.kind for each in world.rejected.values()] == ["stale"]
    assert [world.tile(1, each).status for each in BURSTS if each != BURSTS[3]] == ["DONE"] * 7


def test_nothing_is_refused_by_what_is_only_remembered() -> None:
    """A retry that this process did not see makes the result of the new attempt the current one."""
    world = a_world(bursts=[BURST])
    consumer = Consumer(world.services)
    consumer.take_results(results([world.tile(0)]))
    operate(world.services, world.tile(1).key, Event.FORCE_RETRY)

    assert consumer.take_results(results([world.tile(1)])) == []

    assert world.tile(1).status is Status.DONE
    assert world.rejected == {}


def test_what_was_published_is_told_together_and_later() -> None:
    """But for what a later commit has taken out of its outbox by itself."""
    store = Counting()
    world = a_world(2, store=store)
    consumer = Consumer(world.services)
    store.confirmations = 0
    consumer.take_results(results(tiles(world, 0)))
    assert len(list(store.unpublished())) == len(BURSTS)
    consumer.take_results(results(tiles(world, 1)[:5]))
    assert store.confirmations == 0

    consumer.tell()
    consumer.tell()

    assert store.confirmations == 1
    assert list(store.unpublished()) == []


def test_what_could_not_be_told_is_told_the_next_time() -> None:
    store = Counting()
    world = a_world(2, store=store)
    consumer = Consumer(world.services)
    consumer.take_results(results(tiles(world, 0)))
    store.confirm_troubles = [nobody_answers()]
    with pytest.raises(type(nobody_answers())):
        consumer.tell()

    consumer.tell()

    assert list(store.unpublished()) == []


def test_each_of_a_batch_is_judged_by_itself() -> None:
    """Malformed, unknown, stale, twice, about a tile that is not handed out: kept, and no more."""
    world = a_world(bursts=[BURST])
    tile = world.tile(0)
    batch = [
        Delivery("malformed", b"{"),
        delivered({"type": "tile", "id": 1, "status": "DONE"}, "unknown"),
        delivered({"type": "tile", "id": tile.id, "status": "DONE", "attempt": 7}, "stale"),
        *results([tile]),
        *results([tile]),
        *results([tile], "FAILED", "late-"),
        *results([world.tile(2)], prefix="early-"),
    ]

    assert Consumer(world.services).take_results(batch) == []

    kinds = {each.message_id.partition("-")[0]: each.kind for each in world.rejected.values()}
    assert kinds == {
        "malformed": "malformed",
        "unknown": "unknown",
        "stale": "stale",
        "late": "ignored",
        "early": "ignored",
    }
    assert len(world.tile(0).history) == 3
    assert world.tile(1).status is Status.PENDING


def test_a_batch_that_cannot_be_published_comes_again() -> None:
    """Its changes are made once; its jobs are published by the next delivery."""
    publisher = TroubledPublisher()
    world = World(*a_chain(2, BURSTS), publisher=publisher)
    world.finish_scenes()
    world.take_jobs()
    consumer = Consumer(world.services)
    batch = results(tiles(world, 0))
    publisher.troubles = [nobody_answers()]

    assert consumer.take_results(batch) == batch
    assert world.take_jobs() == []
    assert consumer.take_results(batch) == []

    assert len(world.take_jobs()) == len(BURSTS)
    assert {len(each.history) for each in tiles(world, 0)} == {3}


def test_the_results_of_a_deleted_aoi_keep_no_others_back() -> None:
    """They are rejected as unknown."""
    world = a_world(bursts=[BURST, NEIGHBOUR])
    batch = results([world.tile(0), world.tile(0, NEIGHBOUR)])
    world.store.create_aoi("Other", world.now)
    world.store.bury_aoi(AOI)

    assert Consumer(world.services).take_results(batch) == []

    assert {each.kind for each in world.rejected.values()} == {"unknown"}


def test_a_message_that_breaks_its_decision_comes_again_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others of its batch are taken."""
    world = a_world()
    bad = world.tile(0, BURSTS[2]).id
    real = MemoryStore.read

    def broken(store: MemoryStore, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        if Key("tile", bad) in keys:
            raise KeyError("a field that nobody knows")
        return real(store, keys)

    batch = results(tiles(world, 0))
    monkeypatch.setattr(MemoryStore, "read", broken)

    left = Consumer(world.services).take_results(batch)

    monkeypatch.undo()
    assert [each.message_id for each in left] == [f"{bad}/1"]
    assert [each.status for each in tiles(world, 0)].count(Status.DONE) == len(BURSTS) - 1


def test_updates_are_propagated_together() -> None:
    """Of scenes that are DONE; one that FAILED fails its tiles."""
    world = World(*a_chain(3, BURSTS))
    for number, status in enumerate(("DONE", "DONE", "FAILED")):
        world.answer(world.scene(number), status)
    consumer = Consumer(world.services)
    batch = [*updates(world), delivered({"type": "scene", "id": 5}, "gone"), Delivery("bad", b"{")]

    assert consumer.take_updates(batch) == []
    consumer.tell()

    assert (statuses(world, 0), statuses(world, 2)) == ({"PENDING"}, {"FAILED"})
    assert [each.kind for each in world.rejected.values()] == ["malformed"]
    world.settle()
    assert list(world.store.unpublished()) == []


def test_a_tile_of_many_dependants_leaves_them_to_its_update() -> None:
    """Which a batch of updates propagates."""
    links = {"previous": ref(0), "reference": ref(0)}
    names = [f"A44_IW2_{number:04}" for number in range(300)]
    world = World(
        a_new_scene(0, [a_new_tile()]),
        a_new_scene(1, [a_new_tile(each, **links) for each in names]),
    )
    world.finish_scenes()
    world.take_jobs()
    consumer = Consumer(world.services)
    consumer.take_results(results([world.tile(0)]))

    assert consumer.take_updates(updates(world)) == []

    assert len(world.take_jobs()) == len(names)


def test_events_are_told_once() -> None:
    """Although what was told stays in the outboxes for a while."""
    world = World(*a_chain(3, BURSTS), events=True)
    world.finish_scenes()
    world.take_events()
    consumer = Consumer(world.services)

    for number in range(3):
        consumer.take_results(results(tiles(world, number)))
    consumer.take_updates(updates(world))
    consumer.tell()

    events = [(e.body["id"], e.body["from"], e.body["to"]) for e in world.take_events()]
    assert len(events) == len(set(events)) == 5 * len(BURSTS)
    assert list(world.store.unpublished()) == []


@pytest.mark.parametrize("seed", range(15))
def test_batches_end_as_single_messages_do(seed: int) -> None:
    """Whatever is in them, however they are cut, and however often they come."""
    chance = random.Random(seed)
    one, many = (World(*a_chain(5, BURSTS[:3], retry_count=1)) for _ in range(2))
    consumer = Consumer(many.services)
    for step in range(40):
        pending = sorted(one.pending(), key=lambda each: each.id)
        chosen = [each for each in pending if chance.random() < 0.6]
        ends = chance.choices(("DONE", "RETRY", "FAILED"), (8, 2, 1), k=len(chosen))
        pairs = zip(chosen, ends, strict=True)
        batch = [each for job, end in pairs for each in results([job], end, f"{step}-")]
        for each in batch:
            one.deliver_result(each.body, each.message_id)
        one.settle()
        _consume(consumer, many, batch, chance)
        assert summary(one) == summary(many)
    assert one.rejected == {}


def _consume(
    consumer: Consumer, world: World, batch: Sequence[Delivery], chance: random.Random
) -> None:
    """Deliver a batch in parts, some of them twice, and all updates that follow."""
    middle = chance.randint(0, len(batch))
    for part in (batch[:middle], batch[:middle] if chance.random() < 0.3 else [], batch[middle:]):
        assert consumer.take_results(part) == []
    while found := updates(world):
        assert consumer.take_updates(found) == []
    if chance.random() < 0.5:
        consumer.tell()


def summary(world: World) -> dict[Key, tuple[object, ...]]:
    """Return what a world came to."""
    found = {}
    for each in world.documents():
        links = (getattr(each, name, None) for name in ("previous", "reference", "cut", "heir"))
        found[each.key] = (each.status, each.attempt, each.retry_countdown, *links)
    return found
