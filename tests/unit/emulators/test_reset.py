"""Deleting topics and subscriptions, page by page."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tileweave_emulators.errors import ResetFailed
from tileweave_emulators.reset import delete_documents, delete_messaging

PAGES = {
    "/v1/projects/p/subscriptions?pageToken=": {
        "subscriptions": [{"name": "projects/p/subscriptions/one"}],
        "nextPageToken": "2",
    },
    "/v1/projects/p/subscriptions?pageToken=2": {
        "subscriptions": [{"name": "projects/p/subscriptions/gone"}]
    },
    "/v1/projects/p/topics?pageToken=": {"topics": [{"name": "projects/p/topics/one"}]},
}


@pytest.fixture
def asked() -> list[str]:
    """Collect what the emulator was asked."""
    return []


@pytest.fixture
def host(asked: list[str]) -> Iterator[str]:
    """Answer as the Pub/Sub emulator does; what ends in "gone" is not there any more."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(f"{self.command} {self.path}")
            self.send_response(404 if self.path.endswith("gone") else 200)
            self.end_headers()
            self.wfile.write(json.dumps(PAGES.get(self.path, {})).encode())

        do_GET = do_DELETE = answer  # noqa: N815 (the names that http.server calls)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_all_pages_are_deleted_subscriptions_first(host: str, asked: list[str]) -> None:
    """One that somebody else deleted in between is as good as deleted."""
    delete_messaging(host, "p")

    assert [one for one in asked if one.startswith("DELETE")] == [
        "DELETE /v1/projects/p/subscriptions/one",
        "DELETE /v1/projects/p/subscriptions/gone",
        "DELETE /v1/projects/p/topics/one",
    ]


def test_an_emulator_that_does_not_answer_is_one_clear_error() -> None:
    """For documents and for messages."""
    with pytest.raises(ResetFailed, match="documents could not be deleted"):
        delete_documents("127.0.0.1:9", "p")
    with pytest.raises(ResetFailed, match="topics and subscriptions could not be deleted"):
        delete_messaging("127.0.0.1:9", "p")
