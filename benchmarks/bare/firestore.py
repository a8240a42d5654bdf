"""A bare function that imports the Firestore client, and makes one call with it."""

from __future__ import annotations

from google.cloud.firestore import Client
from werkzeug.wrappers import Request, Response


def first(request: Request) -> Response:
    """Read a document that is not there."""
    del request
    return Response(str(Client().document("aois/none").get().exists))
