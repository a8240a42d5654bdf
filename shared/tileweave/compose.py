"""The composition root: which store and publisher a function works with.

Nothing connects when this is imported; the first call that needs a client makes it.
"""

from __future__ import annotations

import gc
import os
from functools import cache
from typing import TYPE_CHECKING

from tileweave.adapters.targets import TargetedPublisher
from tileweave.domain.ingestion import NewTile
from tileweave.domain.messages import Topic
from tileweave.domain.queues import AllowedQueues
from tileweave.settings import Settings
from tileweave.usecases.ports import Services
from tileweave.web.access import Access, Role, tokens_of
from tileweave.web.cors import Cors, cors_of

if TYPE_CHECKING:
    from tileweave.adapters.firestore.store import FirestoreStore
    from tileweave.adapters.places import AllowedPlaces
    from tileweave.adapters.pubsub import PubSubPublisher
    from tileweave.adapters.pull import Subscription
    from tileweave.adapters.sqs.clients import Clients
    from tileweave.adapters.sqs.inbox import Inbox
    from tileweave.adapters.sqs.publisher import SqsPublisher

RESULTS_LEASE_SECONDS = 60
"""How soon results come again that were taken from a queue by a process that died."""

MANY_OBJECTS = (50_000, 20, 20)
"""New objects, and collections of the younger ones, after which cycles are looked for."""


@cache
def for_calls() -> Services:
    """Return the services of a function that answers people: a failed publication is deferred."""
    return Services(
        store(),
        _publisher(),
        defers_publishing=True,
        events=_tells_events(),
        queues=_queues(),
        places=places(),
        products=_Products(),
    )


@cache
def for_messages() -> Services:
    """Return the services of a function that takes messages: a failure has them redelivered."""
    return Services(store(), _publisher(), events=_tells_events(), queues=_queues())


@cache
def for_nothing() -> Services:
    """Return services without a client, for a function whose answers are the same for all."""
    from tileweave.adapters.memory import MemoryPublisher, MemoryStore

    return Services(MemoryStore(), MemoryPublisher())


def _tells_events() -> bool:
    """Whether the topic of events is configured; where it is not, no document waits for it."""
    return Topic.EVENTS in settings().topic_paths


@cache
def access() -> Access:
    """Return who may call. Raises ValueError where a token cannot be read; nobody may then."""
    viewers = settings().viewer_tokens
    operators = settings().operator_tokens
    return Access((*tokens_of(Role.VIEWER, viewers), *tokens_of(Role.OPERATOR, operators)))


@cache
def cors() -> Cors:
    """Return which origins' pages may call. Raises ValueError where one is no origin."""
    return cors_of(settings().cors_origins)


@cache
def places() -> AllowedPlaces:
    """Return the files that may be read and written; their clients are made when one is asked for.

    Raises ValueError: TILEWEAVE_PLACES holds what is no place. A function calls this at its start.
    """
    from tileweave.adapters.places import AllowedPlaces

    return AllowedPlaces.of(settings().places)


class _Products:
    """Products whose reader, of XML and archives, is imported by the first that is read."""

    def tiles(self, href: str) -> list[NewTile]:
        """Return a tile for each burst, from the annotation."""
        from tileweave.adapters.sentinel1 import Sentinel1Products

        return Sentinel1Products(places()).tiles(href)


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings.of(os.environ)


@cache
def store() -> FirestoreStore:
    """Return the store, over the emulator where FIRESTORE_EMULATOR_HOST is set."""
    from tileweave.adapters.firestore.channel import SingleThreadedClient
    from tileweave.adapters.firestore.store import FirestoreStore

    # Documents are in no cycles: looking for some in all of them takes a tenth of a bulk ingest.
    gc.set_threshold(*MANY_OBJECTS)
    return FirestoreStore(SingleThreadedClient(project=settings().project))


def _publisher() -> TargetedPublisher:
    """Return what publishes to topics and queues; most calls never do."""
    return TargetedPublisher(publisher, queue_publisher)


def _queues() -> AllowedQueues:
    """Return the queues that jobs may go to."""
    return AllowedQueues.of(settings().queues)


@cache
def publisher() -> PubSubPublisher:
    """Return the publisher, over the emulator where PUBSUB_EMULATOR_HOST is set."""
    from google.pubsub_v1.services.publisher import PublisherClient

    from tileweave.adapters.pubsub import PubSubPublisher, emulated

    host = os.environ.get("PUBSUB_EMULATOR_HOST")
    client = emulated(host) if host else PublisherClient()
    return PubSubPublisher(client, settings().topic_paths)


@cache
def queue_publisher() -> SqsPublisher:
    """Return the publisher to queues on AWS, to no others than those that are configured."""
    from tileweave.adapters.sqs.publisher import SqsPublisher

    return SqsPublisher(_clients(), _queues().allows, settings().queue_bytes)


@cache
def results_inbox() -> Inbox | None:
    """Return the queue that results are taken from; None if none is configured."""
    if not settings().results_queue:
        return None
    from tileweave.adapters.sqs.inbox import Inbox

    return Inbox(_clients(), settings().results_queue, RESULTS_LEASE_SECONDS)


@cache
def _clients() -> Clients:
    from tileweave.adapters.sqs.clients import Clients

    return Clients()


def subscription(topic: Topic) -> Subscription:
    """Return the pull subscription of a topic. Raises ValueError: a variable misnames it."""
    from tileweave import topology
    from tileweave.adapters.pull import Subscription

    name = topology.load().named(os.environ).topic_name(topic)
    path = f"projects/{settings().project}/subscriptions/{name}"
    return Subscription(path, os.environ.get("PUBSUB_EMULATOR_HOST"))
