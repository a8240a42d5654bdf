"""Files behind HTTPS; here on a loopback port, the only place where it goes without TLS."""

from __future__ import annotations

import http.server
import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import requests

from tileweave.adapters.places import AllowedPlaces, AnyPlace, https
from tileweave.adapters.places.addresses import file_at
from tileweave.adapters.places.https_calls import Calls
from tileweave.adapters.places.patience import TRIES
from tileweave.domain.errors import NothingThere, PlaceRefused, Unavailable

MB = 1024 * 1024


@dataclass
class Web:
    """Files by their paths; how they are answered can be changed."""

    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"1"'
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    asked: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    shifted: int = 0
    longer: int = 0
    url: str = ""


class Handler(http.server.BaseHTTPRequestHandler):
    held: Web

    def do_GET(self) -> None:
        self.held.asked.append(f"{self.command} {self.path}")
        if self.held.statuses:
            self.answer(self.held.statuses.pop(0), b"")
        elif self.path in self.held.redirects:
            self.answer(302, b"", Location=self.held.redirects[self.path])
        elif self.path not in self.held.files:
            self.answer(404, b"")
        else:
            self.answer_file(self.held.files[self.path])

    def answer_file(self, content: bytes) -> None:
        if not self.held.ranges:
            return self.answer(200, content, cut=self.held.cut)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"])
        assert found
        start, stop = int(found[1]) + self.held.shifted, int(found[2]) + 1 + self.held.longer
        if start >= len(content):
            return self.answer(416, b"", 0, **{"Content-Range": f"bytes */{len(content)}"})
        part = content[start:stop]
        told = f"bytes {start}-{start + len(part) - 1}/{len(content)}"
        return self.answer(206, part, self.held.cut, ETag=self.held.etag, **{"Content-Range": told})

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.held.asked.append(f"PUT {self.path}")
        if self.held.statuses:
            return self.answer(self.held.statuses.pop(0), b"")
        if self.path in self.held.redirects:
            return self.answer(307, b"", Location=self.held.redirects[self.path])
        self.held.files[self.path] = body
        self.held.types.append(self.headers["Content-Type"])
        return self.answer(201, b"")

    def answer(self, status: int, body: bytes, cut: int = 0, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - cut])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web() -> Iterator[Web]:
    held = Web()

    class Ours(Handler):
        pass

    Ours.held = held
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ours)
    held.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


def places(web: Web) -> AllowedPlaces:
    return AllowedPlaces.of(f"{web.url}/data")


def test_a_file_is_read_by_ranges(web: Web) -> None:
    content = web.files["/data/a"] = bytes(range(256)) * 4 * 1024

    with places(web).open(f"{web.url}/data/a") as opened:
        assert opened.read(10) == content[:10]
        opened.seek(-10, io.SEEK_END)
        assert opened.read() == content[-10:]
        opened.seek(500_000)
        assert opened.read(10) == content[500_000:500_010]

    assert len(web.asked) == 3


def test_a_server_without_ranges_is_read_at_once(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    content = web.files["/data/a"] = b"1" * MB
    web.ranges = False

    with places(web).open(f"{web.url}/data/a") as opened:
        opened.seek(-10, io.SEEK_END)
        assert opened.read() == content[-10:]
    assert len(web.asked) == 1

    monkeypatch.setattr(https, "MOST_WHOLE", MB - 1)
    with pytest.raises(PlaceRefused, match="larger than 1048575 bytes, and its server answers no"):
        places(web).open(f"{web.url}/data/a")


def test_an_empty_file_is_empty(web: Web) -> None:
    web.files["/data/a"] = b""

    with places(web).open(f"{web.url}/data/a") as opened:
        assert opened.read() == b""


@pytest.mark.parametrize("other", ["etag", "size", "ranges", "shorter"])
def test_a_file_that_changes_while_it_is_read_is_an_error(web: Web, other: str) -> None:
    web.files["/data/a"] = b"1" * MB

    with places(web).open(f"{web.url}/data/a") as opened:
        opened.read(10)
        web.etag = '"2"' if other == "etag" else web.etag
        web.ranges = other != "ranges"
        web.files["/data/a"] += b"1" if other == "size" else b""
        web.files["/data/a"] = b"1" if other == "shorter" else web.files["/data/a"]
        opened.seek(500_000)
        with pytest.raises(Unavailable, match="changed while it was read"):
            opened.read(10)


def test_a_redirect_is_refused_and_not_followed(web: Web) -> None:
    web.redirects["/data/a"] = f"{web.url}/secret?token=b"
    web.files["/secret?token=b"] = b"secret"

    with pytest.raises(PlaceRefused, match=f"it redirects to {web.url}/secret, and") as raised:
        places(web).open(f"{web.url}/data/a")
    with pytest.raises(PlaceRefused, match="it redirects to"):
        places(web).write(f"{web.url}/data/a", io.BytesIO(b"a"), "text/plain")

    assert "token" not in str(raised.value)
    assert web.asked == ["GET /data/a", "PUT /data/a"]


def test_a_redirect_while_a_file_is_read_is_refused_too(web: Web) -> None:
    web.files["/data/a"] = b"1" * MB

    with places(web).open(f"{web.url}/data/a") as opened:
        web.redirects["/data/a"] = f"{web.url}/secret"
        opened.seek(500_000)
        with pytest.raises(PlaceRefused, match="it redirects to"):
            opened.read(10)


def test_a_person_is_led_on(web: Web) -> None:
    web.redirects["/a"] = "/b?signature=c"
    web.files["/b?signature=c"] = b"1"
    web.redirects["/loop"] = "/loop"

    with AnyPlace().open(f"{web.url}/a") as opened:
        assert opened.read() == b"1"
    AnyPlace().write(f"{web.url}/a", io.BytesIO(b"22"), "text/plain")
    assert web.files["/b?signature=c"] == b"22"
    with pytest.raises(PlaceRefused, match="redirects more than 5 times"):
        AnyPlace().open(f"{web.url}/loop")


@pytest.mark.parametrize("target", ["http://evil.example/a", "ftp://evil.example/a", ""])
def test_a_person_is_led_to_https_only(web: Web, target: str) -> None:
    web.redirects["/a"] = target or "//user@evil.example/a"

    with pytest.raises(PlaceRefused):
        AnyPlace().open(f"{web.url}/a")
    assert web.asked == ["GET /a"]


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, PlaceRefused, "forbids it"),
        (403, PlaceRefused, "forbids it"),
        (404, NothingThere, "no such file"),
        (418, PlaceRefused, "refuses it"),
        (500, Unavailable, "does not answer now"),
        (429, Unavailable, "does not answer now"),
        (204, PlaceRefused, "how large"),
    ],
)
def test_each_answer_is_one_clear_error(
    web: Web, status: int, kind: type[Exception], said: str
) -> None:
    web.statuses = [status] * TRIES

    with pytest.raises(kind, match=f"/data/a.*{said}"):
        places(web).open(f"{web.url}/data/a")


def test_a_server_that_is_busy_is_asked_again(web: Web) -> None:
    web.files["/data/a"] = b"1"
    web.statuses = [503, 500]

    with places(web).open(f"{web.url}/data/a") as opened:
        assert opened.read() == b"1"
    web.statuses = [503]
    places(web).write(f"{web.url}/data/b", io.BytesIO(b"22"), "text/plain")
    assert web.files["/data/b"] == b"22"


@pytest.mark.parametrize("ranges", [True, False])
def test_an_answer_that_breaks_off_is_no_file(web: Web, ranges: bool) -> None:  # noqa: FBT001 - of a table
    web.files["/data/a"] = b"1" * 1000
    web.ranges, web.cut = ranges, 10

    with pytest.raises(Unavailable):
        places(web).open(f"{web.url}/data/a")
    assert len(web.asked) == TRIES


def test_another_part_than_was_asked_for_is_refused(web: Web) -> None:
    web.files["/data/a"] = b"1" * 1000
    web.shifted = 5

    with pytest.raises(PlaceRefused, match="another part"):
        places(web).open(f"{web.url}/data/a")


def test_more_than_was_asked_for_is_not_read(web: Web) -> None:
    """A server that says so could fill the memory."""
    web.files["/data/a"] = b"1" * MB
    web.longer = 1

    with pytest.raises(PlaceRefused, match="another part"):
        places(web).open(f"{web.url}/data/a")


def test_a_file_is_sent_from_where_it_stands(web: Web) -> None:
    content = io.BytesIO(b"0123")
    content.seek(1)

    places(web).write(f"{web.url}/data/a", content, "application/geo+json")

    assert web.files["/data/a"] == b"123"
    assert web.types == ["application/geo+json"]


def test_a_server_that_does_not_listen_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        AllowedPlaces.of("http://127.0.0.1:9").open("http://127.0.0.1:9/a")


def test_a_server_without_tls_is_not_trusted(web: Web) -> None:
    port = web.url.rpartition(":")[2]

    with pytest.raises(PlaceRefused, match="cannot be trusted"):
        AllowedPlaces.of(f"https://127.0.0.1:{port}").open(f"https://127.0.0.1:{port}/a")


def test_a_pipe_is_sent_once(web: Web) -> None:
    """Nobody can go back in it: what broke off is not begun again."""
    web.statuses = [503]

    with pytest.raises(Unavailable):
        places(web).write(f"{web.url}/data/a", Pipe(b"0123"), "text/plain")

    assert web.asked == ["PUT /data/a"]


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


def test_a_person_is_not_led_from_https_to_http() -> None:
    answer = requests.Response()
    answer.headers["Location"] = "http://127.0.0.1/a"

    with pytest.raises(PlaceRefused, match="which is not HTTPS"):
        Calls(follow=True)._next(file_at("https://a.example/b"), answer)  # noqa: SLF001 - no TLS here
