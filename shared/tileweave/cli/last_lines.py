"""The end of what a command says, however much that is."""

from __future__ import annotations

import os
from typing import IO

LAST_LINES = 10
MOST_CHARACTERS = 2_000
CHUNK = 64 * 1024

_MOST_BYTES = 8 * MOST_CHARACTERS
"""Of the end that is kept: characters take up to four."""


class LastLines:
    """Reads a pipe to its end and hands it on; keeps the last lines only."""

    def __init__(self, stream: IO[bytes], onto: IO[bytes] | None = None) -> None:
        self._stream = stream
        self._onto = onto
        self._end = b""

    def read(self) -> None:
        """Read to the end."""
        with self._stream as stream:
            while chunk := os.read(stream.fileno(), CHUNK):
                self._end = (self._end + chunk)[-_MOST_BYTES:]
                self._hand_on(chunk)

    def _hand_on(self, chunk: bytes) -> None:
        """Hand it on as long as that can be: it is read in any case, or its writer would wait."""
        if self._onto is None:
            return
        try:
            self._onto.write(chunk)
            self._onto.flush()
        except (OSError, ValueError):
            self._onto = None

    def __str__(self) -> str:
        """Return the last lines."""
        lines = self._end.decode(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(lines)[-MOST_CHARACTERS:]
