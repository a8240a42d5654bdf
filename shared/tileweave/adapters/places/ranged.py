"""A file that is read by range requests: few for what is read here and there, large ones in a row.

Every request asks for the version that was there when the file was opened.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

from tileweave.domain.errors import Unavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AHEAD = 64 * 1024
"""Bytes that are asked for at least, and at the end of the file at once: an archive's directory."""

MOST_AHEAD = 4 * 1024 * 1024

SHORT_RUN = 4
"""Requests in a row that ask for no more than is wanted: a part of an archive, perhaps."""


class Source(Protocol):
    """One version of a file."""

    size: int

    def read(self, start: int, stop: int) -> bytes:
        """Return its bytes from `start` to before `stop`, both within its size, at least one.

        Raises NothingThere, PlaceRefused, Unavailable (also if it is another version by now).
        """

    def close(self) -> None:
        """Let go of connections."""


def changed(href: str) -> Unavailable:
    """Return the error of a file that is another than the one that was opened."""
    return Unavailable(f"{href} changed while it was read: try again.")


def opened(source: Source, href: str) -> io.BufferedReader:
    """Return a file that reads a source."""
    return io.BufferedReader(RangedFile(source, href), AHEAD)


class RangedFile(io.RawIOBase):
    """Keeps what was read last, and the end of the file."""

    def __init__(self, source: Source, href: str) -> None:
        super().__init__()
        self._source = source
        self._href = href
        self._at = 0
        self._window = (0, b"")
        self._end = (source.size, b"")
        self._in_a_row = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place; nothing is asked for until something is read there."""
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        if begin + offset < 0:
            raise ValueError("a place before the begin of the file")
        self._at = begin + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what fits, or up to the end."""
        room = memoryview(buffer).cast("B")
        stop = min(self._at + len(room), self._source.size)
        if stop <= self._at:
            return 0
        data = self._kept(stop) or self._fetched(stop)
        room[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Let go of connections."""
        if not self.closed:
            self._source.close()
        super().close()

    def _kept(self, stop: int) -> bytes:
        for start, data in (self._window, self._end):
            if start <= self._at < start + len(data):
                return data[self._at - start : stop - start]
        return b""

    def _fetched(self, stop: int) -> bytes:
        size, window = self._source.size, self._window
        if self._at >= size - AHEAD:
            start = max(0, size - AHEAD)
            self._end = (start, self._asked(start, size))
            return self._kept(stop)
        goes_on = self._at == window[0] + len(window[1])
        self._in_a_row = self._in_a_row + 1 if goes_on else 0
        ahead = min(AHEAD << max(0, self._in_a_row - SHORT_RUN), MOST_AHEAD)
        self._window = (self._at, self._asked(self._at, min(size, max(stop, self._at + ahead))))
        return self._kept(stop)

    def _asked(self, start: int, stop: int) -> bytes:
        data = self._source.read(start, stop)
        if len(data) != stop - start:
            raise changed(self._href)
        return data
