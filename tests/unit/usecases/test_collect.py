"""Results that wait in a queue are taken as those that are pushed, and deleted after the commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.builders import NOW, World, a_chain, sweep
from tests.unit.usecases.troubled import TroubledStore
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Document
from tileweave.domain.status import Status
from tileweave.usecases.collect import Collected, collect
from tileweave.usecases.received import Received


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Mail:
    """A queue in memory: what is not deleted is there again when somebody asks for `again`."""

    waiting: list[Received] = field(default_factory=list)
    path: str = "https://sqs.eu-central-1.amazonaws.com/123456789012/results"
    hidden: list[Received] = field(default_factory=list)
    clock: float = 0.0
    before_delete: Callable[[], object] = lambda: None

    def put(self, *bodies: bytes) -> None:
        count = len(self.waiting) + len(self.hidden)
        for number, body in enumerate(bodies, count):
            self.waiting.append(Received(f"handle-{number}", body, f"m{number}", NOW))

    def pull(self, most: int, wait_seconds: int) -> list[Received]:
        taken, self.waiting = self.waiting[: min(most, 10)], self.waiting[min(most, 10) :]
        if not taken:
            self.clock += wait_seconds
        self.hidden += taken
        return taken

    def acknowledge(self, *ack_ids: str) -> None:
        self.before_delete()
        self.hidden = [each for each in self.hidden if each.ack_id not in ack_ids]

    def again(self) -> None:
        self.waiting, self.hidden = self.hidden + self.waiting, []


def a_result(job: Document, status: str = "DONE", attempt: int = 1) -> bytes:
    """Return a worker's result."""
    body = {"type": job.key.kind, "id": job.id, "status": status, "attempt": attempt}
    return json.dumps(body).encode()


def drained(world: World, mail: Mail, seconds: float = 20) -> Collected:
    """Take what waits."""
    return collect(world.services, mail, seconds, clock=lambda: mail.clock)


def results_of_scenes(world: World) -> list[bytes]:
    """Return results DONE of all scenes."""
    return [a_result(each) for each in world.documents() if each.key.kind == "scene"]


def test_results_are_taken_and_deleted() -> None:
    """Many at once, and what follows is published."""
    world, mail = World(*a_chain(30)), Mail()
    mail.put(*results_of_scenes(world))

    assert drained(world, mail) == Collected(taken=30)

    world.settle()
    assert mail.hidden == mail.waiting == []
    assert {world.scene(number).status for number in range(30)} == {Status.DONE}
    assert world.tile(0).status is Status.PENDING
    assert world.tile(0).outbox == frozenset()


def test_it_waits_for_more_until_its_time_is_over() -> None:
    """And not longer."""
    world, mail = World(*a_chain(1)), Mail()

    assert drained(world, mail, 45) == Collected()
    assert mail.clock == 45


def test_results_drained_twice_count_once() -> None:
    """By the ids of their messages, as those of Pub/Sub do."""
    world, mail = World(*a_chain(1, retry_count=2)), Mail()
    mail.put(a_result(world.scene(0), "RETRY", 1))
    [delivery] = mail.waiting
    drained(world, mail)
    mail.waiting.append(delivery)
    drained(world, mail)

    assert world.scene(0).attempt == 2
    assert world.rejected == {}


def test_who_dies_between_commit_and_delete_loses_nothing_and_does_nothing_twice() -> None:
    """The next one publishes again, at most."""
    world, mail = World(*a_chain(3)), Mail()
    mail.put(*results_of_scenes(world))

    def die() -> None:
        raise Killed

    mail.before_delete = die
    with pytest.raises(Killed):
        drained(world, mail)
    after = world.documents()
    mail.before_delete = lambda: None
    mail.again()
    world.settle()

    assert drained(world, mail) == Collected(taken=3)
    world.settle()
    assert [each.status for each in world.documents()][:3] == [Status.DONE] * 3
    assert [each.changes for each in world.documents()][:3] == [each.changes for each in after][:3]
    assert world.tile(0).attempt == 1


def test_what_is_no_result_is_kept_and_deleted() -> None:
    """Operators see it; it does not come for ever."""
    world, mail = World(*a_chain(1)), Mail()
    mail.put(b"{", a_result(world.scene(0)), a_result(world.scene(0), attempt=9))

    assert drained(world, mail) == Collected(taken=3)

    kinds = {each.kind for each in world.store.rejected()}
    assert kinds == {"malformed", "stale"}
    assert mail.hidden == []


def test_what_cannot_be_committed_stays_and_the_call_ends() -> None:
    """The store does not answer: it all comes again."""
    store = TroubledStore()
    world, mail = World(*a_chain(2), store=store), Mail()
    mail.put(*results_of_scenes(world))
    store.commit_troubles = [Unavailable("no answer")]

    assert drained(world, mail) == Collected(left=2)
    assert len(mail.hidden) == 2

    mail.again()
    assert drained(world, mail) == Collected(taken=2)


def test_one_that_breaks_keeps_no_other_back() -> None:
    """It stays in the queue, whose redrive policy gives it up at last."""

    class Broken(MemoryStore):
        def keep_rejected(self, rejected: object) -> None:
            raise RuntimeError("broken")

    world, mail = World(*a_chain(2), store=Broken()), Mail()
    mail.put(b"poison", *results_of_scenes(world))

    assert drained(world, mail) == Collected(taken=2, left=1)
    assert [each.data for each in mail.hidden] == [b"poison"]


def test_what_it_published_is_confirmed() -> None:
    """The janitor finds nothing later."""
    world, mail = World(*a_chain(2)), Mail()
    mail.put(*results_of_scenes(world))
    drained(world, mail)
    world.settle()
    world.now += timedelta(minutes=1)

    assert sweep(world.services) == 0
