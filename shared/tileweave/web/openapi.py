"""The OpenAPI document, from the tables of routes and the models of requests and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus

from tileweave import __version__
from tileweave.domain.model import Json
from tileweave.web import aoi, documentation, health, rejected, scene, schemas, tile
from tileweave.web.access import READING
from tileweave.web.openapi_bodies import content, ref
from tileweave.web.openapi_calls import CALLS, Call
from tileweave.web.openapi_parameters import IN_PATH
from tileweave.web.openapi_schemas import component_schemas
from tileweave.web.problems import TITLES
from tileweave.web.routing import MOST_BYTES, Route

TABLES = (
    health.ROUTES,
    documentation.ROUTES,
    aoi.ROUTES,
    scene.ROUTES,
    tile.ROUTES,
    rejected.ROUTES,
)
"""The routes of the functions that people call; messages and the scheduler have their own."""

SAID = f"""Keeps the graph of an ingestion's scenes and tiles, hands out the jobs that are ready,
and lets people watch, retry and fail them. Every GET may be a HEAD. A request holds at most
{MOST_BYTES // 2**20} MB. Where tokens are configured, every call but `GET /` and the health check
needs one: a viewer's to read, an operator's also to write."""

TEXT: Json = {"schema": {"type": "string"}}
HEADERS = {
    401: {"WWW-Authenticate": TEXT},
    503: {"Retry-After": TEXT | {"description": "Seconds."}},
}


def document() -> Json:
    """Return the OpenAPI 3.1 document of all calls that people make."""
    paths: dict[str, Json] = {}
    for route in (each for table in TABLES for each in table):
        paths.setdefault(path_of(route), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tileweave",
            "version": __version__,
            "description": SAID,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("AOIs", "Scenes", "Tiles", "Messages", "Service")],
        "paths": paths,
        "components": {
            "schemas": component_schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def path_of(route: Route) -> str:
    """Return the path of a route as OpenAPI writes it: `/tile/{id}`."""
    return re.sub(r"<(?:int:)?(\w+)>", r"{\1}", route.path).replace("{number}", "{id}")


def _operation(route: Route) -> Json:
    path = path_of(route)
    call = CALLS[f"{route.method} {path}"]
    role = "viewer" if route.method in READING else "operator"
    in_path = IN_PATH | call.path
    body = {"requestBody": {"required": True, "content": call.body}} if call.body else {}
    return {
        "tags": [call.tag],
        "operationId": route.method.lower() + re.sub(r"[/{}]+", "_", path.rstrip("}")),
        "summary": call.summary,
        "parameters": [*(in_path[name] for name in re.findall(r"{(\w+)}", path)), *call.query],
        **body,
        "responses": {str(status): answer for status, answer in sorted(_answers(route, call))},
        "security": [] if route.public else [{"token": [role]}],
    }


def _answers(route: Route, call: Call) -> Iterator[tuple[int, Json]]:
    for status, body in call.answers.items():
        yield (
            status,
            {"description": HTTPStatus(status).phrase, **({"content": body} if body else {})},
        )
    for status in {*call.problems, *_usual(route)}:
        problem = content(ref(schemas.Problem), "application/problem+json")
        more = {"headers": HEADERS[status]} if status in HEADERS else {}
        yield status, {"description": TITLES[status], "content": problem, **more}


def _usual(route: Route) -> Iterator[int]:
    """Return the statuses of the problems that any call of this kind may answer."""
    yield from (413, 500, 503)
    if not route.public:
        yield 401
    if route.method not in READING:
        yield 403
    if "<" in route.path:
        yield 404
