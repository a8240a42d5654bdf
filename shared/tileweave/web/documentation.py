"""The documentation: the OpenAPI document, and the same as a page.

Made at the first call: no other call needs what they are made of.
"""

from __future__ import annotations

import json
from functools import cache

from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Json
from tileweave.usecases.ports import Services
from tileweave.web.routing import Route

HEADERS = {"Cache-Control": "private, max-age=300", "X-Content-Type-Options": "nosniff"}


def openapi(services: Services, request: Request) -> Response:
    """Answer the OpenAPI document."""
    del services, request
    return Response(json.dumps(_document()), mimetype="application/json", headers=HEADERS)


def docs(services: Services, request: Request) -> Response:
    """Answer the OpenAPI document as a page that loads nothing."""
    del services, request
    from tileweave.web.documentation_page import POLICY  # noqa: PLC0415 - the same

    headers = {**HEADERS, "Content-Security-Policy": POLICY}
    return Response(_page(), mimetype="text/html", headers=headers)


@cache
def _document() -> Json:
    from tileweave.web.openapi import document  # noqa: PLC0415 - it imports all functions' routes

    return document()


@cache
def _page() -> str:
    from tileweave.web.documentation_page import page  # noqa: PLC0415 - see above

    return page(_document())


ROUTES = (
    Route("GET", "/openapi.json", openapi),
    Route("GET", "/docs", docs),
)
