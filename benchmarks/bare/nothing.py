"""A bare function that imports no client."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response


def first(request: Request) -> Response:
    """Answer."""
    del request
    return Response("ok")
