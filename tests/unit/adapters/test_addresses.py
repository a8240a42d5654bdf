"""What is on the list of places is allowed, and nothing else is ever contacted."""

from __future__ import annotations

import io
import posixpath
import re
import socket
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileweave.adapters.places import AllowedPlaces, AnyPlace
from tileweave.adapters.places.addresses import Address, file_at
from tileweave.domain.errors import PlaceRefused

LIST = "s3://bucket/prefix, gs://other-bucket,https://host.example/path/,http://127.0.0.1:8001/a"


class Noted:
    """Files that only note which were asked for."""

    def __init__(self) -> None:
        self.asked: list[Address] = []

    def open(self, address: Address) -> Any:  # noqa: ANN401 - a file
        self.asked.append(address)
        return io.BytesIO(b"")

    def write(self, address: Address, content: object, media_type: str) -> None:
        self.asked.append(address)


def places(text: str = LIST) -> tuple[AllowedPlaces, Noted]:
    files = Noted()
    found = AllowedPlaces.of(text)
    return AllowedPlaces(found._folders, files), files  # noqa: SLF001 - the list, with other files


@pytest.mark.parametrize(
    "href",
    [
        "s3://bucket/prefix",
        "s3://bucket/prefix/a",
        "s3://bucket/prefix/a b/c.zip",
        "S3://bucket/prefix/a",
        "s3://bucket/prefix/a..b/.c",
        "gs://other-bucket/any/thing",
        "https://host.example/path",
        "https://host.example:443/path/a%20b",
        "HTTPS://HOST.example/path/a",
        "http://127.0.0.1:8001/a/b",
    ],
)
def test_what_is_on_the_list_is_read_and_written(href: str) -> None:
    allowed, files = places()

    allowed.open(href)
    allowed.write(href, io.BytesIO(), "text/plain")

    assert len(files.asked) == 2


@pytest.mark.parametrize(
    "href",
    [
        "",
        "prefix/a",
        "/etc/passwd",
        "file:///etc/passwd",
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/prefix-other/a",
        "s3://bucket/prefixa",
        "s3://bucket/pre",
        "s3://bucket-other/prefix/a",
        "s3://bucket.s3.evil.example/prefix/a",
        "s3://Bucket/prefix/a",
        "s3://bucket:80/prefix/a",
        "s3://user@bucket/prefix/a",
        "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/prefix/a",
        "s3://bucket/prefix/../secret",
        "s3://bucket/prefix/./a",
        "s3://bucket/prefix//a",
        "s3://bucket//prefix/a",
        "s3:///bucket/prefix/a",
        "s3://bucket/prefix/a/",
        "s3://bucket/prefix/%2e%2e/secret",
        "s3://bucket/prefix/%252e%252E/secret",
        "s3://bucket/prefix/%25252525252e/secret",
        "s3://bucket/prefix/a%2fb",
        "s3://bucket/prefix/a%5Cb",
        "s3://bucket/prefix\\..\\secret",
        "s3://bucket/prefix/\uff0e\uff0e/secret",
        "s3://bucket/prefix/a?versionId=1",
        "s3://bucket/prefix/a#b",
        "s3://bucket/prefix/a\nb",
        "s3://bucket/prefix/a\0b",
        "s3://bucket/prefix/a\u200bb",
        "s3://bucket/prefix/..;/secret",
        "s3://bucket/prefix/" + "a" * 2_048,
        "gs://other-bucket-2/a",
        "gs://bucket/prefix/a",
        "https://host.example@evil.example/path/a",
        "https://host.example%40evil.example/path/a",
        "https://host.example:secret@evil.example/path/a",
        "https://evil.example#host.example/path/a",
        "https://evil.example?host.example/path/a",
        "https://evil.example\\host.example/path/a",
        "https://host.example.evil.example/path/a",
        "https://host.example./path/a",
        "https://host.example:8443/path/a",
        "https://host.example:/path/a",
        "https://host.example:443443/path/a",
        "https://h\u043est.example/path/a",
        "https://host\u3002example/path/a",
        "https://host.example/path/a?q=1",
        "https://host.example/path/a b",
        "https://host.example/path/ä",
        "https://host.example/p%61th/a",
        "https://host.example/path%2F..%2Fsecret",
        "https://host.example/path/%2e%2e/secret",
        "https://host.example/path/..;/secret",
        "https://host.example/PATH/a",
        "https://host.example/path/%zz",
        "https:/host.example/path/a",
        "https:host.example/path/a",
        "//host.example/path/a",
        "http://host.example/path/a",
        "http://127.0.0.1/a/b",
        "http://127.0.0.1:8001/b",
        "http://127.1:8001/a/b",
        "http://2130706433:8001/a/b",
        "http://0x7f000001:8001/a/b",
        "http://localhost:8001/a/b",
        "http://[::1]:8001/a/b",
        "http://169.254.169.254/latest/meta-data",
        "ftp://host.example/path/a",
        "data:text/plain,a",
        " s3://bucket/prefix/a",
    ],
)
def test_what_is_not_on_the_list_is_refused_and_never_contacted(href: str) -> None:
    allowed, files = places()

    with pytest.raises(PlaceRefused):
        allowed.open(href)
    with pytest.raises(PlaceRefused):
        allowed.write(href, io.BytesIO(), "text/plain")

    assert files.asked == []


TOKENS = st.sampled_from(
    ["prefix", "path", "a", ".", "..", "/", "//", "\\", "%2e", "%2F", "%252e", "%5c", ";", "?", "#",
     "@", ":", ":443", "evil.example", "host.example", "bucket", "\uff0e", "%",
     " ", "\t", "%00", "é"]
)  # fmt: skip
BEGINS = st.sampled_from(
    ["s3://bucket", "s3://bucket/prefix", "https://host.example", "https://host.example/path",
     "https://", "s3://", "HTTPS://Host.Example/path"]
)  # fmt: skip


@given(BEGINS, st.lists(TOKENS, max_size=8))
def test_whatever_is_let_through_is_in_the_list_however_it_is_read(
    begin: str, tokens: list[str]
) -> None:
    """An independent reading: decode until nothing changes, resolve dots, compare."""
    allowed, files = places("s3://bucket/prefix,https://host.example/path")
    try:
        allowed.open(begin + "".join(tokens))
    except PlaceRefused:
        return
    sent = str(files.asked[0])
    while unquote(sent) != sent:
        sent = unquote(sent)
    scheme, rest = sent.split("://")
    path = posixpath.normpath(rest.replace("\\", "/"))
    place = {"s3": "bucket/prefix", "https": "host.example/path"}[scheme]
    assert path == place or path.startswith(f"{place}/")


def test_nothing_is_looked_up_or_connected_to_for_an_address_that_is_not_on_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not by the real clients either: no name is resolved, and a server that listens hears none."""

    def never(*_: object, **__: object) -> NoReturn:
        raise AssertionError("an address was contacted")

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        port = server.getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", never)
        monkeypatch.setattr(socket.socket, "connect", never)
        allowed = AllowedPlaces.of(LIST)
        for href in (
            f"http://127.0.0.1:{port}/a/b",
            f"https://127.0.0.1:{port}/path/a",
            "https://evil.example/path/a",
            "s3://evil-bucket/prefix/a",
            "gs://evil-bucket/a",
        ):
            with pytest.raises(PlaceRefused):
                allowed.open(href)
            with pytest.raises(PlaceRefused):
                allowed.write(href, io.BytesIO(b"a"), "text/plain")
        with pytest.raises(TimeoutError):
            server.accept()


def test_without_a_list_nothing_is_allowed() -> None:
    for text in ("", " , \n"):
        with pytest.raises(PlaceRefused, match="TILEWEAVE_PLACES is empty"):
            AllowedPlaces.of(text).open("s3://bucket/prefix/a")


@pytest.mark.parametrize(
    "entry",
    [
        "bucket",
        "s3://",
        "s3://Bucket",
        "s3://a",
        "s3://192.168.1.1/a",
        "s3://bucket--x-s3/a",
        "s3://a..b/c",
        "s3://a-.b/c",
        "s3://bucket/a/../b",
        "https://user:secret@host.example/a",
        "https://host.example/a?b",
        "https://*.example",
        "http://host.example/a",
        "file://host/a",
        "file:///",
        "ftp://host.example",
    ],
)
def test_an_entry_that_is_no_place_is_told_by_its_name(entry: str) -> None:
    with pytest.raises(ValueError, match=f"TILEWEAVE_PLACES: {re.escape(entry)}"):
        AllowedPlaces.of(f"s3://bucket,{entry}")


def test_files_of_this_machine_are_allowed_by_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "good-link").symlink_to(tmp_path / "in" / "a")
    allowed = AllowedPlaces.of(f"file://{tmp_path}/in")

    for name in ("a", "good-link"):
        with allowed.open(f"file://{tmp_path}/in/{name}") as opened:
            assert opened.read() == b"inside"
    allowed.write(f"file://{tmp_path}/in/b", io.BytesIO(b"new"), "text/plain")
    assert (tmp_path / "in" / "b").read_bytes() == b"new"
    for href in (f"file://{tmp_path}/in/link", f"file://{tmp_path}/secret", str(tmp_path / "in/a")):
        with pytest.raises(PlaceRefused):
            allowed.open(href)
    with pytest.raises(PlaceRefused, match="leads out"):
        allowed.write(f"file://{tmp_path}/in/link", io.BytesIO(b"new"), "text/plain")


def test_a_person_names_any_address_and_paths(tmp_path: Path) -> None:
    files = Noted()
    anywhere = AnyPlace(files)

    for href in ("s3://any/key", "https://signed.example/a?X-Amz-Signature=b", "scenes #1.json"):
        anywhere.open(href)
    anywhere.write(str(tmp_path / "a"), io.BytesIO(), "text/plain")

    assert [each.scheme for each in files.asked] == ["s3", "https", "file", "file"]
    assert files.asked[1].url == "https://signed.example/a?X-Amz-Signature=b"
    assert files.asked[2].path == str(Path("scenes #1.json").absolute())


def test_a_signature_is_in_no_text_of_an_address() -> None:
    assert str(file_at("https://a.example/b?X-Amz-Signature=c", queries=True)) == (
        "https://a.example/b"
    )


@pytest.mark.parametrize(
    "href", ["https://a.example/b?c d", "https://a.example/b?c#d", "https://a.example/b?ä"]
)
def test_a_query_that_is_not_encoded_is_refused(href: str) -> None:
    with pytest.raises(PlaceRefused, match="query"):
        AnyPlace(Noted()).open(href)
