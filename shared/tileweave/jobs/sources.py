"""Where a worker's jobs come from, and its results go: Pub/Sub, or queues on AWS.

Neither imports what only the other one needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tileweave import compose
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.queues import queue_of
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.job import Kind
from tileweave.jobs.loop import LEASE_SECONDS, Source
from tileweave.usecases.ports import Publisher
from tileweave.usecases.received import Received

if TYPE_CHECKING:
    from tileweave.adapters.pull import Subscription
    from tileweave.adapters.sqs.inbox import Inbox

TOPICS = {"scene": Topic.SCENE_JOBS, "tile": Topic.TILE_JOBS}


@dataclass(frozen=True, slots=True)
class Connection:
    """Where jobs come from, and results go."""

    source: Source
    publisher: Publisher


def of_project(kind: Kind) -> Connection:
    """Return the Pub/Sub that the environment names. Raises WorkerError."""
    from google.auth.exceptions import GoogleAuthError

    try:
        return Connection(PubSubJobs(compose.subscription(TOPICS[kind])), compose.publisher())
    except (GoogleAuthError, ValueError) as error:
        raise WorkerError(str(error)) from error


def of_queues(queue: str, results_queue: str) -> Connection:
    """Return two queues on AWS, by their URLs or ARNs. Raises WorkerError."""
    from tileweave.adapters.sqs.clients import Clients
    from tileweave.adapters.sqs.inbox import Inbox
    from tileweave.adapters.sqs.publisher import SqsPublisher

    try:
        queue_of(results_queue)
        clients = Clients()
        inbox = Inbox(clients, queue, LEASE_SECONDS)
    except ValueError as error:
        raise WorkerError(str(error)) from error
    # Whoever starts a worker names its queues: no list is asked.
    publisher = SqsPublisher(clients, allows=lambda _: True)
    return Connection(QueueJobs(inbox), _ToQueue(publisher, results_queue))


class PubSubJobs:
    """Jobs of a pull subscription. Every method raises Unavailable, or WorkerError."""

    def __init__(self, subscription: Subscription) -> None:
        self.path = subscription.path
        self._subscription = subscription

    def pull(self, most: int) -> list[Received]:
        """Return at most so many jobs, leased."""
        with self._translated():
            return self._subscription.pull(most)

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these jobs for the lease from now on."""
        with self._translated():
            self._subscription.extend(ack_ids)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these jobs delivered to others at once."""
        with self._translated():
            self._subscription.give_back(ack_ids)

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these jobs never delivered again."""
        with self._translated():
            self._subscription.acknowledge(*ack_ids)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from google.api_core.exceptions import NotFound

        from tileweave.adapters.pull import FAILURES

        try:
            yield
        except NotFound as error:
            raise WorkerError(f"there is no {self.path}") from error
        except FAILURES as error:
            raise Unavailable(str(error)) from error


class QueueJobs:
    """Jobs of a queue on AWS. Every method raises Unavailable, or WorkerError."""

    def __init__(self, inbox: Inbox) -> None:
        self.path = inbox.path
        self._inbox = inbox

    def pull(self, most: int) -> list[Received]:
        """Return at most so many jobs, leased."""
        with self._translated():
            return self._inbox.pull(most)

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these jobs for the lease from now on."""
        self._inbox.extend(ack_ids)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these jobs delivered to others at once."""
        self._inbox.give_back(ack_ids)

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these jobs never delivered again."""
        self._inbox.acknowledge(*ack_ids)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from tileweave.adapters.sqs.clients import is_final

        try:
            yield
        except Unavailable as error:
            if is_final(error.__cause__):
                raise WorkerError(str(error)) from error
            raise


class _ToQueue:
    """Publishes everything to one queue."""

    def __init__(self, publisher: Publisher, queue: str) -> None:
        self._publisher = publisher
        self._queue = queue

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them. Raises Unavailable."""
        self._publisher.publish([replace(each, queue=self._queue) for each in messages])
