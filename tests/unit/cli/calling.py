"""Commands that call the service: run in this process, against the real routes in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import httpx
from typer.testing import CliRunner
from werkzeug.wrappers import Request

from tests.unit.web.api import Api, denmark
from tileweave.cli import service
from tileweave.cli.app import app
from tileweave.client import Client
from tileweave.domain.model import Json
from tileweave.web import aoi, rejected, scene, tile
from tileweave.web.routing import http_function

ROUTES = (*aoi.ROUTES, *scene.ROUTES, *tile.ROUTES, *rejected.ROUTES)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The JSON document that it wrote."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What it wrote as JSON, a value a line."""
        return [json.loads(each) for each in self.out.splitlines()]

    @property
    def rows(self) -> list[list[str]]:
        """What it wrote with tabs."""
        return [each.split("\t") for each in self.out.splitlines()]


@dataclass
class Service:
    """A service in memory, and the requests that commands sent to it."""

    api: Api = field(default_factory=Api)
    requests: list[httpx.Request] = field(default_factory=list)

    def run(self, *arguments: object, stdin: bytes | str = b"", terminal: bool = False) -> Ran:
        """Run a command that calls this service."""
        with self.called(), _terminal(terminal):
            result = CliRunner().invoke(
                app, [str(each) for each in arguments], input=stdin, env={"COLUMNS": "200"}
            )
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    @contextmanager
    def called(self) -> Iterator[None]:
        """Have commands call this service, whatever URL they are given."""
        with mock.patch.object(service, "client", self._client):
            yield

    def with_denmark(self, area: str = "Denmark") -> list[int]:
        """Add Denmark; return the ids of its scenes, the newest first."""
        return self.api.with_area(area).with_denmark(area)

    def _client(
        self, url: str | None = None, *, timeout: float = 60, patience: float = 30
    ) -> Client:
        routed = Request.application(http_function(ROUTES, lambda: self.api.services))
        wsgi = httpx.WSGITransport(app=routed)

        def answer(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return wsgi.handle_request(request)

        transport = httpx.MockTransport(answer)
        return Client(url or "http://here", timeout=timeout, patience=patience, transport=transport)


@contextmanager
def _terminal(yes: bool) -> Iterator[None]:  # noqa: FBT001 - of a private function
    """Have standard output be a terminal, or not."""
    with mock.patch("tileweave.cli.printing.is_terminal", return_value=yes):
        yield


def features() -> list[Json]:
    """Return Denmark's scenes, the newest first."""
    return denmark()
