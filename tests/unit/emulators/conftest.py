"""A file server on the loopback interface, archives as Google publishes them, and a false Java."""

import hashlib
import stat
import struct
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zipfile import ZipFile

import pytest

from tileweave_emulators.archives import Archive


@dataclass
class FileServer:
    """What is served, by path, and what was asked for."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut_after: int | None = None
    """Close the connection after so many bytes of the body."""
    before_body: Callable[[], object] = lambda: None


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    """Serve files on 127.0.0.1."""
    served = FileServer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            content = served.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            served.before_body()
            self.wfile.write(content[: served.cut_after])

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/emulator"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


def a_jar(file: Path, main_class: str = "org.example.Main", java: int = 11) -> bytes:
    """Write a small real jar, whose main class was compiled for that Java; return its bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(file, "w") as jar:
        code = struct.pack(">IHH", 0xCAFEBABE, 0, 44 + java) + b"rest of the class"
        jar.writestr(f"{main_class.replace('.', '/')}.class", code)
    return file.read_bytes()


def a_zip(file: Path, members: dict[str, bytes]) -> bytes:
    """Write a zip with these members; return its bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.read_bytes()


def published(name: str, content: bytes, member: str | None = None) -> Archive:
    """Return what the archive table says of this content."""
    return Archive(name, len(content), hashlib.sha256(content).hexdigest(), member)


def an_executable(file: Path, text: str) -> Path:
    """Write a script that can be run."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def a_java(folder: Path, version: str = "17.0.15") -> Path:
    """Write a `java` that tells its version on the error stream, as the real one does."""
    return an_executable(
        folder / "java",
        f"""\
        #!/bin/sh
        echo 'openjdk version "{version}" 2025-04-15' >&2
        """,
    )


def a_serving_java(folder: Path) -> Path:
    """Write a `java` that, told to run an emulator, answers HTTP on its port and keeps its calls.

    A call's method and path are appended to the file `calls` in its working directory; an export
    writes what the Firestore emulator would.
    """
    return an_executable(folder / "java", f"#!{sys.executable}\n{_SERVING_JAVA}")


_SERVING_JAVA = """\
import json, pathlib, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

if "-version" in sys.argv:
    print('openjdk version "21.0.8" 2025-07-15 LTS', file=sys.stderr)
    sys.exit()
port = int(next(a for a in sys.argv if a.startswith("--port=")).split("=")[1])
print("arguments:", sys.argv[1:], flush=True)


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        with open(f"calls-{port}", "a") as calls:
            calls.write(f"{self.command} {self.path}\\n")
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.endswith(":export"):
            asked = json.loads(content)
            name = asked["export_name"]
            folder = pathlib.Path(asked["export_directory"], name)
            folder.mkdir()
            (folder / f"{name}.overall_export_metadata").write_text("saved")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *args):
        pass


HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
