"""The publisher over Pub/Sub: one request for all messages of a topic, no threads, no waiting."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from google.api_core.exceptions import GoogleAPIError
from google.api_core.retry import Retry
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PubsubMessage
from grpc import insecure_channel

from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message, Topic

MOST_MESSAGES = 1_000
MOST_BYTES = 8_000_000
"""What one request may hold (the service takes 1,000 messages and 10 MB)."""

TIMEOUT = 10.0
RETRY = Retry(initial=0.05, maximum=1.0, timeout=TIMEOUT)


class PubSubPublisher:
    """Publishes to the topics of one project; a topic without a name is not published to."""

    def __init__(self, client: PublisherClient, paths: Mapping[Topic, str]) -> None:
        self._client = client
        self._paths = paths

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them, and wait until they are accepted. Raises Unavailable."""
        by_path = defaultdict(list)
        for message in messages:
            if path := self._paths.get(message.topic):
                by_path[path].append(_encoded(message))
        try:
            for path, encoded in by_path.items():
                for some in _requests(encoded):
                    self._client.publish(topic=path, messages=some, retry=RETRY, timeout=TIMEOUT)
        except (GoogleAPIError, ConnectionError) as error:
            # Whatever it is, the decision is made by now: only its publication is to be repeated.
            raise Unavailable(f"{path}: {error}") from error


def _encoded(message: Message) -> PubsubMessage:
    body = json.dumps(message.body, separators=(",", ":"), ensure_ascii=False)
    return PubsubMessage(data=body.encode(), attributes=dict(message.attributes))


def _requests(messages: Sequence[PubsubMessage]) -> Iterator[list[PubsubMessage]]:
    some: list[PubsubMessage] = []
    size = 0
    for message in messages:
        length = len(message.data)
        if some and (len(some) == MOST_MESSAGES or size + length > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(message)
        size += length
    yield some


def emulated(host: str) -> PublisherClient:
    """Return a client of the Pub/Sub emulator at `host` (`127.0.0.1:8085`)."""
    return PublisherClient(transport=PublisherGrpcTransport(channel=insecure_channel(host)))
