"""Who may call: viewers read, operators write, anyone while no tokens are configured."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from werkzeug.exceptions import Unauthorized
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from tests.unit.web.api import AREA, Api, a_client, problem_of
from tileweave import compose
from tileweave.settings import Settings
from tileweave.usecases.ports import Services
from tileweave.web import aoi, health
from tileweave.web.access import Access, Caller, Role, caller_of, tokens_of
from tileweave.web.answers import as_json
from tileweave.web.routing import Route, http_function

VIEWER, SECOND_VIEWER, OPERATOR = "viewer-1", "viewer-2", "operator-1"
FUNCTIONS = Path(__file__).parents[3] / "functions"


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


def who(services: Services, request: Request) -> Response:
    """Answer who calls."""
    caller = caller_of(request)
    return as_json(caller and [caller.name, caller.role])


ROUTES = (*aoi.ROUTES, *health.ROUTES, Route("GET", "/who", who), Route("PUT", "/who", who))


@pytest.fixture
def guarded(api: Api) -> Client:
    """The AOI function, with two viewers and an operator who has a name."""
    api.with_area()
    viewers = tokens_of(Role.VIEWER, f"{VIEWER}\n{SECOND_VIEWER}\n")
    operators = tokens_of(Role.OPERATOR, f"anna@example.org:{OPERATOR}")
    access = Access([*viewers, *operators])
    return a_client(http_function(ROUTES, lambda: api.services, lambda: access))


@pytest.mark.parametrize("token", [VIEWER, SECOND_VIEWER, OPERATOR])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_token_reads(guarded: Client, token: str, method: str) -> None:
    """Also while tokens are replaced, when the old and the new one are valid."""
    answer = guarded.open(f"/aoi/{AREA}", method=method, headers=bearer(token))
    assert answer.status_code == 200


def test_an_operator_writes(guarded: Client) -> None:
    """The scheme is read in any case, as RFC 9110 has it."""
    answer = guarded.post("/aoi/Another", headers={"Authorization": f"bearer {OPERATOR}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/aoi/Another"), ("PUT", f"/aoi/{AREA}/retry"), ("DELETE", f"/aoi/{AREA}")],
)
def test_a_viewer_does_not_write(guarded: Client, api: Api, method: str, path: str) -> None:
    """The call is forbidden, and nothing has changed."""
    answer = guarded.open(path, method=method, headers=bearer(VIEWER))
    assert "operator" in problem_of(answer, 403)["detail"]
    assert [each["ID"] for each in api.get("/aoi/").json] == [AREA]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/aoi/{AREA}"), ("PUT", f"/aoi/{AREA}/retry"), ("GET", "/nowhere"), ("PUT", "/")],
)
def test_a_call_without_a_token_is_unauthorized(guarded: Client, method: str, path: str) -> None:
    """Even one of a path that does not exist: what exists is not for everyone to know."""
    answer = guarded.open(path, method=method)
    assert "Authorization: Bearer" in problem_of(answer, 401)["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tileweave"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer viewer-",
        "Bearer viewer-11",
        "Bearer VIEWER-1",
        "Bearer viewer-1, viewer-2",
        "Bearer anna@example.org:operator-1",
        "Bearer \xe9\xff",
        "Basic dmlld2VyLTE6",
        "Basic viewer-1",
        "viewer-1",
        "Bearer token=viewer-1",
    ],
)
def test_what_is_not_a_known_token_is_unauthorized(guarded: Client, header: str) -> None:
    """The problem does not repeat it."""
    answer = guarded.get(f"/aoi/{AREA}", headers={"Authorization": header})
    problem = problem_of(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="tileweave"')
    assert "viewer-1" not in str(problem)


@pytest.mark.parametrize("path", ["/", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_health_check_needs_no_token(guarded: Client, path: str, method: str) -> None:
    """Whoever watches the service is not its user."""
    assert guarded.open(path, method=method).status_code == 200


def test_a_request_too_large_is_not_read_before_the_token_is(guarded: Client) -> None:
    """Who has no token cannot make the function work."""
    size = {"CONTENT_LENGTH": str(2**40)}
    problem_of(guarded.post(f"/aoi/{AREA}/scene", environ_overrides=size), 401)


@pytest.mark.parametrize(
    ("token", "caller"),
    [(VIEWER, ["viewer", "viewer"]), (OPERATOR, ["anna@example.org", "operator"])],
)
def test_an_endpoint_knows_who_calls(guarded: Client, token: str, caller: list[str]) -> None:
    """By the name of the token, or by its role where it has none."""
    assert guarded.get("/who", headers=bearer(token)).json == caller


def test_without_tokens_everyone_calls(api: Api) -> None:
    """As on one's own machine; nobody has a name then."""
    client = a_client(http_function(ROUTES, lambda: api.services))
    assert client.put("/who", headers=bearer("anything")).json is None


def test_a_token_of_both_roles_is_an_operators() -> None:
    """Whichever is configured first."""
    tokens = [*tokens_of(Role.VIEWER, "same"), *tokens_of(Role.OPERATOR, "boss:same")]
    request = Request.from_values(method="PUT", headers=bearer("same"))
    Access(tokens).check(request)
    assert caller_of(request) == Caller("boss", Role.OPERATOR)


@pytest.mark.parametrize("token", ["first", "last", "unknown"])
def test_every_token_is_compared_whichever_matches(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    """In constant time, by digests of one length: how long it takes tells nothing."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    access = Access(tokens_of(Role.VIEWER, "first,second,third,last"))
    request = Request.from_values(headers=bearer(token))
    if token == "unknown":
        with pytest.raises(Unauthorized):
            access.check(request)
    else:
        access.check(request)
    assert len({one for one, _ in compared}) == 4
    assert {len(each) for pair in compared for each in pair} == {32}


@pytest.mark.parametrize(
    "text", ["has space", "a:b:c", ":nameless", "named:", "schl\xfcssel", "a,b c"]
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str) -> None:
    """A header could never hold it, so nobody could ever call."""
    with pytest.raises(ValueError, match="is neither") as raised:
        list(tokens_of(Role.VIEWER, text))
    assert text not in str(raised.value)


@pytest.mark.parametrize("text", [" ", "\n", ",", " , \r\n"])
def test_a_secret_that_came_out_blank_does_not_open_the_service(text: str) -> None:
    """Only a variable that is not set, or empty, means that there are no tokens."""
    with pytest.raises(ValueError, match="no token among"):
        list(tokens_of(Role.OPERATOR, text))
    assert list(tokens_of(Role.OPERATOR, "")) == []


# --- as configured ---


@pytest.fixture
def serve(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Load a function's main.py as it is deployed, with tokens in its environment."""
    cached = (compose.settings, compose.access, compose.cors)
    monkeypatch.setattr(compose, "for_calls", lambda: api.services)
    monkeypatch.setattr(compose, "for_messages", lambda: api.services)
    monkeypatch.setenv("TILEWEAVE_VIEWER_TOKENS", "anna:viewer-1,\nviewer-2")
    monkeypatch.setenv("TILEWEAVE_OPERATOR_TOKENS", OPERATOR)
    for each in cached:
        each.cache_clear()
    create: Callable[..., Any] = functions_framework.create_app
    yield lambda name: create(name, str(FUNCTIONS / name / "main.py")).test_client()
    for each in cached:
        each.cache_clear()


@pytest.mark.parametrize(
    ("name", "path"), [("aoi", "/aoi/"), ("scene", "/scene/1"), ("tile", "/tile/1")]
)
def test_each_function_that_people_call_asks_for_a_token(
    serve: Callable[[str], Any], name: str, path: str
) -> None:
    """Of those in the environment."""
    client = serve(name)
    problem_of(client.get(path), 401)
    assert client.get(path, headers=bearer("viewer-2")).status_code != 401
    problem_of(client.post(path, headers=bearer("viewer-2")), 403)
    assert client.post(path, headers=bearer(OPERATOR)).status_code == 405


def test_the_dashboard_is_there_without_a_token(serve: Callable[[str], Any]) -> None:
    """Of its calls only the first and the health check."""
    client = serve("dashboard")
    assert client.get("/").status_code == 200
    problem_of(client.put("/"), 401)


def test_the_janitor_is_called_without_a_token(serve: Callable[[str], Any]) -> None:
    """The platform lets nobody but the scheduler through to it."""
    assert serve("janitor").post("/").status_code == 200


def test_tokens_that_cannot_be_read_let_nobody_in_and_are_not_logged(
    serve: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which one it is, by its number."""
    monkeypatch.setenv("TILEWEAVE_VIEWER_TOKENS", "viewer-1,not a token")
    with caplog.at_level(logging.DEBUG):
        problem_of(serve("aoi").get("/aoi/", headers=bearer("viewer-1")), 500)
    assert "viewer token 2" in caplog.text
    assert "not a token" not in caplog.text
    assert "viewer-1" not in caplog.text


def test_settings_do_not_show_tokens(serve: Callable[[str], Any]) -> None:
    """Neither in their own text nor in that of an error about something else."""
    assert OPERATOR not in repr(compose.settings())
    with pytest.raises(ValueError, match="GOOGLE_CLOUD_PROJECT") as raised:
        Settings.of({"GOOGLE_CLOUD_PROJECT": "", "TILEWEAVE_VIEWER_TOKENS": "viewer-1"})
    assert "viewer-1" not in str(raised.value)
    assert OPERATOR not in str(raised.value)
