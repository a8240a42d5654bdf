"""Files behind HTTPS."""

from __future__ import annotations

import re
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from requests import Response

from tileweave.adapters.places.addresses import Address
from tileweave.adapters.places.https_calls import Calls, check
from tileweave.adapters.places.patience import BrokenOff, again
from tileweave.adapters.places.ranged import AHEAD, changed, opened
from tileweave.domain.errors import PlaceRefused

OK, PART, NOT_IN_RANGE = 200, 206, 416

MOST_WHOLE = 512 * 1024 * 1024
"""Bytes of a file that is read at once, from a server that answers no ranges."""

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class Https:
    """Reads and writes files; redirects are followed only if `follow` says so."""

    def __init__(self, *, follow: bool = False) -> None:
        self._calls = Calls(follow=follow)

    def open(self, address: Address) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""
        return again(self._open, address)

    def _open(self, address: Address) -> BinaryIO:
        href = str(address)
        with self._calls.get(address, 0, AHEAD) as answer:
            if _is_empty(answer):
                return BytesIO()
            if answer.status_code == OK:
                return _whole(answer, href)
            check(answer, href)
            version = _version(answer, href)
            source = _Version(self._calls, address, version, _body(answer, 0, AHEAD, href))
        return opened(source, href)

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Send a file by PUT; that it is whole or nothing there is the server's promise."""
        self._calls.put(address, content, media_type)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What tells one version of a file from another."""

    size: int
    etag: str
    modified: str


class _Version:
    """A file as it was when it was opened."""

    def __init__(self, calls: Calls, address: Address, seen: _Seen, begin: bytes) -> None:
        self.size = seen.size
        self._calls = calls
        self._address = address
        self._seen = seen
        self._begin = begin

    def read(self, start: int, stop: int) -> bytes:
        """Return some of its bytes; raises Unavailable if it is another file by now."""
        if stop <= len(self._begin):
            return self._begin[start:stop]
        return again(self._read, start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        href = str(self._address)
        with self._calls.get(self._address, start, stop) as answer:
            if answer.status_code in (OK, NOT_IN_RANGE):
                raise changed(href)
            check(answer, href)
            if _version(answer, href) != self._seen:
                raise changed(href)
            return _body(answer, start, stop, href)

    def close(self) -> None:
        """Do nothing: connections are those of each call."""


def _is_empty(answer: Response) -> bool:
    """Whether a server says of no range that it is in a file, since it has no bytes."""
    size = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return answer.status_code == NOT_IN_RANGE and size == "0"


def _version(answer: Response, href: str) -> _Seen:
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status_code != PART or found is None:
        raise PlaceRefused(href, "its server does not say how large it is.")
    headers = answer.headers
    return _Seen(int(found[3]), headers.get("ETag", ""), headers.get("Last-Modified", ""))


def _body(answer: Response, start: int, stop: int, href: str) -> bytes:
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None or found[1] != str(start) or not start <= int(found[2]) < stop:
        raise PlaceRefused(href, "its server answers another part than was asked for.")
    size = int(found[2]) - start + 1
    data = bytes(answer.raw.read(size))
    if len(data) != size:
        raise BrokenOff(f"{href}: an answer broke off.")
    return data


def _whole(answer: Response, href: str) -> BinaryIO:
    """Return all of a file, kept on disk, as its server sends it."""
    with ExitStack() as stack:
        kept = stack.enter_context(tempfile.TemporaryFile())
        for piece in answer.iter_content(AHEAD):
            _check_size(kept.tell() + len(piece), href)
            kept.write(piece)
        kept.seek(0)
        stack.pop_all()
    return kept


def _check_size(size: int, href: str) -> None:
    if size > MOST_WHOLE:
        said = f"is larger than {MOST_WHOLE} bytes, and its server answers no ranges."
        raise PlaceRefused(href, said)
