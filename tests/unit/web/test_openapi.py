"""The OpenAPI document says what the functions do, and the page says the same."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import Client

from tests.unit.web.api import AREA, Api, a_client, a_feature, a_request, denmark, problem_of
from tileweave import __version__, compose
from tileweave.cli.gateway import function_for
from tileweave.domain.model import Json
from tileweave.web import documentation, health
from tileweave.web.access import Access, Role, tokens_of
from tileweave.web.documentation_page import page
from tileweave.web.openapi import TABLES, document, path_of
from tileweave.web.openapi_calls import CALLS
from tileweave.web.routing import http_function

FUNCTIONS = Path(__file__).parents[3] / "functions"
ROUTES = (*health.ROUTES, *documentation.ROUTES)
EVERY_CALL = [f"{each.method} {path_of(each)}" for table in TABLES for each in table]
API = document()


def called(path: str) -> str:
    """Return a path with something in place of its variables."""
    return re.sub(r"{(\w+)}", lambda found: "7" if found[1] == "id" else "DONE", path)


@pytest.fixture
def dashboard(api: Api) -> Client:
    """The function that serves the documentation."""
    return a_client(http_function(ROUTES, lambda: api.services))


def test_the_document_is_valid_openapi(dashboard: Client) -> None:
    """By the meta-schema of version 3.1, references and operation ids included."""
    answer = dashboard.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: Json = answer.json  # type: ignore[assignment]
    assert list(OpenAPIV31SpecValidator(found).iter_errors()) == []
    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", __version__)


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    """Neither may be forgotten when the other changes."""
    documented = {
        f"{method.upper()} {path}" for path, calls in API["paths"].items() for method in calls
    }
    assert documented == set(EVERY_CALL) == set(CALLS)


@pytest.fixture
def serve(api: Api, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Load a function's main.py as it is deployed, with an operator's token."""
    access = Access(tokens_of(Role.OPERATOR, "operator-1"))
    monkeypatch.setattr(compose, "for_calls", lambda: api.services)
    monkeypatch.setattr(compose, "access", lambda: access)
    create: Callable[..., Any] = functions_framework.create_app
    return lambda name: create(name, str(FUNCTIONS / name / "main.py")).test_client()


@pytest.mark.parametrize("call", EVERY_CALL)
def test_every_call_is_answered_by_a_function(serve: Callable[[str], Any], call: str) -> None:
    """Under its path: by the function that the first part of it names."""
    method, path = call.split()
    client = serve(function_for(path))
    headers = {"Authorization": "Bearer operator-1"}
    answer = client.open(called(path), method=method, headers=headers)
    assert "There is nothing at" not in answer.text
    assert answer.status_code != 405


@pytest.mark.parametrize("call", EVERY_CALL)
def test_what_needs_a_token_is_documented_to(serve: Callable[[str], Any], call: str) -> None:
    """All but the service's own state."""
    method, path = call.split()
    client = serve(function_for(path))
    documented = API["paths"][path][method.lower()]
    answer = client.open(called(path), method=method)
    if path in ("/", "/health"):
        assert (answer.status_code, documented["security"]) == (200, [])
        return
    problem_of(answer, 401)
    role = "viewer" if method == "GET" else "operator"
    assert documented["security"] == [{"token": [role]}]
    assert {"401", *(["403"] if role == "operator" else [])} <= documented["responses"].keys()


def test_a_problem_is_described_wherever_it_may_come() -> None:
    """With its schema, and the headers that belong to it."""
    answers = [
        (status, answer)
        for calls in API["paths"].values()
        for call in calls.values()
        for status, answer in call["responses"].items()
        if status >= "400"
    ]
    assert len(answers) > 100
    for status, answer in answers:
        [(mimetype, body)] = answer["content"].items()
        assert mimetype == "application/problem+json"
        assert body["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert ("Retry-After" in answer.get("headers", {})) == (status == "503")
        assert ("WWW-Authenticate" in answer.get("headers", {})) == (status == "401")


REQUESTS: list[tuple[str, Json]] = [
    ("SceneRequest", a_request()),
    ("SceneRequest", {("SourceID" if k == "source_id" else k): v for k, v in a_request().items()}),
    *(("FeatureIn", each) for each in denmark()),
    *(("FeatureIn", each) for each in denmark("scenes")),
    ("SceneRequest", a_request(tags=None, tiles={"A": {"data": None}})),
    ("SceneRequest", a_request(Tags=None)),
    ("FeatureIn", a_feature(aoi=None, retry_countdown="many", Tiles=None, Tags=None)),
]


@pytest.mark.parametrize(("name", "body"), REQUESTS)
def test_requests_fit_their_schema(name: str, body: Json) -> None:
    """In every spelling, and those of the monitoring document."""
    assert list(errors_of(name, body)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"unknown": 1},
        {"retry_count": -1},
        {"data": {"date": 3}},
        {"data": {}},
        {"tiles": {"A": {"anx_time": "x"}}},
        {"source_id": ""},
        {"aoi": None},
        {"data": {"date": "2022-01-11T17:01:24Z", "tiles": [1]}},
    ],
)
def test_a_wrong_request_does_not_fit_the_schema(wrong: Json) -> None:
    """What is refused for its form can be seen to be wrong before it is sent."""
    assert list(errors_of("SceneRequest", {**a_request(), **wrong}))


def test_what_a_request_must_hold_is_required() -> None:
    """A Feature's AOI is not; nor has it a geometry among its properties."""
    request, feature = a_request(), a_feature(geometry={"type": "Polygon"})
    del request["aoi"]
    assert list(errors_of("SceneRequest", request))
    assert list(errors_of("FeatureIn", feature))
    assert not list(errors_of("FeatureIn", a_feature()))


def test_a_problem_that_says_it_was_not_carried_out_fits_its_schema() -> None:
    """And only the calls that may answer 409 are said to."""
    problem = API["components"]["schemas"]["Problem"]["properties"]
    assert problem["carried_out"]["type"] == "boolean"
    paths = API["paths"]
    assert "409" not in paths["/aoi/{aoi}/scenes"]["post"]["responses"]
    assert "409" not in paths["/scene/{id}/data"]["put"]["responses"]
    assert "409" in paths["/aoi/{aoi}/scene"]["post"]["responses"]


def errors_of(name: str, body: Json) -> Iterator[Any]:
    """Return what a schema of the document says is wrong with a body."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": API["components"]}
    yield from Draft202012Validator(schema).iter_errors(body)


# --- the page ---


class Tags(HTMLParser):
    """Collects the tags of a page, and what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.references: set[str] = set()
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name in ("href", "src", "action"):
                self.references.add(value or "")
            if name == "id":
                self.ids.append(value or "")


def test_the_page_shows_every_call_and_schema(dashboard: Client) -> None:
    """Each link leads to something on it."""
    answer = dashboard.get("/docs")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    tags = Tags(answer.text)
    for calls in API["paths"].values():
        assert {call["operationId"] for call in calls.values()} <= set(tags.ids)
    assert {f"schema-{name}" for name in API["components"]["schemas"]} <= set(tags.ids)
    assert len(tags.ids) == len(set(tags.ids))
    within = {each[1:] for each in tags.references if each.startswith("#")}
    assert within <= set(tags.ids)
    assert {each for each in tags.references if not each.startswith("#")} == {"openapi.json"}


def test_the_page_loads_nothing(dashboard: Client) -> None:
    """No script, no image, no style of elsewhere; and a browser is told to hold it to that."""
    answer = dashboard.get("/docs")
    loading = {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not Tags(answer.text).names & loading
    assert "url(" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_page_escapes_everything() -> None:
    """Whatever the document holds."""
    bad = "<script>alert(`1`)</script>\"'&"
    found: Json = {
        "openapi": bad,
        "info": {"title": bad, "version": bad, "description": bad},
        "tags": [{"name": bad}],
        "paths": {
            bad: {
                bad: {
                    "tags": [bad],
                    "operationId": bad,
                    "summary": bad,
                    "security": [{"token": [bad]}],
                    "parameters": [
                        {
                            "name": bad,
                            "in": bad,
                            "description": bad,
                            "schema": {"enum": [bad], "default": bad},
                        }
                    ],
                    "requestBody": {
                        "content": {bad: {"schema": {"const": bad}, "example": {bad: bad}}}
                    },
                    "responses": {bad: {"description": bad}},
                }
            }
        },
        "components": {
            "schemas": {bad: {"description": bad, "properties": {bad: {"$ref": f"#/{bad}"}}}}
        },
    }
    tags = Tags(page(found))
    assert "script" not in tags.names
    assert bad in tags.ids


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_the_documentation_is_kept_by_the_browser_only(dashboard: Client, path: str) -> None:
    """It may need a token."""
    answer = dashboard.get(path)
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    assert answer.get_data() == dashboard.get(path).get_data()


def test_only_the_documentation_needs_what_it_is_made_of() -> None:
    """Functions start without it, the dashboard too: it is made when it is asked for."""
    check = f"""
import importlib.util, sys
for name in ("aoi", "scene", "tile", "dashboard"):
    spec = importlib.util.spec_from_file_location(name, f"{FUNCTIONS}/{{name}}/main.py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(*sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60
    )
    made_of = {"openapi", "openapi_calls", "documentation_page", "schemas", "schemas_requests"}
    assert not {f"tileweave.web.{each}" for each in made_of} & set(told.stdout.split())


def test_an_example_can_be_sent(api: Api) -> None:
    """The one that the document shows."""
    body = API["paths"]["/aoi/{aoi}/scene"]["post"]["requestBody"]["content"]["application/json"]
    assert api.with_area(AREA).add(body["example"]).status_code == 200
