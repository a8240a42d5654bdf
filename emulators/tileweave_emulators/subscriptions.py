"""A subscription of the shared topology, as Pub/Sub's API takes it."""

from collections.abc import Mapping

from google.pubsub_v1 import types as pubsub

from tileweave.topology import Subscription, Topology
from tileweave_emulators.errors import ProvisionFailed


def described_subscription(
    topology: Topology, key: str, project: str, endpoints: Mapping[str, str]
) -> pubsub.Subscription:
    """Return the subscription with this key as it is to be; `endpoints` are functions' URLs.

    Raises:
        ProvisionFailed: it is pushed to a function that has no endpoint.
    """
    described, name = topology.subscriptions[key], topology.topic_name(key)
    return pubsub.Subscription(
        name=f"projects/{project}/subscriptions/{name}",
        topic=f"projects/{project}/topics/{name}",
        push_config=_push(described, endpoints),
        ack_deadline_seconds=described.ack_deadline_seconds,
        message_retention_duration=topology.retention,
        expiration_policy=pubsub.ExpirationPolicy(),  # without a time to live: never
        retry_policy=_retry(described),
        dead_letter_policy=_dead_letter(described, topology, project),
    )


def _push(described: Subscription, endpoints: Mapping[str, str]) -> pubsub.PushConfig:
    if described.push_function is None:
        return pubsub.PushConfig()
    try:
        return pubsub.PushConfig(push_endpoint=endpoints[described.push_function])
    except KeyError as error:
        raise ProvisionFailed(f"no endpoint for the function {described.push_function}") from error


def _retry(described: Subscription) -> pubsub.RetryPolicy | None:
    if (policy := described.retry_policy) is None:
        return None
    return pubsub.RetryPolicy(
        minimum_backoff=policy.minimum_backoff, maximum_backoff=policy.maximum_backoff
    )


def _dead_letter(
    described: Subscription, topology: Topology, project: str
) -> pubsub.DeadLetterPolicy | None:
    if (policy := described.dead_letter_policy) is None:
        return None
    return pubsub.DeadLetterPolicy(
        dead_letter_topic=f"projects/{project}/topics/{topology.topic_name(policy.topic)}",
        max_delivery_attempts=policy.max_delivery_attempts,
    )
