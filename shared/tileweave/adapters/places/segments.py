"""The parts of an address between slashes; none may lead anywhere else, however it is decoded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

MOST_DECODINGS = 4

_ENCODED = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*")
"""What RFC 3986 allows in a segment."""


def segments_of(path: str, *, encoded: bool) -> tuple[str, ...]:
    """Return the segments of a path that begins with a slash; none of an empty one, or of `/`.

    `encoded`: it is that of a URL, percent-encoded. Raises ValueError for every segment that is
    empty, or `.` or `..`, or that holds a slash, however often it is decoded.
    """
    if path in ("", "/"):
        return ()
    segments = tuple(path.removeprefix("/").split("/"))
    for each in segments:
        _check(each, encoded=encoded)
    return segments


def _check(segment: str, *, encoded: bool) -> None:
    if not segment:
        raise ValueError("has an empty part: two slashes, or one at its end")
    if {"?", "#"} & set(segment):
        raise ValueError("has a query or a fragment (? or #)")
    for form in _forms(segment):
        if {"/", "\\"} & set(form):
            raise ValueError("has a slash that is encoded, or a backslash")
        if form.partition(";")[0].strip() in (".", ".."):
            raise ValueError("has a part that is . or ..")
        if any(unicodedata.category(each).startswith("C") for each in form):
            raise ValueError("has a character that cannot be seen")
    if encoded and not _ENCODED.fullmatch(segment):
        raise ValueError("has a character that must be percent-encoded")


def _forms(segment: str) -> Iterator[str]:
    """Return what a segment may be taken for. Raises ValueError if there is no end to it."""
    for _ in range(MOST_DECODINGS):
        yield segment
        yield unicodedata.normalize("NFKC", segment)
        decoded = unquote(segment, errors="replace")
        if decoded == segment:
            return
        segment = decoded
    raise ValueError("is percent-encoded again and again")
