"""The gateway: one base URL, each path to its function, never a page in HTML."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request, Response

from tests.unit.cli.doubles import served
from tileweave import compose
from tileweave.cli.gateway import function_for, gateway
from tileweave.web.cors import Cors, cors_of
from tileweave.web.routing import MOST_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "dashboard"),
        ("/openapi.json", "dashboard"),
        ("/aoi", "aoi"),
        ("/aoi/", "aoi"),
        ("/aoi/DenmarkDemo/dot", "aoi"),
        ("/aois", "dashboard"),
        ("/scene/1", "scene"),
        ("/tile/1/retry", "tile"),
        ("/results", "dashboard"),
        ("", "dashboard"),
    ],
)
def test_a_path_goes_to_its_function(path: str, name: str) -> None:
    assert function_for(path) == name


def echo(name: str) -> WSGIApplication:
    """Answer what was asked, as JSON."""

    @Request.application
    def answer(request: Request) -> Response:
        asked = {
            "by": name,
            "method": request.method,
            "uri": request.environ["REQUEST_URI"],
            "host": request.headers.get("Host"),
            "authorization": request.headers.get("Authorization"),
            "body": request.get_data(as_text=True),
        }
        return Response(json.dumps(asked), 201, {"X-By": name}, mimetype="application/json")

    return answer


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def app() -> Iterator[WSGIApplication]:
    with served(echo("aoi")) as aoi, served(echo("dashboard")) as dashboard:
        yield gateway(aoi=aoi, dashboard=dashboard, tile=closed_port())


@pytest.fixture
def client(app: WSGIApplication) -> Client:
    return Client(app)


def test_a_request_arrives_as_it_was_sent(client: Client) -> None:
    answer = client.put(
        "/aoi/DenmarkDemo/retry?force=true&limit=1",
        data="body",
        headers={"Authorization": "Bearer secret", "Host": "tileweave.example"},
    )
    assert answer.status_code == 201
    assert answer.headers["X-By"] == "aoi"
    assert answer.json == {
        "by": "aoi",
        "method": "PUT",
        "uri": "/aoi/DenmarkDemo/retry?force=true&limit=1",
        "host": "tileweave.example",
        "authorization": "Bearer secret",
        "body": "body",
    }


def asked(app: WSGIApplication, environ: WSGIEnvironment) -> dict[str, Any]:
    """Return what the function was asked."""
    found: dict[str, Any] = json.loads(Response.from_app(app, environ).get_data())
    return found


def test_an_escaped_path_stays_as_it_was_escaped(app: WSGIApplication) -> None:
    environ = EnvironBuilder(path="/aoi/x").get_environ()
    environ["RAW_URI"] = "/aoi/a%2Fb%25%C3%A9?x=1"
    assert asked(app, environ)["uri"] == "/aoi/a%2Fb%25%C3%A9"


def test_a_body_in_chunks_arrives_whole(app: WSGIApplication) -> None:
    environ = EnvironBuilder(path="/aoi/x", method="POST").get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": io.BytesIO(b"in chunks"), "wsgi.input_terminated": True}
    assert asked(app, environ)["body"] == "in chunks"


def test_a_function_that_is_not_there_is_a_problem_and_no_page(client: Client) -> None:
    answer = client.get("/tile/1")
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    assert "tile" in json.loads(answer.text)["detail"]


def test_a_page_of_the_server_itself_becomes_a_problem() -> None:
    page = Response("<h1>Internal Server Error</h1>", 500, mimetype="text/html")
    with served(page) as port:
        answer = Client(gateway(dashboard=port)).get("/")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")


def test_a_page_that_is_no_error_is_handed_on() -> None:
    with served(Response("<h1>Tileweave</h1>", mimetype="text/html")) as port:
        answer = Client(gateway(dashboard=port)).get("/")
    assert (answer.status_code, answer.text) == (200, "<h1>Tileweave</h1>")


def test_an_answer_is_handed_on_while_it_is_still_being_written() -> None:
    first_arrived = threading.Event()

    def slow(_: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a" * 20_000
        assert first_arrived.wait(10)
        yield b"b"

    with served(slow) as port:
        pieces = Client(gateway(dashboard=port)).get("/").iter_encoded()
        assert next(iter(pieces)).startswith(b"a")
        first_arrived.set()
        assert b"".join(pieces).endswith(b"b")


PAGE = "https://maps.example.org"


@pytest.mark.parametrize(
    ("length", "status"), [(str(MOST_BYTES + 1), 413), ("0", 503)], ids=["too large", "not there"]
)
def test_its_own_problems_may_be_read_by_pages_that_may_call(
    monkeypatch: pytest.MonkeyPatch, length: str, status: int
) -> None:
    monkeypatch.setattr(compose, "cors", lambda: cors_of(PAGE))
    client = Client(gateway(tile=closed_port()))
    for origin, told in ((PAGE, PAGE), ("https://evil.example.org", None)):
        headers = {"Origin": origin}
        answer = client.get(
            "/tile/1", headers=headers, environ_overrides={"CONTENT_LENGTH": length}
        )
        assert answer.status_code == status
        assert answer.headers.get("Access-Control-Allow-Origin") == told


def test_origins_that_cannot_be_read_are_told_by_the_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none() -> Cors:
        raise ValueError("'*' is not an origin")

    monkeypatch.setattr(compose, "cors", none)
    answer = Client(gateway(tile=closed_port())).get("/tile/1")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
