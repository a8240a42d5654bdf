"""Every use case, each begun in a world of its own: what it does, and who does it again.

A message comes again until it is acknowledged; a call is sent again, by its Idempotency-Key, until
it is answered. What that leaves to be done is the janitor's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    NOW,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    ref,
)
from tests.snapshots import features_of
from tests.unit.usecases.test_collect import Mail
from tileweave.domain.draft import Edit
from tileweave.domain.errors import AlreadyExists, NotAllowed, NotFound, Unavailable
from tileweave.domain.identity import rejected_id, scene_id
from tileweave.domain.ingestion import NewScene
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Cause, Document
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.usecases import chores, leases, operate, replay, restore, watch
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.add_scenes import add_scenes
from tileweave.usecases.collect import collect
from tileweave.usecases.consume import Consumer
from tileweave.usecases.janitor import visit
from tileweave.usecases.link_scenes import link_scenes
from tileweave.usecases.ports import Write
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.web.snapshot_input import origin, read_snapshot_scene

Act = Callable[[World, bool], object]
"""What is done; `again` tells that it was begun before."""

OTHER = "Another"
MANY = 7
CALL = Cause("ada", message_id="call/ada/1", reason="the disk is back")
POLICY = Policy(timedelta(hours=9), timedelta(hours=1))
TO_QUEUE = Policy(tile_jobs_queue="https://sqs.eu-central-1.amazonaws.com/123456789012/tile-jobs")


@dataclass(frozen=True)
class Case:
    """A use case: where it begins, and what is done."""

    name: str
    begin: Callable[[], World]
    act: Act
    once: bool = False
    """Whether it is a call that is carried out or not, even if nobody repeats it."""


# --- where a case begins ---


def empty() -> World:
    """An AOI with nothing in it."""
    return World()


def added(retry_count: int = 0) -> World:
    """Three dates of two bursts; the scenes are handed out."""
    return World(*a_chain(3, (BURST, NEIGHBOUR), retry_count=retry_count))


def running(retry_count: int = 0) -> World:
    """The same, downloaded: both root tiles are handed out."""
    world = added(retry_count)
    world.finish_scenes()
    return world


def to_queues() -> World:
    """The same: from now on jobs of tiles go to a queue on AWS."""
    world = running()
    leases.set_policy(world.services, AOI, TO_QUEUE)
    return world


def queue_was_down() -> World:
    """The same: a job for it is still unpublished."""
    world = to_queues()
    world.operate(world.tile(0), Event.FORCE_DONE)
    world.settle()
    world.take_jobs()
    found = world.store.read([world.tile(1).key])[world.tile(1).key]
    assert found is not None
    edit = Edit(found.document, replace(found.document, outbox=frozenset({"job:1"})))
    world.store.commit([Write(edit, found.version)], [])
    world.now += timedelta(minutes=1)
    return world


def waiting() -> World:
    """The same: a root tile is in RETRY, its neighbour DONE and propagated."""
    world = running()
    world.answer(world.tile(0), "RETRY")
    world.answer(world.tile(0, NEIGHBOUR))
    world.settle()
    return world


def delayed() -> World:
    """The same: an automatic retry of a root tile waits for its delay."""
    world = running(retry_count=2)
    leases.set_policy(world.services, AOI, POLICY)
    world.answer(world.tile(0), "RETRY")
    return world


def branched() -> World:
    """A root with three dependants, one of which refers to a neighbour; all are downloaded."""
    world = World(
        a_new_scene(0, [a_new_tile(), a_new_tile(NEIGHBOUR)]),
        a_new_scene(1, [a_new_tile(previous=ref(0), reference=ref(0))]),
        a_new_scene(2, [a_new_tile(previous=ref(0), reference=ref(0, NEIGHBOUR))]),
        a_new_scene(3, [a_new_tile(previous=ref(1), reference=ref(0))]),
    )
    world.finish_scenes()
    return world


def with_update(begin: Callable[[], World], of: Callable[[World], Document], status: str) -> World:
    """A world in which a result was taken, and its update is on its way."""
    world = begin()
    world.answer(of(world), status)
    return world


def cut(begin: Callable[[], World] = branched) -> World:
    """A world in which the root tile FAILED, and is cut out."""
    world = begin()
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()
    return world


def with_rejected() -> World:
    """A world that has rejected the result of a scene that it did not know; now it does."""
    world = World()
    scene = a_new_scene(0, [a_new_tile()])
    result = {"type": "scene", "id": scene_id(AOI, scene.source_id), "status": "DONE"}
    world.deliver_result(json.dumps(result).encode(), "early")
    world.add(scene)
    return world


def many() -> World:
    """More scenes in RETRY than one call retries."""
    world = World(*(a_new_scene(number) for number in range(MANY)))
    for number in range(MANY):
        world.answer(world.scene(number), "RETRY")
    return world


def buried() -> World:
    """An AOI that is deleted; all it held is still there."""
    world = running()
    world.store.bury_aoi(AOI)
    return world


def unpublished() -> World:
    """The publisher of a scene's job and that of a tile's update died."""
    world = running()
    scene, tile = world.scene(2), world.tile(0)
    world.operate(scene, Event.FORCE_PENDING)
    world.operate(tile, Event.FORCE_DONE)
    world.take_jobs()
    for update in world.updates:
        world.lose(update)
    found = world.store.read([scene.key])[scene.key]
    assert found is not None
    edit = Edit(found.document, replace(found.document, outbox=frozenset({"job:2"})))
    world.store.commit([Write(edit, found.version)], [])
    world.now += timedelta(minutes=1)
    return world


def lost_worker() -> World:
    """Nobody has answered for longer than a lease."""
    world = running()
    world.now += timedelta(hours=25)
    return world


def stuck() -> World:
    """All that is handed out is DONE, but nobody has told those that wait; totals are wrong."""
    world = World(*a_chain(2))
    for number in range(2):
        world.answer(world.scene(number))
    for each in [*world.store.scenes(AOI)]:
        world.store.confirm({each.key: each.outbox})
    for update in world.updates:
        world.lose(update)
    edit = Edit(None, replace(world.scene(0), id=4711, source_id="lost", tile_ids=()))
    world.store.commit([Write(edit, None)], [])
    return world


def half_way() -> World:
    """The first tiles of both chains are DONE, the second ones handed out."""
    world = running()
    for burst in (BURST, NEIGHBOUR):
        world.answer(world.tile(0, burst))
    world.settle()
    return world


def second_scene_open() -> World:
    """The second of three scenes has no result yet; the others are downloaded."""
    world = added()
    for number in (0, 2):
        world.answer(world.scene(number))
    world.settle()
    return world


def both_failed() -> World:
    """A root and the tile after it FAILED; of neither anybody was told."""
    world = half_way()
    world.operate(world.tile(1), Event.FORCE_FAIL)
    world.operate(world.tile(0), Event.FORCE_FAIL)
    return world


def delay_over() -> World:
    """An automatic retry is due."""
    world = delayed()
    world.now += timedelta(hours=1)
    return world


def uncut() -> World:
    """A root FAILED, and its update is lost for good."""
    world = branched()
    world.operate(world.tile(0), Event.FORCE_FAIL)
    for each in world.updates:
        world.lose(each)
    world.store.confirm({world.tile(0).key: world.tile(0).outbox})
    return world


def linked(*numbers: int) -> World:
    """A chain of these dates that was linked by itself; nothing has started."""
    world = World()
    link_scenes(world.services, AOI, unlinked(*numbers))
    return world


def linked_and_failed() -> World:
    """The same, downloaded; a tile of it FAILED, and nobody was told."""
    world = linked(0, 2, 4)
    world.finish_scenes()
    world.answer(world.tile(0))
    world.operate(world.tile(2), Event.FORCE_FAIL)
    return world


def unlinked(*numbers: int) -> list[NewScene]:
    """Scenes of these numbers, their tiles without links."""
    return [a_new_scene(each, [a_new_tile(), a_new_tile(NEIGHBOUR)]) for each in numbers]


def a_version(checksum: str, day: int) -> NewScene:
    """A version of an acquisition, ingested on a day of March."""
    name = "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_"
    tags = {"ingestionDate": f"2022-03-{day:02}T12:00:00Z"}
    scene = replace(unlinked(3)[0], source_id=name + checksum, product_name=name)
    return replace(scene, tags=tags)


def with_a_version() -> World:
    """A chain that an older version of a scene is in."""
    world = linked(0)
    link_scenes(world.services, AOI, [a_version("AAAA", 3)])
    return world


# --- what is done ---


def result(of: Callable[[World], Document], status: str, attempt: int | None = None) -> Act:
    """A worker's result."""

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - an Act
        del again
        body = {"type": of(world).key.kind, "id": of(world).id, "status": status, "message": "why"}
        more = {} if attempt is None else {"attempt": attempt}
        world.deliver_result(json.dumps({**body, **more}).encode(), "result-x")

    return act


def message(body: bytes) -> Act:
    """Any message on the topic of results."""
    return lambda world, _: world.deliver_result(body, "result-x")


def update() -> Act:
    """The update that is on its way."""

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - the same
        found: list[Message] = world.__dict__.setdefault("first_updates", world.updates)
        take_update(
            world.services,
            Delivery("update-x", json.dumps(found[0].body).encode(), again=again),
        )
        if found[0] in world.updates:
            world.lose(found[0])

    return act


def consumed(*batches: Callable[[World], list[bytes]]) -> Act:
    """Batches of results, one after the other, and then the updates that there are.

    A consumer goes on with what it knows after an error; one that was killed begins anew.
    """

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - an Act
        consumer = Consumer(world.services)
        bodies = world.__dict__.setdefault("bodies", [batch(world) for batch in batches])
        for number, batch in enumerate(bodies):
            named = [f"result-{number}-{each}" for each in range(len(batch))]
            deliveries = [Delivery(*each, again=again) for each in zip(named, batch, strict=True)]
            _until_taken(consumer.take_results, deliveries)
        updates = [json.dumps(each.body).encode() for each in world.take_updates()]
        taken: list[bytes] = world.__dict__.setdefault("taken", [])
        taken.extend(updates)  # they come again until they are acknowledged
        named = [f"update-{each}" for each in range(len(taken))]
        deliveries = [Delivery(*each, again=again) for each in zip(named, taken, strict=True)]
        _until_taken(consumer.take_updates, deliveries)
        _until_told(consumer)

    return act


def collected(batch: Callable[[World], list[bytes]]) -> Act:
    """Results in a queue, as the scheduler's calls take them; they come again until deleted."""

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - an Act
        del again
        bodies = [] if "mail" in world.__dict__ else batch(world)
        mail: Mail = world.__dict__.setdefault("mail", Mail())
        mail.put(*bodies)
        for _ in range(3):
            mail.again()
            collect(world.services, mail, 2, clock=lambda: mail.clock)
            if not mail.hidden:
                return
        raise AssertionError("they come again although nothing is wrong any more")

    return act


def _until_taken(
    take: Callable[[Sequence[Delivery]], list[Delivery]], deliveries: Sequence[Delivery]
) -> None:
    for _ in range(3):
        if not (deliveries := take(deliveries)):
            return
    raise AssertionError("it fails although nothing is wrong any more")


def _until_told(consumer: Consumer) -> None:
    with suppress(Unavailable):
        consumer.tell()
    consumer.tell()


def some(*ends: tuple[Callable[[World], Document], str]) -> Callable[[World], list[bytes]]:
    """Return how to make a batch of results."""

    def batch(world: World) -> list[bytes]:
        found = [(of(world), status) for of, status in ends]
        bodies = [
            {"type": each.key.kind, "id": each.id, "status": status} for each, status in found
        ]
        return [json.dumps(each).encode() for each in bodies]

    return batch


def call(do: Callable[[World], object]) -> Act:
    """A call that is sent again, and then meets what the first one did."""

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - the same
        if not again:
            do(world)
            return
        with suppress(AlreadyExists, NotAllowed, NotFound):
            do(world)

    return act


def once(name: str, begin: Callable[[], World], do: Callable[[World], object]) -> Case:
    """Return the case of a call that is one step, even if nobody repeats it."""
    return Case(name, begin, call(do), once=True)


def operated(
    name: str, begin: Callable[[], World], of: Callable[[World], Document], event: Event
) -> Case:
    """Return the case of an operator's call on a scene or tile, known by its key."""
    return once(
        name, begin, lambda world: operate.operate(world.services, of(world).key, event, CALL)
    )


def clock(*, audit: bool) -> Act:
    """The janitor, as the clock has it come: again and again."""
    return lambda world, _: visit(world.services, audit=audit)


def chore(make: Callable[[World], chores.Chore]) -> Act:
    """A piece of a large call, as its message asks for it."""

    def act(world: World, again: bool) -> None:  # noqa: FBT001 - the same
        made = world.__dict__.setdefault("chore", make(world))
        body = chores.message_of(made, AOI).body
        take_update(world.services, Delivery("chore-x", json.dumps(body).encode(), again=again))

    return act


def _scene(number: int) -> Callable[[World], Document]:
    return lambda world: world.scene(number)


def _tile(number: int, burst: str = BURST) -> Callable[[World], Document]:
    return lambda world: world.tile(number, burst)


def _all_retried(world: World) -> chores.Chore:
    scenes = world.store.scenes(AOI)
    items: tuple[chores.Attempt, ...] = tuple(("scene", each.id, each.attempt) for each in scenes)
    return chores.RetryMany(force=False, items=items, actor="ada")


def _forced(event: Event, status: Status) -> list[Case]:
    """Return cases of a forced event on a scene and on tiles, where their status is this."""
    found = [operated(f"{event} on a tile in {status}", BEGINS[status], _tile(0), event)]
    if status is Status.PENDING:
        found.append(operated(f"{event} on a scene", added, _scene(0), event))
    return found


@cache
def _snapshot(begin: Callable[[], World]) -> list[NewScene]:
    """Return the scenes of a snapshot that was taken where another case begins."""
    by = origin(AOI, NOW)
    found = features_of(begin().services)
    return [read_snapshot_scene(AOI, each, by) for each in found]


def _restored(world: World, scenes: list[NewScene], aoi: str = AOI) -> None:
    restore.prepare(world.services, aoi, POLICY)
    restore.restore(world.services, aoi, scenes)


def _links(name: str, begin: Callable[[], World], scenes: list[NewScene]) -> Case:
    """Return the case of scenes that are linked by themselves."""
    act = call(lambda world: link_scenes(world.services, AOI, scenes))
    return Case(f"link: {name}", begin, act)


BEGINS = {Status.RETRY: waiting, Status.FAILED: cut, Status.PENDING: running}
FORCED = (
    Event.FORCE_RETRY,
    Event.FORCE_FAIL,
    Event.FORCE_NEW,
    Event.FORCE_PENDING,
    Event.FORCE_DONE,
    Event.FORCE_STATUS_RETRY,
    Event.FORCE_FAILED,
)

LARGE = a_new_scene(0, [a_new_tile(f"A44_IW1_{number:04}") for number in range(5)])

SMALL = [a_new_scene(number, [a_new_tile(f"T32UN{number}")]) for number in range(5)]

LINKED: list[tuple[str, Callable[[], World], list[NewScene]]] = [
    ("a new chain, in pieces", empty, unlinked(*range(4))),
    ("dates before, between and after", partial(linked, 1, 3), unlinked(0, 2, 4)),
    ("past a FAILED tile", linked_and_failed, unlinked(5)),
    ("small chains", empty, SMALL),
    ("a newer version", with_a_version, [a_version("BBBB", 5)]),
]

RESULTS = [
    Case("scene DONE", added, result(_scene(0), "DONE")),
    Case("scene RETRY, none left", added, result(_scene(0), "RETRY")),
    Case("scene RETRY", partial(added, 1), result(_scene(0), "RETRY")),
    Case("scene FAILED", added, result(_scene(0), "FAILED")),
    Case("tile DONE", running, result(_tile(0), "DONE", 1)),
    Case("tile RETRY, none left", running, result(_tile(0), "RETRY")),
    Case("tile RETRY", partial(running, 1), result(_tile(0), "RETRY")),
    Case("tile RETRY, delayed", delayed, result(_tile(0, NEIGHBOUR), "RETRY")),
    Case("tile FAILED", running, result(_tile(0), "FAILED")),
    Case("late tile DONE", waiting, result(_tile(0), "DONE")),
    Case("stale result", running, result(_tile(0), "DONE", 7)),
    Case("heartbeat in a message", running, result(_tile(0), "HEARTBEAT", 1)),
    Case("heartbeat of another attempt", running, result(_tile(0), "HEARTBEAT", 7)),
    Case("tile DONE, jobs to a queue", to_queues, result(_tile(0), "DONE", 1)),
    Case("result that changes nothing", running, result(_tile(1), "DONE")),
    Case("malformed result", running, message(b"{")),
    Case("result of an unknown id", running, message(b'{"type":"tile","id":1,"status":"DONE"}')),
]
UPDATES = [
    Case("update: scene DONE", lambda: with_update(added, _scene(0), "DONE"), update()),
    Case("update: tile DONE", lambda: with_update(running, _tile(0), "DONE"), update()),
    Case("update: root FAILED", lambda: with_update(branched, _tile(0), "FAILED"), update()),
    Case(
        "update: tile FAILED in a chain",
        lambda: with_update(half_way, _tile(1), "FAILED"),
        update(),
    ),
    Case(
        "update: scene FAILED",
        lambda: with_update(second_scene_open, _scene(1), "FAILED"),
        update(),
    ),
    Case("update: two FAILED side by side", both_failed, update()),
    Case("chore: retry", many, chore(_all_retried)),
    Case("chore: delete", buried, chore(lambda _: chores.DeleteAoi(aoi=AOI, generation=0))),
]
CONSUMER = [
    Case(
        "consumer: scenes DONE",
        added,
        consumed(some(*((_scene(number), "DONE") for number in range(3)))),
    ),
    Case(
        "consumer: chains, a tile after the other",
        running,
        consumed(
            some((_tile(0), "DONE"), (_tile(0, NEIGHBOUR), "DONE")),
            some((_tile(1), "DONE"), (_tile(1, NEIGHBOUR), "RETRY")),
            some((_tile(2), "FAILED"), (_tile(1, NEIGHBOUR), "DONE")),
        ),
    ),
    Case(
        "consumer: a root FAILED, others DONE",
        branched,
        consumed(some((_tile(0), "FAILED"), (_tile(0, NEIGHBOUR), "DONE"))),
    ),
    Case(
        "consumer: results that change nothing",
        running,
        consumed(
            lambda world: [
                b"{",
                b'{"type":"tile","id":1,"status":"DONE"}',
                *some((_tile(0), "DONE"), (_tile(0), "DONE"), (_tile(2), "DONE"))(world),
            ]
        ),
    ),
    Case(
        "consumer: chains, jobs to a queue",
        to_queues,
        consumed(
            some((_tile(0), "DONE"), (_tile(0, NEIGHBOUR), "HEARTBEAT")),
            some((_tile(0, NEIGHBOUR), "DONE")),
        ),
    ),
    Case(
        "results of a queue",
        to_queues,
        collected(some((_tile(0), "DONE"), (_tile(0, NEIGHBOUR), "DONE"), (_tile(2), "DONE"))),
    ),
    Case("consumer: a scene FAILED", second_scene_open, consumed(some((_scene(1), "FAILED")))),
]
CALLS = [
    once("create an AOI", empty, lambda world: watch.create_aoi(world.services, OTHER)),
    once(
        "add a scene",
        added,
        lambda world: add_scene(world.services, AOI, replace(a_chain(4)[3], by=CALL)),
    ),
    Case(
        "add a large scene",
        empty,
        call(lambda world: add_scene(world.services, AOI, replace(LARGE, by=CALL))),
    ),
    Case("add a chain", empty, call(lambda world: add_scenes(world.services, AOI, a_chain(5)))),
    Case("add small chains", empty, call(lambda world: add_scenes(world.services, AOI, SMALL))),
    *(_links(name, begin, scenes) for name, begin, scenes in LINKED),
    operated("retry a tile", waiting, _tile(0), Event.RETRY),
    operated("fail a tile", waiting, _tile(0), Event.FAIL),
    *(case for event in FORCED for status in BEGINS for case in _forced(event, status)),
    once("retry an AOI", waiting, lambda world: operate.retry_aoi(world.services, AOI, CALL)),
    Case(
        "retry a large AOI", many, call(lambda world: operate.retry_aoi(world.services, AOI, CALL))
    ),
    once("delete an AOI", running, lambda world: operate.delete_aoi(world.services, AOI)),
    once(
        "replace data",
        running,
        lambda world: operate.replace_data(world.services, world.tile(0).key, {"new": 1}, None),
    ),
    once(
        "heartbeat", running, lambda world: leases.heartbeat(world.services, world.tile(0).key, 1)
    ),
    once("settings", running, lambda world: leases.set_policy(world.services, AOI, POLICY)),
    Case(
        "replay",
        with_rejected,
        call(lambda world: replay.replay(world.services, rejected_id(Topic.RESULTS, "early"))),
    ),
]
RESTORES = [
    Case("restore", empty, call(lambda world: _restored(world, _snapshot(half_way)))),
    Case("restore what FAILED", empty, call(lambda world: _restored(world, _snapshot(uncut)))),
    Case(
        "restore to a new name",
        empty,
        call(lambda world: _restored(world, _snapshot(waiting), OTHER)),
    ),
]
JANITOR = [
    Case("janitor: unpublished", unpublished, clock(audit=False)),
    Case("janitor: a queue was down", queue_was_down, clock(audit=False)),
    Case("janitor: lease over", lost_worker, clock(audit=False)),
    Case("janitor: delay over", delay_over, clock(audit=False)),
    Case("janitor: not cut out", uncut, clock(audit=False)),
    Case("janitor: half deleted", buried, clock(audit=False)),
    Case("janitor: stuck, wrong totals", stuck, clock(audit=True)),
]
CASES = [*RESULTS, *UPDATES, *CONSUMER, *CALLS, *RESTORES, *JANITOR]
