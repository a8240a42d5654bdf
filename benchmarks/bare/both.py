"""A bare function that imports both clients, and makes a call with each."""

from __future__ import annotations

import os

from google.cloud.firestore import Client
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PubsubMessage
from grpc import insecure_channel
from werkzeug.wrappers import Request, Response

TOPIC = "events"


def first(request: Request) -> Response:
    """Read a document that is not there, and publish a message."""
    del request
    channel = insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"])
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    topic = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/topics/{TOPIC}"
    found = Client().document("aois/none").get()
    publisher.publish(topic=topic, messages=[PubsubMessage(data=b"{}")])
    return Response(str(found.exists))
