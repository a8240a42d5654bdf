"""A file that is read by ranges."""

from __future__ import annotations

import pytest

from tileweave.adapters.places.ranged import RangedFile, opened
from tileweave.domain.errors import Unavailable


class Held:
    """Bytes that note which of them were asked for; `short` of each answer is missing."""

    def __init__(self, content: bytes, short: int = 0) -> None:
        self.content = content
        self.size = len(content)
        self.short = short
        self.asked: list[tuple[int, int]] = []
        self.closed = 0

    def read(self, start: int, stop: int) -> bytes:
        self.asked.append((start, stop))
        return self.content[start : stop - self.short]

    def close(self) -> None:
        self.closed += 1


def test_places_in_a_file_are_as_in_any_other() -> None:
    with opened(Held(bytes(range(256))), "s3://archive/a") as found:
        assert found.readable()
        assert found.seekable()
        assert found.seek(10) == 10
        assert found.seek(5, 1) == 15
        assert found.read(1) == b"\x0f"
        assert found.seek(-1, 2) == 255
        assert found.tell() == 255
        assert found.seek(1_000) == 1_000
        assert found.read() == b""
    raw = RangedFile(Held(b"a"), "s3://archive/a")
    with pytest.raises(ValueError, match="before the begin"):
        raw.seek(-1)
    raw.close()


def test_what_is_read_twice_is_asked_for_once() -> None:
    held = Held(b"x" * 1_000_000)
    with opened(held, "s3://archive/a") as found:
        for _ in range(3):
            found.seek(0)
            found.read(100)
            found.seek(-100, 2)
            found.read(100)

    assert held.asked == [(0, 65_536), (1_000_000 - 65_536, 1_000_000)]


def test_a_file_is_let_go_of_once() -> None:
    held = Held(b"x")
    found = opened(held, "s3://archive/a")
    found.close()
    found.close()

    assert held.closed == 1


def test_less_than_was_asked_for_is_another_file() -> None:
    with opened(Held(b"x" * 100, short=1), "s3://archive/a") as found, pytest.raises(Unavailable):
        found.read(10)
