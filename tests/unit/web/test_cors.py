"""Pages of other origins: those that are configured may call, no others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client

from tests.unit.web.api import AREA, Api, a_client, problem_of
from tileweave import compose
from tileweave.web import aoi
from tileweave.web.access import Access, Role, tokens_of
from tileweave.web.cors import Cors, cors_of
from tileweave.web.routing import http_function

FUNCTIONS = Path(__file__).parents[3] / "functions"

PAGE = "https://maps.example.org"
OTHER = "https://evil.example.org"


def asking(origin: str = PAGE, method: str = "POST") -> dict[str, str]:
    """Return the headers of a browser's preflight."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }


@pytest.fixture
def shared(api: Api) -> Client:
    """The AOI function, with tokens, for the pages of two origins."""
    api.with_area()
    access = Access(tokens_of(Role.VIEWER, "viewer-1"))
    cors = cors_of(f"{PAGE}, http://localhost:3000/")
    return a_client(http_function(aoi.ROUTES, lambda: api.services, lambda: access, lambda: cors))


@pytest.mark.parametrize("origin", [PAGE, "http://localhost:3000"])
def test_a_preflight_is_told_what_its_path_takes(shared: Client, origin: str) -> None:
    """Without a token: browsers send none."""
    answer = shared.options(f"/aoi/{AREA}", headers=asking(origin))
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, POST"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Origin" in answer.vary


def test_a_preflight_of_a_path_that_does_not_exist_is_not_found(shared: Client) -> None:
    """A browser goes no further; what it was told may be read all the same."""
    answer = shared.options("/nowhere", headers=asking())
    problem_of(answer, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def served(name: str) -> FlaskClient:
    """Load a function as it is deployed."""
    create: Callable[..., Any] = functions_framework.create_app
    client: FlaskClient = create(name, str(FUNCTIONS / name / "main.py")).test_client()
    return client


@pytest.mark.parametrize("name", ["aoi", "scene", "tile", "dashboard"])
@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_what_the_framework_answers_may_be_read_as_well(
    name: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the pages of the same origins; and by no others."""
    monkeypatch.setattr(compose, "cors", lambda: cors_of(PAGE))
    client = served(name)
    answer, other = (client.get(path, headers={"Origin": each}) for each in (PAGE, OTHER))
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Origin" not in other.headers


def test_origins_that_cannot_be_read_are_a_problem_and_no_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the framework's own answers as well."""

    def none() -> Cors:
        raise ValueError("'*' is not an origin")

    monkeypatch.setattr(compose, "cors", none)
    client = served("aoi")
    problem_of(client.get("/robots.txt"), 404)
    problem_of(client.get("/aoi/"), 500)


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "*", f"{PAGE}.evil.org", "http://maps.example.org", f"{PAGE}:8443"]
)
def test_other_origins_get_nothing(shared: Client, origin: str) -> None:
    """Neither a preflight nor a call; a cache is told that answers differ all the same."""
    problem_of(shared.options(f"/aoi/{AREA}", headers=asking(origin)), 401)
    headers = {"Origin": origin, "Authorization": "Bearer viewer-1"}
    answer = shared.get(f"/aoi/{AREA}", headers=headers)
    assert answer.status_code == 200
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    assert "Origin" in answer.vary


def test_answers_may_be_read_by_the_page_that_asked(shared: Client) -> None:
    """And kept by caches for no other."""
    headers = {"Origin": PAGE, "Authorization": "Bearer viewer-1"}
    answer = shared.get(f"/aoi/{AREA}", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in answer.vary


@pytest.mark.parametrize(("token", "status"), [("", 401), ("viewer-1", 404)])
def test_problems_may_be_read_as_well(shared: Client, token: str, status: int) -> None:
    """So that the page can say what is wrong."""
    headers = {"Origin": PAGE, "Authorization": f"Bearer {token}"}
    answer = shared.get("/aoi/Nowhere", headers=headers)
    problem_of(answer, status)
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_a_client_that_is_no_page_is_answered_as_ever(shared: Client) -> None:
    """It sends no origin; OPTIONS is a method that no path takes."""
    headers = {"Authorization": "Bearer viewer-1"}
    assert shared.get(f"/aoi/{AREA}", headers=headers).status_code == 200
    answer = shared.options(f"/aoi/{AREA}", headers=headers)
    problem_of(answer, 405)
    assert answer.headers["Allow"] == "DELETE, GET, HEAD, POST"


def test_without_a_configured_origin_there_is_no_preflight(api: Api) -> None:
    """As it was: 405, and no header of this protocol."""
    api.with_area()
    answer = api.call("OPTIONS", f"/aoi/{AREA}", headers=asking())
    problem_of(answer, 405)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Vary" not in answer.headers


@pytest.mark.parametrize("text", ["*", "null", "maps.example.org", f"{PAGE}/page", "https://"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    """A browser would never send it."""
    with pytest.raises(ValueError, match="is not an origin"):
        cors_of(text)
