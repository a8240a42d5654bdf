"""Making topics and subscriptions in the Pub/Sub emulator, as the shared topology describes them.

All but one thing of it: the retry policies are left out unless asked for. The emulator (0.8.20)
accepts one, and then loses what it should retry: of 20 messages that were refused for 6 s, none
came back in 150 s (0.1 s to 10 s; other backoffs are no better). Without one it pushes each again
every second, and all came back within a second. The service itself gets the policies.

Apart from the rest of the package: Google's client takes more than a second to import.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypedDict

import grpc
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import types as pubsub
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tileweave.topology import Topology
from tileweave_emulators.errors import ProvisionFailed
from tileweave_emulators.subscriptions import described_subscription


class _Options(TypedDict):
    retry: None
    timeout: float


# Proxies of the environment are not for a host of this machine.
_CHANNEL_OPTIONS = (("grpc.enable_http_proxy", 0),)

# All that can differ in one that exists, but its expiration, which the emulator refuses to change.
_MUTABLE = (
    "push_config",
    "ack_deadline_seconds",
    "message_retention_duration",
    "retry_policy",
    "dead_letter_policy",
)

# The client's own retries would go on asking a host that is not there.
_ONCE: _Options = {"retry": None, "timeout": 30.0}


@dataclass(frozen=True)
class Provisioned:
    """The subscriptions, by name, and what was done to each."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class _Clients:
    publisher: PublisherClient
    subscriber: SubscriberClient


def provision(
    topology: Topology,
    project: str,
    pubsub_host: str,
    endpoints: Mapping[str, str],
    *,
    retry_policies: bool = False,
) -> Provisioned:
    """Make every topic and subscription, and bring those that exist to what is described.

    `endpoints` maps the name of each function that gets pushes to its URL. `retry_policies` are
    for an emulator that is known to keep them.

    Raises:
        ProvisionFailed: a function has no endpoint, or the emulator refused, or did not answer.
    """
    if not retry_policies:
        topology = topology.without_retry_policies()
    wanted = [
        described_subscription(topology, key, project, endpoints) for key in topology.subscriptions
    ]
    try:
        with _connected(pubsub_host) as clients:
            for topic in topology.topics.values():
                _make_topic(clients.publisher, f"projects/{project}/topics/{topic.name}")
            return _made(clients.subscriber, wanted)
    except GoogleAPICallError as error:
        raise ProvisionFailed(f"the Pub/Sub emulator at {pubsub_host}: {error}") from error


def _made(subscriber: SubscriberClient, wanted: list[pubsub.Subscription]) -> Provisioned:
    done: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
    for subscription in wanted:
        done[_make_subscription(subscriber, subscription)].append(subscription.name.split("/")[-1])
    return Provisioned(**{how: tuple(names) for how, names in done.items()})


def _make_topic(publisher: PublisherClient, name: str) -> None:
    try:
        publisher.create_topic(name=name, **_ONCE)
    except AlreadyExists:
        return


def _make_subscription(subscriber: SubscriberClient, wanted: pubsub.Subscription) -> str:
    try:
        subscriber.create_subscription(request=wanted, **_ONCE)
    except AlreadyExists:
        return _bring_to(subscriber, wanted)
    return "created"


def _bring_to(subscriber: SubscriberClient, wanted: pubsub.Subscription) -> str:
    existing = subscriber.get_subscription(subscription=wanted.name, **_ONCE)
    if existing.topic != wanted.topic:
        # Its topic was deleted, or is another one: that cannot be changed, and nothing comes of it.
        subscriber.delete_subscription(subscription=wanted.name, **_ONCE)
        subscriber.create_subscription(request=wanted, **_ONCE)
        return "updated"
    differ = [path for path in _MUTABLE if getattr(existing, path) != getattr(wanted, path)]
    if not differ:
        return "unchanged"
    subscriber.update_subscription(
        request={"subscription": wanted, "update_mask": {"paths": differ}}, **_ONCE
    )
    return "updated"


@contextmanager
def _connected(host: str) -> Iterator[_Clients]:
    with closing(grpc.insecure_channel(host, options=_CHANNEL_OPTIONS)) as channel:
        yield _Clients(
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
        )
