"""The pull subscription that jobs are taken from."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import PullRequest, SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

LEASE_SECONDS = 20
"""How long a job stays with a worker that says nothing: then another one gets it."""

WAIT_SECONDS = 5.0
RPC_SECONDS = 10.0
# Proxies of the environment are not for a host of this machine.
_OPTIONS = (("grpc.enable_http_proxy", 0),)


@dataclass(frozen=True, slots=True)
class Received:
    """A message, and the id by which it is acknowledged."""

    ack_id: str
    data: bytes


class Subscription:
    """Takes messages from one pull subscription; `emulator` is the emulator's host, if it is one.

    Every method raises GoogleAPICallError.
    """

    def __init__(self, path: str, emulator: str | None) -> None:
        self.path = path
        self._emulated = bool(emulator)
        self._client = _emulated(emulator) if emulator else SubscriberClient()

    def pull(self, most: int) -> list[Received]:
        """Return at most so many messages, leased; none if there are none for the moment."""
        request = PullRequest(subscription=self.path, max_messages=most)
        # The emulator keeps waiting for a client that was killed, and gives a message to it, which
        # is then lost until its deadline: there, nobody may wait.
        request.return_immediately = self._emulated
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                found = self._client.pull(request=request, timeout=WAIT_SECONDS, retry=None)
            except DeadlineExceeded:
                return []
        received = [Received(each.ack_id, each.message.data) for each in found.received_messages]
        self.extend([each.ack_id for each in received])
        return received

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these messages for LEASE_SECONDS from now on."""
        self._modify(ack_ids, LEASE_SECONDS)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these messages delivered to others at once."""
        self._modify(ack_ids, 0)

    def acknowledge(self, ack_id: str) -> None:
        """Have this message never delivered again."""
        self._client.acknowledge(subscription=self.path, ack_ids=[ack_id], timeout=RPC_SECONDS)

    def _modify(self, ack_ids: Sequence[str], seconds: int) -> None:
        if ack_ids:
            request: dict[str, Any] = {
                "subscription": self.path,
                "ack_ids": list(ack_ids),
                "ack_deadline_seconds": seconds,
            }
            self._client.modify_ack_deadline(request=request, timeout=RPC_SECONDS)


def _emulated(host: str) -> SubscriberClient:
    channel = grpc.insecure_channel(host, options=_OPTIONS)
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
