"""The functions as functions-framework serves them: main.py, its own errors, CloudEvents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient

from tests.unit.web.api import AREA, Api, a_request, an_envelope, problem_of
from tileweave import compose
from tileweave.domain.status import Status
from tileweave.usecases.ports import Services
from tileweave.usecases.watch import get_scene
from tileweave.web.routing import MOST_BYTES

FUNCTIONS = Path(__file__).parents[3] / "functions"

Serve = Callable[[str], FlaskClient]


@pytest.fixture
def serve(api: Api, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Load a function's main.py as it is deployed, over the store of `api`."""

    def services() -> Services:
        return api.services

    for name in ("for_calls", "for_messages"):
        monkeypatch.setattr(compose, name, services)

    def load(name: str) -> FlaskClient:
        create: Callable[..., Any] = functions_framework.create_app
        app = create(name, str(FUNCTIONS / name / "main.py"))
        client: FlaskClient = app.test_client()
        return client

    return load


ALL = sorted(each.parent.name for each in FUNCTIONS.glob("*/main.py"))
WITH_ROUTES = [each for each in ALL if each not in ("results", "dependencies")]


def test_every_function_is_here() -> None:
    """One folder each."""
    messages = ["dependencies", "rejected", "results"]
    calls = ["aoi", "dashboard", "scene", "tile"]
    assert sorted(ALL) == sorted([*calls, "collect", "janitor", *messages])


def test_a_scene_is_added_and_read(serve: Serve) -> None:
    """By two functions over one store."""
    aoi, scene = serve("aoi"), serve("scene")
    assert aoi.post(f"/aoi/{AREA}").status_code == 200
    number = aoi.post(f"/aoi/{AREA}/scene", json=a_request()).json["id"]  # type: ignore[index]
    assert scene.get(f"/scene/{number}").status_code == 200
    assert aoi.get(f"/aoi/{AREA}/dot").text.count("->") == 1


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_what_the_framework_does_not_find_is_a_problem(serve: Serve, name: str, path: str) -> None:
    """No page in HTML."""
    problem_of(serve(name).get(path), 404)


@pytest.mark.parametrize("name", WITH_ROUTES)
@pytest.mark.parametrize("path", ["/nothing/here", "//aoi//x", "/aoi//", "/\x00"])
def test_what_the_function_does_not_find_is_a_problem(serve: Serve, name: str, path: str) -> None:
    """No redirection either."""
    problem_of(serve(name).get("/", environ_overrides={"PATH_INFO": path}), 404)


@pytest.mark.parametrize("name", ALL)
def test_what_the_framework_cannot_read_is_a_problem(serve: Serve, name: str) -> None:
    """Such as a request for a web socket."""
    headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
    problem_of(serve(name).get("/", headers=headers), 400)


@pytest.mark.parametrize("name", ["aoi", "scene", "tile", "dashboard", "janitor", "collect"])
def test_what_is_too_large_is_a_problem(serve: Serve, name: str) -> None:
    """The framework would read it to its end, and fail."""
    body = b" " * (MOST_BYTES + 1)
    path = f"/{name}/1" if name in ("aoi", "scene", "tile") else "/"
    answer = serve(name).open(path, method="POST", data=body, content_type="application/json")
    problem_of(answer, 413)
    assert int(answer.headers["Content-Length"]) == len(answer.get_data())


def test_what_is_as_large_as_may_be_is_read(serve: Serve) -> None:
    """All 32 MB of it."""
    aoi = serve("aoi")
    aoi.post(f"/aoi/{AREA}")
    body = json.dumps(a_request()).encode()
    padded = body + b" " * (MOST_BYTES - len(body))
    answer = aoi.post(f"/aoi/{AREA}/scene", data=padded, content_type="application/json")
    assert answer.status_code == 200


def test_a_crash_of_the_framework_is_a_problem(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own answer would be the error's text."""
    client = serve("aoi")

    def crash(response: object) -> object:
        raise RuntimeError("password: 12345")

    monkeypatch.setitem(client.application.after_request_funcs, None, [crash])
    answer = client.get(f"/aoi/{AREA}")
    problem_of(answer, 500)
    assert "12345" not in answer.text


def test_a_crash_of_the_function_is_a_problem(
    serve: Serve, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has it, the caller has not."""
    monkeypatch.setattr(api.store, "totals", None)
    problem_of(serve("aoi").get(f"/aoi/{AREA}"), 500)


def test_an_event_of_eventarc_is_taken(serve: Serve, api: Api) -> None:
    """A CloudEvent in binary form: its body is what a push holds."""
    number = api.with_area().added(a_request())
    result = {"type": "scene", "id": number, "status": "DONE", "message": ""}
    headers = {
        "ce-id": "2070443601311540",
        "ce-source": "//pubsub.googleapis.com/projects/p/topics/results",
        "ce-specversion": "1.0",
        "ce-time": "2022-02-26T19:13:55.749Z",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
    envelope = an_envelope(json.dumps(result).encode())
    answer = serve("results").post("/", json=envelope, headers=headers)
    assert answer.status_code == 204
    assert get_scene(api.services, number).status is Status.DONE


def test_an_event_with_nothing_in_it_is_a_bad_request(serve: Serve) -> None:
    """Whatever its headers say."""
    headers = {"ce-id": "1", "ce-source": "x", "ce-specversion": "1.0", "ce-type": "y"}
    problem_of(serve("results").post("/", data=b"", headers=headers), 400)
