"""Messages go to their queue, if they name one, or else to their topic."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tileweave.adapters.memory import MemoryPublisher
from tileweave.adapters.targets import TargetedPublisher
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.usecases.ports import Publisher

TO_TOPIC = Message(Topic.TILE_JOBS, {"id": 1}, {"type": "tile"})
TO_QUEUE = Message(Topic.TILE_JOBS, {"id": 2}, {"type": "tile"}, "https://a")


class Down:
    """A publisher that does not answer."""

    def publish(self, messages: Sequence[Message]) -> None:
        raise Unavailable("down")


def never() -> Publisher:
    """Make a publisher that nobody needs."""
    raise AssertionError("it was made")


def test_each_goes_to_its_target() -> None:
    topics, queues = MemoryPublisher(), MemoryPublisher()
    TargetedPublisher(lambda: topics, lambda: queues).publish([TO_QUEUE, TO_TOPIC])
    assert (topics.messages, queues.messages) == ([TO_TOPIC], [TO_QUEUE])


def test_a_target_that_nothing_goes_to_is_not_made() -> None:
    """boto3 takes its time."""
    topics = MemoryPublisher()
    TargetedPublisher(lambda: topics, never).publish([TO_TOPIC])
    TargetedPublisher(never, never).publish([])
    assert topics.messages == [TO_TOPIC]


def test_one_that_is_down_does_not_keep_the_other_from_being_tried() -> None:
    queues = MemoryPublisher()
    with pytest.raises(Unavailable):
        TargetedPublisher(Down, lambda: queues).publish([TO_TOPIC, TO_QUEUE])
    assert queues.messages == [TO_QUEUE]
