"""Calls on the service itself: whether it is there, and which version."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tileweave import __version__
from tileweave.usecases.ports import Services
from tileweave.web.answers import as_json
from tileweave.web.routing import Route


def health(services: Services, request: Request) -> Response:
    """Answer that the service is there, and its version."""
    del services, request
    return as_json({"status": "ok", "version": __version__})


ROUTES = (
    Route("GET", "/", health, public=True),
    Route("GET", "/health", health, public=True),
)
