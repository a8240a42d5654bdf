"""Jobs of an AOI that names queues go there; what is wrong with a queue keeps nothing else back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_chain, a_new_scene, sweep
from tileweave.adapters.memory import MemoryPublisher
from tileweave.domain.draft import Edit
from tileweave.domain.errors import NotAccepted, NotAllowed, Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Document, Key
from tileweave.domain.policy import Policy
from tileweave.domain.status import Event, Status
from tileweave.usecases import janitor
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.consume import Consumer
from tileweave.usecases.leases import set_policy
from tileweave.usecases.ports import Write
from tileweave.usecases.reject import Delivery
from tileweave.usecases.replay import replay
from tileweave.usecases.watch import create_aoi

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/tile-jobs"
SCENES = "arn:aws:sqs:eu-central-1:123456789012:scene-jobs"
TO_QUEUE = Policy(tile_jobs_queue=QUEUE)


@dataclass(slots=True)
class Queues(MemoryPublisher):
    """Takes all messages, but those to queues that are down, and jobs that are too large."""

    down: bool = False
    too_large: bool = False
    asked: list[Sequence[Message]] = field(default_factory=list)

    def publish(self, messages: Sequence[Message]) -> None:
        self.asked.append(messages)
        queued = [each for each in messages if each.queue]
        if queued and self.down:
            raise NotAccepted("the queue is down", queued)
        if queued and self.too_large:
            raise NotAccepted("not all", (), [(each, "it is too large") for each in queued])
        MemoryPublisher.publish(self, messages)


def a_world(queues: Queues | None = None, policy: Policy = TO_QUEUE) -> World:
    """Return a world whose tiles' jobs go to a queue, with a chain of two."""
    world = World(publisher=queues or Queues())
    set_policy(world.services, AOI, policy)
    world.add(*a_chain(2))
    return world


def test_jobs_go_where_their_aoi_says() -> None:
    """Those of scenes here, those of tiles there; everything else to its topic."""
    world = a_world(policy=Policy(scene_jobs_queue=SCENES, tile_jobs_queue=QUEUE))
    world.finish_scenes()

    assert [each.queue for each in world.jobs] == [SCENES, SCENES, QUEUE]
    assert not any(each.queue for each in world.updates)


def test_an_aoi_without_queues_has_its_jobs_on_topics() -> None:
    """As ever."""
    world = a_world(policy=Policy())
    world.finish_scenes()

    assert {each.queue for each in world.published_jobs} == {""}


def test_a_job_tells_the_rest_of_its_lease() -> None:
    """So its worker knows how long it may be silent; also when it is published late."""
    world = a_world(Queues(down=True), Policy(timedelta(hours=1), tile_jobs_queue=QUEUE))
    world.finish_scenes()
    world.now += timedelta(minutes=1)
    assert isinstance(world.publisher, Queues)
    world.publisher.down = False
    assert sweep(world.services) == 1

    leases = {each.topic: each.attributes["lease"] for each in world.published_jobs}

    assert leases == {Topic.SCENE_JOBS: "3600.0", Topic.TILE_JOBS: "3540.0"}


def test_a_job_whose_lease_is_a_day_has_the_attributes_of_ever() -> None:
    """That is what a worker takes it to be."""
    world = a_world()

    assert {frozenset(each.attributes) for each in world.published_jobs} == {
        frozenset({"type", "aoi", "id", "attempt"})
    }


def test_a_queue_that_is_down_keeps_no_result_back_and_loses_no_job() -> None:
    """The result is taken; the job waits in the outbox until the janitor gets it through."""
    queues = Queues(down=True)
    world = a_world(queues)
    world.finish_scenes()
    waiting = world.tile(0)
    assert (waiting.status, set(waiting.outbox)) == (Status.PENDING, {"job:1"})
    assert [each.topic for each in world.take_jobs()] == [Topic.SCENE_JOBS] * 2

    world.now += timedelta(seconds=11)
    assert sweep(world.services) == 1
    assert world.published_jobs == []

    queues.down = False
    assert sweep(world.services) == 1
    assert [(each.queue, each.attributes["attempt"]) for each in world.published_jobs] == [
        (QUEUE, "1")
    ]
    assert sweep(world.services) == 0


def test_a_queue_that_is_down_keeps_no_other_aoi_back() -> None:
    """In a batch of the consumer, too: what else was published is confirmed."""
    world = a_world(Queues(down=True), Policy(scene_jobs_queue=SCENES))
    scenes = [world.scene(0), world.scene(1)]
    bodies = [f'{{"type": "scene", "id": {each.id}, "status": "DONE"}}'.encode() for each in scenes]
    consumer = Consumer(world.services)

    left = consumer.take_results([Delivery(str(n), body) for n, body in enumerate(bodies)])
    consumer.tell()
    world.settle()

    assert left == []
    assert [world.scene(n).status for n in range(2)] == [Status.DONE] * 2
    assert world.tile(0).outbox == frozenset()
    assert [each.topic for each in world.take_jobs()] == [Topic.TILE_JOBS]


def test_only_what_was_accepted_is_confirmed() -> None:
    """Of several jobs for one queue."""

    class Half(Queues):
        def publish(self, messages: Sequence[Message]) -> None:
            if messages[0].queue:
                raise NotAccepted("not all", messages[:1])
            super().publish(messages)

    world = World(publisher=Half())
    set_policy(world.services, AOI, TO_QUEUE)
    world.add(*a_chain(1, ("A44_IW1_8951", "A44_IW1_8979", "A44_IW1_9006")))
    world.finish_scenes()

    outboxes = [each.outbox for each in world.store.tiles(AOI)]

    assert sorted(map(len, outboxes)) == [0, 0, 1]


def test_any_failure_of_a_queue_leaves_its_jobs_to_the_janitor() -> None:
    """Also one that does not say which."""

    class Broken(Queues):
        def publish(self, messages: Sequence[Message]) -> None:
            if messages[0].queue:
                raise Unavailable("no answer")
            super().publish(messages)

    world = a_world(Broken())
    world.finish_scenes()

    assert world.tile(0).outbox == {"job:1"}


def test_a_job_that_no_queue_accepts_is_kept_where_operators_see_it() -> None:
    """It is not published again and again; by another queue, or none, a retry mends it."""
    world = a_world(Queues(too_large=True))
    world.finish_scenes()
    [kept] = world.store.rejected()
    assert (kept.kind, kept.topic, kept.aoi) == ("undeliverable", Topic.TILE_JOBS, AOI)
    assert kept.error.startswith("it is too large; retry it by force")
    assert kept.message_id == f"job/tile/{world.tile(0).id}/1"
    assert world.tile(0).outbox == frozenset()
    with pytest.raises(NotAllowed, match="handed out again by a retry"):
        replay(world.services, kept.id)

    world.take_jobs()
    set_policy(world.services, AOI, Policy())
    world.operate(world.tile(0), Event.FORCE_RETRY)

    [job] = world.published_jobs
    assert (job.queue, job.attributes["attempt"]) == ("", "2")


def test_a_job_goes_where_its_aoi_says_when_it_is_published() -> None:
    """Jobs that a queue had before stay there: their results count all the same."""
    queues = Queues(down=True)
    world = a_world(queues)
    world.finish_scenes()
    world.take_jobs()
    set_policy(world.services, AOI, Policy())
    world.now += timedelta(seconds=11)
    sweep(world.services)

    assert [each.queue for each in world.take_jobs()] == [""]
    world.answer(world.tile(0), attempt=1)
    assert world.tile(0).status is Status.DONE


def test_another_process_learns_of_a_queue_within_half_a_minute() -> None:
    """No result costs a read of its AOI."""
    world = World(a_new_scene(0))
    set_policy(replace(world.services, policies={}), AOI, Policy(scene_jobs_queue=SCENES))
    world.now += timedelta(seconds=30)
    world.take_jobs()
    world.add(a_new_scene(1))

    assert [each.queue for each in world.published_jobs] == [SCENES]


def test_many_jobs_of_a_queue_that_is_down_take_no_visit_for_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Others behind them are published, and the janitor knows that there is more."""
    monkeypatch.setattr(janitor, "A_QUEUE", 2)
    monkeypatch.setattr(janitor, "MOST", 4)
    queues = Queues(down=True)
    world = a_world(queues, Policy(scene_jobs_queue=SCENES))
    world.add(*(a_new_scene(number) for number in range(2, 9)))
    create_aoi(world.services, "Other")
    other = add_scene(world.services, "Other", a_new_scene(50))
    found = world.find(Key("scene", other))
    assert found is not None
    _forget_publishing(world, found)
    world.take_jobs()
    world.now += timedelta(seconds=11)

    report = janitor.visit(world.services)

    assert [each.body["id"] for each in world.published_jobs] == [other]
    assert report.more


def _forget_publishing(world: World, document: Document) -> None:
    """Let the publisher of its job have died."""
    [stored] = world.store.read([document.key]).values()
    assert stored is not None
    edit = Edit(document, replace(document, outbox=frozenset({"job:1"})))
    world.store.commit([Write(edit, stored.version)], [])
