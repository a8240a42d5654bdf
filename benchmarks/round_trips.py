"""How often an answer waits for the store: calls over the client's channel, counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import grpc
from google.cloud.firestore import Client
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from werkzeug.wrappers import Request

from tileweave import compose
from tileweave.adapters.firestore.store import FirestoreStore
from tileweave.adapters.memory import MemoryPublisher
from tileweave.usecases.ports import Services
from tileweave.web import aoi, scene, tile
from tileweave.web.routing import http_function


class _Counter(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """Counts calls, whatever they answer."""

    def __init__(self) -> None:
        self.calls = 0

    def intercept_unary_unary(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - as grpc has it
        """Count a call with one answer."""
        self.calls += 1
        return go_on(details, request)

    def intercept_unary_stream(self, go_on: Callable[..., Any], details: Any, request: Any) -> Any:  # noqa: ANN401 - as grpc has it
        """Count a call with a stream of answers."""
        self.calls += 1
        return go_on(details, request)


def round_trips(path: str) -> int:
    """Return how many calls the answer to a GET takes."""
    counter = _Counter()
    client = _counted(counter)
    services = Services(FirestoreStore(client), MemoryPublisher())
    answer = http_function((*aoi.ROUTES, *scene.ROUTES, *tile.ROUTES), lambda: services)
    response = answer(Request.from_values(path))
    response.get_data()
    client.close()
    if not response.status_code == 200:  # noqa: PLR2004 - all is well
        raise RuntimeError(f"{path} answered {response.status}")
    return counter.calls


def _counted(counter: _Counter) -> Client:
    """Return a client of the emulator whose calls are counted."""
    channel = grpc.insecure_channel(os.environ["FIRESTORE_EMULATOR_HOST"])
    transport = FirestoreGrpcTransport(channel=grpc.intercept_channel(channel, counter))
    client = Client(project=compose.settings().project)
    client._firestore_api_internal = FirestoreClient(transport=transport)  # noqa: SLF001 - no other way
    return client
