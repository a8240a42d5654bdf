"""The demo follows its AOI to the end, retries like an operator, and says what it saw."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import httpx
import pytest

from tileweave.cli import denmark
from tileweave.cli.api import Api
from tileweave.cli.demo import _check
from tileweave.cli.errors import CommandError
from tileweave.cli.follow import follow
from tileweave.cli.local_run import LocalRun
from tileweave.cli.picture import save_graph
from tileweave.client import Client, ClientError, Overview

COUNTS = {"new": 0, "pending": 0, "done": 0, "retry": 0, "failed": 0}


def counts(**some: int) -> dict[str, int]:
    found = COUNTS | some
    return {**found, "total": sum(found.values())}


def overview(scenes: dict[str, int], tiles: dict[str, int]) -> dict[str, object]:
    counted = {"scenes": scenes, "tiles": tiles, "root_tiles": 3, "progress": 0.5}
    return {"name": "DenmarkDemo", "status": "PENDING", **counted}


DONE = overview(counts(done=3), counts(done=9))
HALF = overview(counts(done=3), counts(done=5, pending=3, new=1))
WAITING = overview(counts(done=2, retry=1), counts(new=9))
FAILED = overview(counts(done=2, failed=1), counts(done=6, failed=3))


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    """Return a client of a server that answers so."""
    return Client("http://here", transport=httpx.MockTransport(answer))


class Server:
    """Answers like Tileweave; its overviews come one after the other, the last one for ever."""

    def __init__(self, *overviews: dict[str, object], svg: int = 200, fails: int = 0) -> None:
        self.overviews = list(overviews)
        self.calls: list[str] = []
        self.svg = svg
        self.fails = fails

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.fails:
            self.fails -= 1
            return httpx.Response(503, json={"detail": "starting"})
        path = request.url.raw_path.decode().removeprefix("/aoi/DenmarkDemo")
        self.calls.append(f"{request.method} {path}")
        return self._answer(request.method, path)

    def _answer(self, method: str, path: str) -> httpx.Response:
        if path == "/retry":
            scenes = int(len(self.overviews) > 1)
            return httpx.Response(200, json={"Scenes": scenes, "Tiles": 2 * scenes})
        if path.startswith("/dot"):
            code = self.svg if "svg" in path else 200
            return httpx.Response(code, content=b"<svg/>" if "svg" in path else b"digraph {}")
        if method == "GET":
            now = self.overviews[0] if len(self.overviews) == 1 else self.overviews.pop(0)
            return httpx.Response(200, json=now)
        return httpx.Response(409 if path == "" else 200, json={"id": 1})

    def api(self) -> Api:
        return Api(client_of(self), denmark.AOI)


class Emulated:
    """Stands for a run whose emulators live."""

    logs = Path("/logs")
    check: Callable[[], None] = staticmethod(lambda: None)


RUN = cast("LocalRun", Emulated())


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tileweave.cli.follow.POLL_SECONDS", 0.0)


def in_time() -> float:
    return time.monotonic() + 60


def test_denmark_is_added_and_followed_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(HALF, DONE)
    last = follow(server.api(), RUN, in_time())
    assert last.settled
    assert server.calls[:4] == ["POST ", "POST /scene", "POST /scene", "POST /scene"]
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["scenes", "0", "0", "3", "0", "0", "3"] in rows
    assert ["tiles", "0", "0", "9", "0", "0", "9"] in rows


def test_what_is_in_retry_is_retried_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(WAITING, HALF, DONE)
    follow(server.api(), RUN, in_time())
    assert server.calls.count("PUT /retry") == 1
    assert "as an operator would: 1 scene and 2 tiles" in capsys.readouterr().out


def test_at_its_limit_it_says_what_is_stuck() -> None:
    with pytest.raises(CommandError, match="given up: tiles 1 NEW, 3 PENDING; logs: /logs"):
        follow(Server(HALF).api(), RUN, time.monotonic())


def test_all_done_is_good_and_what_failed_is_counted() -> None:
    _check(Overview.model_validate(DONE))
    with pytest.raises(CommandError, match="1 of 3 scenes and 3 of 9 tiles FAILED"):
        _check(Overview.model_validate(FAILED))


def test_the_graph_is_saved_as_svg(tmp_path: Path) -> None:
    said = save_graph(Server(DONE).api(), tmp_path / "new" / "graph.svg")
    assert (tmp_path / "new" / "graph.svg").read_bytes() == b"<svg/>"
    assert str(tmp_path / "new" / "graph.svg") in said


def test_without_graphviz_the_graph_is_saved_as_dot_and_told(tmp_path: Path) -> None:
    said = save_graph(Server(DONE, svg=501).api(), tmp_path / "graph.svg")
    assert (tmp_path / "graph.dot").read_bytes() == b"digraph {}"
    assert "apt-get install graphviz" in said
    assert not (tmp_path / "graph.svg").exists()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        save_graph(Server(DONE).api(), tmp_path)


def test_a_call_is_repeated_while_a_function_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    assert Server(DONE, fails=2).api().overview().tiles.done == 9


def test_an_error_is_told_with_its_answer() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(422, text=json.dumps({"detail": "bad name"}))

    with pytest.raises(ClientError, match="bad name"):
        Api(client_of(refuse), "bad").create()


def test_nothing_to_retry_is_nothing() -> None:
    def none(_: httpx.Request) -> httpx.Response:
        return httpx.Response(204)

    assert Api(client_of(none), "x").retry() == (0, 0)
