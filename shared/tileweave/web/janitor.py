"""The scheduler's call: publish what was committed but never confirmed as published."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from tileweave.usecases.ports import Services
from tileweave.usecases.sweep import sweep as publish_forgotten
from tileweave.web.answers import as_json
from tileweave.web.routing import Route


def sweep(services: Services, request: Request) -> Response:
    """Publish what was forgotten; answers of how many scenes and tiles."""
    del request
    return as_json({"published": publish_forgotten(services)})


ROUTES = (Route("POST", "/", sweep),)
