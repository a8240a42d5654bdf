"""Every call as the OpenAPI document describes it, with generated requests: no answer differs.

The functions run in this process, over a store in memory that holds Denmark in every status.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from werkzeug.wrappers import Request, Response

import tests.ndjson  # noqa: F401 - registers how lines are written
from tests.unit.web.api import AREA, Api, a_request, problem_of
from tileweave.domain.identity import AOI_NAME, LARGEST_ID
from tileweave.domain.model import Json
from tileweave.web import aoi, documentation, health, rejected, scene, tile
from tileweave.web.bulk import NDJSON
from tileweave.web.routing import http_function

EXAMPLES = 40


def mostly(value: object) -> bool:
    """Return a choice that is the same for the same value: yes, four times out of five."""
    return crc32(repr(value).encode()) % 5 != 0


class World:
    """All functions that people call, over a store that is filled again when it is asked to be."""

    def __init__(self) -> None:
        self.fill()
        by_name = {"aoi": aoi.ROUTES, "scene": scene.ROUTES, "tile": tile.ROUTES}
        by_name["rejected"] = rejected.ROUTES
        by_name["rest"] = (*health.ROUTES, *documentation.ROUTES)
        self._functions: dict[str, Callable[[Request], Response]] = {
            name: http_function(routes, lambda: self.api.services)
            for name, routes in by_name.items()
        }

    def fill(self) -> None:
        """Have Denmark anew: a scene that runs, one to retry, one done with tiles in all states."""
        self.api = Api().with_area()
        _, waiting, done = self.scenes = self.api.with_denmark()
        self.tiles = [each["ID"] for number in self.scenes for each in self.api.tiles(number)]
        to_retry, failed, *_ = [each["ID"] for each in self.api.tiles(done)]
        for path in (
            f"/scene/{waiting}/force/retry",
            f"/scene/{done}/force/done",
            f"/tile/{to_retry}/force/retry",
            f"/tile/{failed}/force/failed",
        ):
            assert self.api.put(path).status_code == 200
        for number, body in enumerate(({}, {"type": "scene", "id": 7, "status": "DONE"})):
            self.api.push(self.api.results, body, messageId=f"m-{number}")
        self.rejected = [each["id"] for each in self.api.get("/rejected").json["rejected"]]

    def answer(self, request: Request) -> Response:
        """Answer by the function that the path belongs to."""
        name = request.path.split("/")[1]
        return self._functions.get(name, self._functions["rest"])(request)

    def existing(self, path: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Replace most names and ids that could exist by one that does."""
        if self.api.get(f"/aoi/{AREA}").status_code != 200:
            self.fill()
        number, name = variables.get("id"), variables.get("aoi")
        if isinstance(number, int) and 1 <= number <= LARGEST_ID and mostly(number):
            numbers = self.tiles if path.startswith("/tile") else self.scenes
            return {**variables, "id": numbers[number % len(numbers)]}
        if isinstance(name, str) and AOI_NAME.fullmatch(name) and mostly(name):
            return {**variables, "aoi": AREA}
        if isinstance(id_ := variables.get("id_"), str) and mostly(id_):
            return {**variables, "id_": self.rejected[len(id_) % len(self.rejected)]}
        return variables


load_all_checks()
UNTOLD = {
    "positive_data_acceptance": "what is valid JSON may still be no date, no polygon, no chain",
}
"""Checks that ask for more than a schema can tell, and why."""

PARTLY = ("/aoi/{aoi}/scenes",)
"""Where a scene that is wrong is an outcome among others, not an error of the whole request."""


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: Json) -> None:  # noqa: ANN401 - its own
    """Leave the tokens to test_openapi.py: these functions have none configured."""
    for calls in raw_schema["paths"].values():
        for call in calls.values():
            del call["security"]


WORLD = World()
API = schemathesis.openapi.from_wsgi("/openapi.json", Request.application(WORLD.answer))


@API.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Aim at what exists."""
    return path_parameters and WORLD.existing(context.operation.path, path_parameters)


@API.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:  # noqa: ANN401
    """Leave out most texts that are no cursor, and have most be dates where those are asked for."""
    texts = {name: value for name, value in (query or {}).items() if isinstance(value, str)}
    aimed = {name for name in texts.keys() & {"cursor", "from", "to"} if mostly(texts[name])}
    dates = dict.fromkeys(aimed - {"cursor"}, "2022-01-23")
    kept = {name: value for name, value in (query or {}).items() if name not in aimed}
    return query and kept | dates


@API.hook
def map_body(context: Any, body: Any) -> Any:  # noqa: ANN401 - JSON
    """Have most scenes name the AOI that most paths name."""
    name = body.get("aoi") if isinstance(body, dict) else None
    return {**body, "aoi": AREA} if isinstance(name, str) and mostly(name) else body


@pytest.fixture(autouse=True)
def filled() -> None:
    """Each call begins with the same Denmark."""
    WORLD.fill()


@API.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_call_answers_what_is_not_documented(case: schemathesis.Case[Any]) -> None:
    """No other status, no other content, no crash, and no answer without a token."""
    names = [*UNTOLD, *(["negative_data_rejection"] if case.operation.path in PARTLY else [])]
    excluded: list[Any] = [CHECKS.get_one(name) for name in names]
    case.call_and_validate(excluded_checks=excluded)


# --- what reading after the search found, beside it ---


def a_line(**data: object) -> str:
    """Return a scene as a line of NDJSON, with what JSON does not allow left as it is."""
    return json.dumps(a_request(data={"date": "2022-01-11T17:01:24Z", **data}))


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("[" * 100_000, 400),
        (a_line(value=float("nan")), 400),
        (a_line(value=float("inf")), 400),
        (a_line(value="\ud800"), 422),
        ('"\xff"', 400),
    ],
)
def test_a_line_is_read_as_strictly_as_a_whole_request(line: str, status: int) -> None:
    """Or it would be kept, and no list that holds it could be answered any more."""
    path = f"/aoi/{AREA}/scenes"
    body = line.encode("latin-1")
    problem = problem_of(WORLD.api.post(path, data=body, content_type=NDJSON[0]), status)
    assert status == 422 or problem["detail"].startswith("Line 1")
    assert WORLD.api.get(path).status_code == 200


def test_slashes_that_are_too_many_lead_nowhere() -> None:
    """Not to a redirection, which would be no problem and name no target."""
    problem_of(WORLD.api.get("//"), 404)
