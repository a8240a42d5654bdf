"""The loop of a batch consumer: what it takes, acknowledges, gives back, and when it ends."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from google.api_core.exceptions import (
    FailedPrecondition,
    NotFound,
    PermissionDenied,
    ServiceUnavailable,
)

from tests.builders import World, a_chain
from tests.unit.usecases.troubled import TroubledPublisher, TroubledStore, nobody_answers
from tileweave import consumer
from tileweave.consumer import Lane, Pushed, check_pulled, consume, lane
from tileweave.domain.messages import Topic
from tileweave.domain.status import Status
from tileweave.usecases.consume import Consumer
from tileweave.usecases.received import Received
from tileweave.usecases.reject import Delivery

SECONDS = 10


@dataclass
class Messages:
    """A subscription in memory."""

    waiting: list[Received] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    said: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    refusal: Exception | None = None
    path: str = "projects/here/subscriptions/results"
    waits: bool = False
    pushes_to: str = ""

    def pull(self, most: int, *, leased: bool = True) -> list[Received]:
        assert not leased
        if self.errors:
            raise self.errors.pop(0)
        taken, self.waiting = self.waiting[:most], self.waiting[most:]
        return taken

    def extend(self, ack_ids: Sequence[str]) -> None:
        self._say("extend", ack_ids)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        self._say("give back", ack_ids)

    def acknowledge(self, *ack_ids: str) -> None:
        self._say("acknowledge", ack_ids)

    def take_over(self) -> None:
        self.pushes_to = ""

    def _say(self, what: str, ack_ids: Sequence[str]) -> None:
        self.said.append((what, tuple(ack_ids)))
        if self.refusal:
            raise self.refusal


def results(world: World, *numbers: int) -> list[Received]:
    """Return results DONE of scenes, as they are pulled."""
    found = [world.scene(number) for number in numbers]
    bodies = [{"type": "scene", "id": each.id, "status": "DONE"} for each in found]
    return [
        Received(f"ack-{number}", json.dumps(body).encode(), f"message-{number}")
        for number, body in zip(numbers, bodies, strict=True)
    ]


@contextmanager
def running(world: World, messages: Messages) -> Iterator[Lane]:
    """Run a lane until the block ends."""
    stop = threading.Event()
    made = lane(Topic.RESULTS, world.services, messages, stop)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield made
    finally:
        stop.set()
        thread.join(SECONDS)
    assert not thread.is_alive()


def until(check: object) -> None:
    """Wait until something is true."""
    assert callable(check)
    pause = threading.Event()
    for _ in range(SECONDS * 100):
        if check():
            return
        pause.wait(0.01)
    raise AssertionError("it never was")


def test_messages_are_leased_taken_and_then_acknowledged() -> None:
    world = World(*a_chain(3))
    messages = Messages(results(world, 0, 1, 2))

    with running(world, messages) as taking:
        until(lambda: taking.taken == 3)

    ids = ("ack-0", "ack-1", "ack-2")
    assert messages.said == [("extend", ids), ("acknowledge", ids)]
    assert {world.scene(number).status for number in range(3)} == {Status.DONE}
    assert list(world.store.unpublished()) != []  # updates: who propagates confirms them


def test_what_was_published_is_told_at_the_end() -> None:
    """Of tiles that were handed out; not before (`tests/unit/usecases/test_consume.py`)."""
    world = World(*a_chain(2))
    world.finish_scenes()
    job = world.tile(0)
    body = {"type": "tile", "id": job.id, "status": "DONE"}
    messages = Messages([Received("ack", json.dumps(body).encode(), "message")])

    with running(world, messages) as taking:
        until(lambda: taking.taken)

    assert world.tile(1).status is Status.PENDING
    assert list(world.store.unpublished()) == []


def test_messages_that_failed_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """They come again at once, to whoever takes them."""
    monkeypatch.setattr(consumer, "PAUSE_SECONDS", 0.0)
    publisher = TroubledPublisher()
    world = World(*a_chain(2), publisher=publisher)
    messages = Messages(results(world, 0, 1))
    publisher.troubles = [nobody_answers()]

    with running(world, messages):
        until(lambda: len(messages.said) == 2)

    ids = ("ack-0", "ack-1")
    assert messages.said == [("extend", ids), ("give back", ids)]


def test_a_service_that_does_not_answer_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consumer, "PAUSE_SECONDS", 0.0)
    world = World(*a_chain(1))
    messages = Messages(results(world, 0), [ServiceUnavailable("gone for a while")])

    with running(world, messages) as taking:
        until(lambda: taking.taken)

    assert "no messages for the moment" in caplog.text


def test_an_acknowledgement_that_failed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """The message comes again, and changes nothing then."""
    world = World(*a_chain(1))
    messages = Messages(results(world, 0), refusal=ServiceUnavailable("gone for a while"))

    with running(world, messages), caplog.at_level(logging.WARNING):
        until(lambda: len(messages.said) == 2)

    assert "1 messages may come again" in caplog.text


def test_what_cannot_be_told_is_told_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consumer, "TELL_SECONDS", 0.0)
    store = TroubledStore()
    world = World(*a_chain(2), store=store)
    world.finish_scenes()
    body = {"type": "tile", "id": world.tile(0).id, "status": "DONE"}
    store.confirm_troubles = [nobody_answers()]
    messages = Messages([Received("ack", json.dumps(body).encode(), "message")])

    with running(world, messages) as taking:
        until(lambda: taking.taken)

    assert "told later" in caplog.text
    assert list(store.unpublished()) == []


@pytest.mark.parametrize("error", [NotFound, PermissionDenied, FailedPrecondition])
def test_a_subscription_that_cannot_be_pulled_ends_all(error: type[Exception]) -> None:
    """Its error is raised, and the other lanes stop."""
    world = World()
    stop = threading.Event()
    sources = [Messages(), Messages(errors=[error("not this one")])]
    lanes = [lane(Topic.RESULTS, world.services, each, stop) for each in sources]

    with pytest.raises(error):
        consume(lanes, stop)


def test_a_consumer_of_pushed_messages_says_how_to_have_them_pulled() -> None:
    """Where nobody switches them, as when it is deployed."""
    pushed = Messages(pushes_to="https://results.example")

    with pytest.raises(Pushed, match="modify-push-config results --push-endpoint="):
        check_pulled(pushed)

    check_pulled(Messages())


def test_a_lane_that_takes_long_is_not_idle_and_keeps_its_messages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their leases are extended until they are taken."""
    monkeypatch.setattr(consumer, "LEASE_SECONDS", 0.03)
    messages = Messages([Received("ack", b"{}", "message")])
    go_on, stop = threading.Event(), threading.Event()

    def take(deliveries: Sequence[Delivery]) -> list[Delivery]:
        go_on.wait(SECONDS)
        return []

    made = Lane(messages, Consumer(World().services), take, stop)
    thread = threading.Thread(target=made.run)
    thread.start()

    until(lambda: messages.said.count(("extend", ("ack",))) > 3)
    assert made.busy > time.monotonic()
    go_on.set()
    until(lambda: made.taken)
    stop.set()
    thread.join(SECONDS)
    assert made.busy <= time.monotonic()
    assert messages.said[-1] == ("acknowledge", ("ack",))


def test_what_is_looked_at_meanwhile_may_end_it() -> None:
    world = World()
    stop = threading.Event()

    def look() -> None:
        raise RuntimeError("the run has ended")

    with pytest.raises(RuntimeError):
        consume([lane(Topic.DEPENDENCY_UPDATES, world.services, Messages(), stop)], stop, look)


def test_updates_are_propagated() -> None:
    world = World(*a_chain(1))
    world.answer(world.scene(0))
    bodies = [json.dumps(each.body).encode() for each in world.take_updates()]
    messages = Messages([Received("ack", each, "message") for each in bodies])
    stop = threading.Event()
    made = lane(Topic.DEPENDENCY_UPDATES, world.services, messages, stop)
    thread = threading.Thread(target=made.run)
    thread.start()

    until(lambda: made.taken)
    stop.set()
    thread.join(SECONDS)

    assert world.tile(0).status is Status.PENDING
    assert list(world.store.unpublished()) == []
