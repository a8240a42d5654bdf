"""A publisher to two targets: a message's queue, if it names one, or else its topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message
from tileweave.usecases.ports import Publisher


class TargetedPublisher:
    """Publishes to topics and to queues; each is made when it is first published to."""

    def __init__(self, topics: Callable[[], Publisher], queues: Callable[[], Publisher]) -> None:
        self._topics = topics
        self._queues = queues

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them. Raises Unavailable, after both were tried: the topics' first."""
        failures: list[Unavailable] = []
        for publisher, some in (
            (self._topics, [each for each in messages if not each.queue]),
            (self._queues, [each for each in messages if each.queue]),
        ):
            try:
                if some:
                    publisher().publish(some)
            except Unavailable as error:
                failures.append(error)
        if failures:
            raise failures[0]
