"""What every publisher promises: the same tests over Pub/Sub and over the one in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from grpc import insecure_channel

from tileweave.adapters.memory import MemoryPublisher
from tileweave.adapters.pubsub import MOST_MESSAGES, PubSubPublisher, emulated
from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Json
from tileweave.usecases.ports import Publisher
from tileweave_emulators import Running

pytestmark = pytest.mark.emulators

Received = list[tuple[Topic, Json, Mapping[str, str]]]
Take = Callable[[int], Received]


@contextmanager
def over_pubsub(running: Running, project: str) -> Iterator[tuple[Publisher, Take]]:
    """A publisher to the emulator, and what subscriptions to its topics receive."""
    channel = insecure_channel(running.pubsub_host)
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    client = emulated(running.pubsub_host)
    paths = {topic: f"projects/{project}/topics/{topic}" for topic in Topic if topic != "events"}
    for topic, path in paths.items():
        client.create_topic(name=path)
        subscriber.create_subscription(name=_subscription(project, topic), topic=path)

    def take(count: int) -> Received:
        received: Received = []
        for topic in paths:
            while len(received) < count and (found := _pulled(subscriber, project, topic)):
                received += found
        return received

    yield PubSubPublisher(client, paths), take
    subscriber.transport.close()
    client.transport.close()


def _subscription(project: str, topic: Topic) -> str:
    return f"projects/{project}/subscriptions/{topic}"


def _pulled(subscriber: SubscriberClient, project: str, topic: Topic) -> Received:
    name = _subscription(project, topic)
    answer = subscriber.pull(
        subscription=name, max_messages=1_000, return_immediately=True, timeout=10
    )
    if answer.received_messages:
        ids = [each.ack_id for each in answer.received_messages]
        subscriber.acknowledge(subscription=name, ack_ids=ids)
    messages = [each.message for each in answer.received_messages]
    return [(topic, json.loads(each.data), dict(each.attributes)) for each in messages]


@pytest.fixture(params=["memory", "pubsub"])
def publishing(request: pytest.FixtureRequest, project: str) -> Iterator[tuple[Publisher, Take]]:
    if request.param == "memory":
        memory = MemoryPublisher()
        yield memory, lambda _: [(m.topic, m.body, dict(m.attributes)) for m in memory.take()]
        return
    with over_pubsub(request.getfixturevalue("emulators"), project) as both:
        yield both


def a_message(topic: Topic = Topic.TILE_JOBS, number: int = 1) -> Message:
    """Return a job for a tile with a name beyond ASCII."""
    return Message(topic, {"id": number, "source_id": "København"}, {"id": str(number)})


@pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated:DeprecationWarning")
def test_each_message_arrives_at_its_topic(publishing: tuple[Publisher, Take]) -> None:
    """With its body and its attributes."""
    publisher, take = publishing
    sent = [a_message(Topic.SCENE_JOBS, 1), a_message(Topic.TILE_JOBS, 2)]
    publisher.publish(sent)
    assert take(2) == [(m.topic, m.body, dict(m.attributes)) for m in sent]


@pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated:DeprecationWarning")
def test_more_messages_than_a_request_takes_arrive(publishing: tuple[Publisher, Take]) -> None:
    """All of them, once."""
    publisher, take = publishing
    count = MOST_MESSAGES + 1
    publisher.publish([a_message(number=number) for number in range(count)])
    assert sorted(body["id"] for _, body, _ in take(count)) == list(range(count))


def test_publishing_nothing_is_nothing(publishing: tuple[Publisher, Take]) -> None:
    """No message, no request."""
    publisher, take = publishing
    publisher.publish([])
    assert take(0) == []


def test_a_topic_without_a_name_is_not_published_to(emulators: Running) -> None:
    """Events go only where they are configured."""
    client = emulated(emulators.pubsub_host)
    PubSubPublisher(client, {}).publish([a_message(Topic.EVENTS)])
    client.transport.close()


def test_a_topic_that_is_gone_makes_the_publisher_unavailable(
    emulators: Running, project: str
) -> None:
    """A decision that is made must not be made again for it, as it is for a Conflict."""
    client = emulated(emulators.pubsub_host)
    gone = PubSubPublisher(client, {Topic.RESULTS: f"projects/{project}/topics/results"})
    with pytest.raises(Unavailable):
        gone.publish([a_message(Topic.RESULTS)])
    client.transport.close()


def test_a_publisher_that_is_not_answered_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is told to be delivered again, or the janitor to look after it."""
    monkeypatch.setattr("tileweave.adapters.pubsub.TIMEOUT", 0.3)
    monkeypatch.setattr("tileweave.adapters.pubsub.RETRY", None)
    client = emulated("127.0.0.1:1")
    with pytest.raises(Unavailable):
        PubSubPublisher(client, {Topic.RESULTS: "projects/p/topics/results"}).publish(
            [a_message(Topic.RESULTS)]
        )
    client.transport.close()
