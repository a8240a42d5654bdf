"""The JSON API of Cloud Storage on a loopback port, as far as reading and writing objects asks."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

_OBJECT = re.compile(r"(?:/download)?/storage/v1/b/([^/]+)/o/([^/]+)")
_UPLOAD = re.compile(r"(?:/resumable)?/upload/storage/v1/b/([^/]+)/o")


@dataclass
class Gcs:
    """Objects by bucket and name; `fail` and `redirect` are what requests are answered instead."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    redirect: str = ""
    uploads: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)

    def put(self, name: str, content: bytes, media_type: str = "") -> str:
        """Put an object there (`bucket/name`); return its address."""
        self.objects[name] = content
        self.generations[name] = self.generations.get(name, 0) + 1
        self.types[name] = media_type
        return f"gs://{name}"


@contextmanager
def serving() -> Iterator[Gcs]:
    """Serve an empty Cloud Storage while the block runs."""
    gcs = Gcs()

    class Handler(_Handler):
        held = gcs

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    gcs.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="gcs", daemon=True)
    thread.start()
    try:
        yield gcs
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    held: Gcs

    def do_GET(self) -> None:
        if self._fails():
            return None
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        found = _OBJECT.fullmatch(parts.path)
        name = "/".join(unquote(each) for each in found.groups()) if found else ""
        if name not in self.held.objects:
            return self._answer(404, {"error": {"code": 404, "message": "none"}})
        generation = str(self.held.generations[name])
        if query.get("generation", [generation])[0] != generation:
            return self._answer(404, {"error": {"code": 404, "message": "none any more"}})
        wanted = query.get("ifGenerationMatch", [""])[0]
        if wanted not in ("", generation):
            return self._answer(412, {"error": {"code": 412, "message": "another"}})
        if query.get("alt") == ["media"]:
            return self._media(name)
        return self._answer(200, self._metadata(name))

    def do_POST(self) -> None:
        body = self._body()
        if self._fails():
            return None
        found = _UPLOAD.fullmatch(urlsplit(self.path).path)
        bucket = found[1] if found else ""
        name = f"{bucket}/{json.loads(body)['name']}"
        number = str(len(self.held.uploads))
        media_type = self.headers.get("X-Upload-Content-Type", "")
        self.held.uploads[number] = (name, media_type, b"")
        return self._answer(200, {}, {"Location": f"{self.held.url}/session/{number}"})

    def do_PUT(self) -> None:
        body = self._body()
        if self._fails():
            return None
        number = self.path.rpartition("/")[2]
        name, media_type, held = self.held.uploads[number]
        held += body
        self.held.uploads[number] = (name, media_type, held)
        total = self.headers.get("Content-Range", "").rpartition("/")[2]
        if total in ("*", "") or int(total) > len(held):
            return self._answer(308, {}, {"Range": f"bytes=0-{len(held) - 1}"})
        self.held.put(name, held, media_type)
        return self._answer(200, self._metadata(name))

    def _media(self, name: str) -> None:
        content = self.held.objects[name]
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        start, stop = int(found[1]) if found else 0, int((found and found[2]) or len(content) - 1)
        part = content[start : stop + 1]
        ranged = {"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(content)}"}
        self._answer(206, part, ranged)

    def _metadata(self, name: str) -> Any:  # noqa: ANN401 - JSON
        bucket, _, own = name.partition("/")
        return {
            "bucket": bucket,
            "name": own,
            "size": str(len(self.held.objects[name])),
            "generation": str(self.held.generations[name]),
            "crc32c": _checksum(self.held.objects[name]),
        }

    def _fails(self) -> bool:
        self.held.asked.append(f"{self.command} {self.path}")
        if self.held.redirect:
            self._answer(307, b"", {"Location": self.held.redirect})
            return True
        if not self.held.fail:
            return False
        status = self.held.fail.pop(0)
        self._answer(status, {"error": {"code": status, "message": "as asked for"}})
        return True

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:  # noqa: ANN401 - JSON
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _checksum(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
