"""A Firestore client whose streams are read in the calling thread.

gRPC hands each message of a stream from one thread to another, and documents come a message each:
that takes longer than to read them (docs/performance.md). So a channel is made with an option that
the client does not offer.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from grpc.experimental import ChannelOptions

_OPTIONS: list[tuple[str, Any]] = [
    (ChannelOptions.SingleThreadedUnaryStream, 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),
]


class SingleThreadedClient(Client):
    """The official client, over a channel of our own."""

    def _firestore_api_helper(self, *_: object) -> FirestoreClient:
        """Return the client of the API, made when it is first asked for."""
        if self._firestore_api_internal is None:
            transport = FirestoreGrpcTransport(host=self._target, channel=self._channel())
            self._transport = transport
            self._firestore_api_internal = FirestoreClient(transport=transport)
        api: FirestoreClient = self._firestore_api_internal
        return api

    def _channel(self) -> grpc.Channel:
        if self._emulator_host is not None:
            return grpc.insecure_channel(self._emulator_host, options=_OPTIONS)
        # Proxies of the environment are for the service, not for a host of this machine.
        options = [each for each in _OPTIONS if each[0] != "grpc.enable_http_proxy"]
        return FirestoreGrpcTransport.create_channel(
            self._target, credentials=self._credentials, options=options
        )
