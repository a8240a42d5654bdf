"""Objects of S3, played by moto."""

from __future__ import annotations

import http.server
import io
import re
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, NoCredentialsError

from tests.aws import Asked, Aws
from tileweave.adapters.places import AllowedPlaces, AnyPlace
from tileweave.adapters.places.patience import TRIES
from tileweave.adapters.places.s3 import S3
from tileweave.adapters.places.s3_errors import error_of, error_of_client
from tileweave.domain.errors import NothingThere, PlaceRefused, Unavailable

MB = 1024 * 1024


def places() -> AllowedPlaces:
    return AllowedPlaces.of("s3://archive")


def test_an_object_is_read_in_pieces_as_it_is_asked_for(aws: Aws) -> None:
    content = bytes(range(256)) * 4 * 1024
    href = aws.put("a/b.bin", content)

    with places().open(href) as opened:
        assert opened.seekable()
        assert opened.read(10) == content[:10]
        assert opened.seek(500_000) == 500_000
        assert opened.read(10) == content[500_000:500_010]
        opened.seek(-10, io.SEEK_END)
        assert opened.read() == content[-10:]
        opened.seek(-300, io.SEEK_END)
        assert opened.read(20) == content[-300:-280]
    assert [(each.method, each.size) for each in aws.asked] == [
        ("HEAD", 0),
        ("GET", 65536),
        ("GET", 65536),
        ("GET", 65536),
    ]


def test_a_whole_object_is_read_by_few_requests_of_bounded_size(aws: Aws) -> None:
    content = bytes(range(256)) * 4 * 1024 * 12
    href = aws.put("large", content)

    with places().open(href) as opened:
        parts = iter(lambda: opened.read(100_000), b"")
        assert b"".join(parts) == content
    assert len(aws.asked) < 30
    assert max(each.size for each in aws.asked) <= 4 * MB


@pytest.mark.parametrize("content", [b"", b"a", b"a\nb\n"])
def test_small_objects_are_read_whole(aws: Aws, content: bytes) -> None:
    with places().open(aws.put("small", content)) as opened:
        assert opened.read() == content
        assert opened.read() == b""


def test_an_object_that_changes_while_it_is_read_is_an_error(aws: Aws) -> None:
    href = aws.put("a", b"1" * MB)

    with places().open(href) as opened:
        opened.read(10)
        aws.put("a", b"2" * MB)
        opened.seek(500_000)
        with pytest.raises(Unavailable, match="changed while it was read"):
            opened.read(10)


def test_an_object_that_is_deleted_while_it_is_read_is_an_error(aws: Aws) -> None:
    href = aws.put("a", b"1" * MB)

    with places().open(href) as opened:
        opened.read(10)
        aws.s3.delete_object(Bucket="archive", Key="a")
        opened.seek(500_000)
        with pytest.raises(NothingThere):
            opened.read(10)


@pytest.mark.parametrize("size", [0, 5, 9 * MB])
def test_an_object_is_written_with_its_media_type(aws: Aws, size: int) -> None:
    content = b"x" * size

    places().write("s3://archive/out/a.json", io.BytesIO(content), "application/geo+json")

    assert aws.get("out/a.json") == content
    found = aws.s3.head_object(Bucket="archive", Key="out/a.json")
    assert found["ContentType"] == "application/geo+json"


class Broken(io.RawIOBase):
    """Breaks off after 20 MB."""

    left = 20 * MB

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - typeshed's own
        if not self.left:
            raise Unavailable("the store went away")
        size = min(len(buffer), self.left)
        buffer[:size] = b"x" * size
        self.left -= size
        return size


def test_of_what_breaks_off_while_it_is_written_nothing_is_there(aws: Aws) -> None:
    with pytest.raises(Unavailable, match="went away"):
        places().write("s3://archive/a", io.BufferedReader(Broken()), "text/plain")

    assert aws.keys() == []
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket="archive")


def test_what_is_not_there_is_told(aws: Aws) -> None:
    with pytest.raises(NothingThere, match=re.escape("s3://archive/none: there is no such file.")):
        places().open("s3://archive/none")
    with pytest.raises(PlaceRefused, match="there is no such bucket"):
        AnyPlace().write("s3://no-such-bucket/a", io.BytesIO(b"a"), "text/plain")


def test_without_credentials_it_is_told_what_to_set(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)

    with pytest.raises(PlaceRefused, match="no AWS credentials here: set") as raised:
        places().open("s3://archive/a")
    assert isinstance(raised.value.__cause__, NoCredentialsError)
    with pytest.raises(PlaceRefused, match="no AWS credentials here: set"):
        places().write("s3://archive/a", io.BytesIO(b"a"), "text/plain")
    assert aws.asked == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AccessDenied", PlaceRefused, "forbids it"),
        (403, "403", PlaceRefused, "forbids it"),
        (403, "InvalidObjectState", PlaceRefused, "archived"),
        (403, "InvalidAccessKeyId", PlaceRefused, "does not know the credentials"),
        (400, "ExpiredToken", PlaceRefused, "have run out"),
        (301, "PermanentRedirect", PlaceRefused, "another region: set AWS_REGION"),
        (404, "404", NothingThere, "no such file"),
        (412, "PreconditionFailed", Unavailable, "changed while"),
        (416, "InvalidRange", Unavailable, "changed while"),
        (503, "SlowDown", Unavailable, "does not answer now"),
        (400, "RequestTimeout", Unavailable, "does not answer now"),
        (400, "Odd", PlaceRefused, "S3 refuses it: Odd Very odd."),
    ],
)
def test_each_answer_is_one_clear_error(
    status: int, code: str, kind: type[Exception], said: str
) -> None:
    answer: Any = {
        "Error": {"Code": code, "Message": "Very odd."},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }

    found = error_of(ClientError(answer, "GetObject"), "s3://archive/a")

    assert isinstance(found, kind)
    assert said in str(found)
    assert "s3://archive/a" in str(found)


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that answers each request by a redirect to a second one, and notes what comes."""
    asked: list[str] = []

    class Redirects(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(f"{self.server.server_port} {self.path}")  # type: ignore[attr-defined]
            self.send_response(301)
            self.send_header("Location", f"http://127.0.0.1:{second.server_port}/stolen")
            self.send_header("x-amz-bucket-region", "us-west-2")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_PUT = do_HEAD  # noqa: N815 - names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirects) for _ in range(2)]
    first, second = servers
    for each in servers:
        threading.Thread(target=each.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{first.server_port}", asked
    for each in servers:
        each.shutdown()
        each.server_close()


def test_a_bucket_that_is_said_to_be_elsewhere_leads_the_client_nowhere_else(
    aws: Aws, elsewhere: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, asked = elsewhere
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    with pytest.raises(PlaceRefused, match="another region"):
        places().open("s3://archive/a")

    port = url.rpartition(":")[2]
    assert asked
    assert all(each.startswith(f"{port} /archive") for each in asked)


def test_a_service_that_does_not_listen_is_unavailable(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)

    with pytest.raises(Unavailable):
        places().open("s3://archive/a")


class _BrokenBody:
    """An S3 whose answers break off."""

    def __init__(self) -> None:
        self.calls = 0

    def get_object(self, **_: object) -> Any:  # noqa: ANN401 - boto3's own
        from botocore.exceptions import ReadTimeoutError  # noqa: PLC0415 - of this test only

        self.calls += 1
        body = self

        class Body:
            def read(self) -> bytes:
                if body.calls < TRIES:
                    raise ReadTimeoutError(endpoint_url="s3")
                return b"x" * MB

        return {"ETag": '"1"', "Body": Body()}

    def head_object(self, **_: object) -> Any:  # noqa: ANN401 - boto3's own
        return {"ETag": '"1"', "ContentLength": MB}


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    s3, client = S3(), _BrokenBody()
    s3.__dict__["_client"] = client
    found = AllowedPlaces(places()._folders, s3).open("s3://archive/a")  # noqa: SLF001 - the list

    assert len(found.read(MB)) == MB
    assert client.calls == TRIES


def test_a_client_is_made_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.put("a", b"1")
    made: list[object] = []
    real = boto3.session.Session

    def noted() -> boto3.session.Session:
        made.append(real())
        return real()

    monkeypatch.setattr(boto3.session, "Session", noted)
    found = places()

    for _ in range(3):
        found.open("s3://archive/a").close()

    assert len(made) == 1
    assert aws.asked == [Asked("HEAD", "/archive/a", 0)] * 3


def test_what_the_client_itself_refuses_is_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no URL")

    with pytest.raises((PlaceRefused, Unavailable), match="s3://"):
        places().open("s3://archive/a")


@pytest.mark.parametrize(
    "raised", [ClientError({"Error": {"Code": "SlowDown"}}, "PutObject"), None]
)
def test_an_upload_that_failed_is_told_by_its_cause(raised: ClientError | None) -> None:
    failed = S3UploadFailedError("Failed to upload.")
    failed.__cause__ = raised

    found = error_of_client(failed, "s3://archive/a")

    assert isinstance(found, Unavailable if raised else PlaceRefused)
    assert "s3://archive/a: " in str(found)
