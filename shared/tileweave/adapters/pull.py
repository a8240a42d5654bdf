"""A pull subscription: messages are taken many at a time, and acknowledged or given back."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import grpc
from google.api_core.exceptions import (
    DeadlineExceeded,
    FailedPrecondition,
    GoogleAPICallError,
    NotFound,
    PermissionDenied,
    RetryError,
)
from google.pubsub_v1 import PullRequest, SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import ReceivedMessage

from tileweave.usecases.received import Received

LEASE_SECONDS = 20
"""How long a message stays with a process that says nothing: then another one gets it."""

WAIT_SECONDS = 5.0
RPC_SECONDS = 10.0

MOST_IDS = 1_000
"""Messages of one request (the service takes 512 KiB)."""

FAILURES = (GoogleAPICallError, RetryError)
"""What every method raises."""

FINAL = (NotFound, PermissionDenied, FailedPrecondition)
"""Of these, what no repetition mends: it is not there, not for us, or pushed."""

# Proxies of the environment are not for a host of this machine.
_OPTIONS = (("grpc.enable_http_proxy", 0),)


class Subscription:
    """Takes messages from one pull subscription; `emulator` is the emulator's host, if it is one.

    Every method raises one of FAILURES.
    """

    def __init__(self, path: str, emulator: str | None) -> None:
        self.path = path
        self.waits = not emulator
        """Whether `pull` waits for a first message; the emulator is to be asked again."""
        self._client = _emulated(emulator) if emulator else SubscriberClient()

    def pull(self, most: int, *, leased: bool = True) -> list[Received]:
        """Return at most so many messages; none if there are none for the moment.

        They are leased, unless that is done later by `extend`: until then they have the deadline of
        the subscription.
        """
        request = PullRequest(subscription=self.path, max_messages=most)
        # The emulator keeps waiting for a client that was killed, and gives a message to it, which
        # is then lost until its deadline: there, nobody may wait.
        request.return_immediately = not self.waits
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                found = self._client.pull(request=request, timeout=WAIT_SECONDS, retry=None)
            except DeadlineExceeded:
                return []
        received = [_received(each) for each in found.received_messages]
        if leased:
            self.extend([each.ack_id for each in received])
        return received

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these messages for LEASE_SECONDS from now on."""
        self._modify(ack_ids, LEASE_SECONDS)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these messages delivered to others at once."""
        self._modify(ack_ids, 0)

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these messages never delivered again."""
        for some in _pieces(ack_ids):
            self._client.acknowledge(subscription=self.path, ack_ids=some, timeout=RPC_SECONDS)

    def take_over(self) -> None:
        """Have messages pulled, and come again LEASE_SECONDS after a process took them and died."""
        pulled = {"name": self.path, "ack_deadline_seconds": LEASE_SECONDS}
        mask = {"paths": ["push_config", "ack_deadline_seconds"]}
        request: dict[str, Any] = {"subscription": pulled, "update_mask": mask}
        self._client.update_subscription(request=request, timeout=RPC_SECONDS)

    @property
    def pushes_to(self) -> str:
        """The address that messages are pushed to; empty if they are pulled."""
        found = self._client.get_subscription(subscription=self.path, timeout=RPC_SECONDS)
        endpoint: str = found.push_config.push_endpoint
        return endpoint

    def _modify(self, ack_ids: Sequence[str], seconds: int) -> None:
        for some in _pieces(ack_ids):
            request: dict[str, Any] = {
                "subscription": self.path,
                "ack_ids": some,
                "ack_deadline_seconds": seconds,
            }
            self._client.modify_ack_deadline(request=request, timeout=RPC_SECONDS)


def _received(message: ReceivedMessage) -> Received:
    content = message.message
    attributes = dict(content.attributes)
    published = cast("datetime", content.publish_time)  # what the client makes of a Timestamp
    return Received(
        message.ack_id,
        content.data,
        content.message_id,
        published,
        attributes,
        again=message.delivery_attempt > 1,
    )


def _pieces(ack_ids: Sequence[str]) -> Iterator[list[str]]:
    return (list(ack_ids[at : at + MOST_IDS]) for at in range(0, len(ack_ids), MOST_IDS))


def _emulated(host: str) -> SubscriberClient:
    channel = grpc.insecure_channel(host, options=_OPTIONS)
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
