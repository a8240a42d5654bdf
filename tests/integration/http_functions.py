"""The functions as they are deployed, over the emulators, with a hand on their messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage
from grpc import insecure_channel

from tileweave import compose, topology
from tileweave.adapters.pubsub import emulated
from tileweave.domain.model import Json
from tileweave_emulators import Running

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted((ROOT / "functions").glob("*/main.py"))
CACHED = (compose.settings, compose.store, compose.publisher, compose.for_calls)
PUSHED_TO = {"results": "results", "dependency-updates": "dependencies"}
AT_ONCE = 1_000


class Functions:
    """All functions, each loaded from its main.py, and what they publish in one project."""

    def __init__(self, project: str, subscriber: SubscriberClient) -> None:
        self._project = project
        self._subscriber = subscriber
        self._numbers = count(1)
        create: Callable[..., Any] = functions_framework.create_app
        self.clients: dict[str, FlaskClient] = {
            each.parent.name: create(each.parent.name, str(each)).test_client()
            for each in FUNCTIONS
        }

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 - JSON
        """Call the function that the path belongs to; return its JSON. It must answer 200."""
        client = self.clients[path.partition("?")[0].split("/")[1] or "dashboard"]
        answer = client.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json if answer.is_json else answer.text

    def push(self, function: str, body: Json, **message: object) -> int:
        """Push a message to a function; return the status it answers."""
        data = base64.b64encode(json.dumps(body).encode()).decode()
        named = {"data": data, "messageId": str(next(self._numbers)), **message}
        return self.clients[function].post("/", json={"message": named}).status_code

    def pull(self, topic: str) -> list[PubsubMessage]:
        """Take all messages that wait on a topic."""
        name = f"projects/{self._project}/subscriptions/{topic}"
        found: list[PubsubMessage] = []
        while received := self._pulled(name):
            self._subscriber.acknowledge(
                subscription=name, ack_ids=[each.ack_id for each in received]
            )
            found += [each.message for each in received]
        return found

    def jobs(self, topic: str) -> list[Json]:
        """Take all jobs that wait on a topic."""
        return [json.loads(each.data) for each in self.pull(topic)]

    def deliver(self, messages: Iterable[PubsubMessage], function: str) -> None:
        """Push messages that were pulled to a function, which must acknowledge them."""
        for each in messages:
            envelope = PubsubMessage.to_dict(each, use_integers_for_enums=False)
            named = {"data": base64.b64encode(each.data).decode(), "messageId": each.message_id}
            assert envelope["attributes"].keys() >= {"type", "aoi", "id", "attempt"}
            body = {"message": {"attributes": envelope["attributes"], **named}}
            assert self.clients[function].post("/", json=body).status_code == 204

    def answer(self, jobs: Iterable[Json], status: str = "DONE") -> None:
        """Answer jobs as a worker does, and propagate what follows."""
        for job in jobs:
            kind = "tile" if "tile_previous" in job else "scene"
            result = {"type": kind, "id": job["id"], "status": status, "message": ""}
            assert self.push("results", result) == 204
        self.deliver(self.pull("dependency-updates"), "dependencies")

    def _pulled(self, name: str) -> list[Any]:
        answer = self._subscriber.pull(
            subscription=name, max_messages=AT_ONCE, return_immediately=True, timeout=30
        )
        return list(answer.received_messages)


@contextmanager
def loaded_functions(
    emulators: Running, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Functions]:
    """Load all functions over the emulators, in a project with its topics."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulators.firestore_host)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulators.pubsub_host)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
    channel = insecure_channel(emulators.pubsub_host)
    subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
    publisher = emulated(emulators.pubsub_host)
    for topic in topology.load().topics.values():
        path = f"projects/{project}/topics/{topic.name}"
        publisher.create_topic(name=path)
        subscriber.create_subscription(
            name=f"projects/{project}/subscriptions/{topic.name}",
            topic=path,
            ack_deadline_seconds=600,
        )
    _forget()
    yield Functions(project, subscriber)
    _forget()
    subscriber.transport.close()
    publisher.transport.close()


def _forget() -> None:
    """Have the next call make its services anew: they are made once a process."""
    for cached in (*CACHED, compose.for_messages):
        cached.cache_clear()
