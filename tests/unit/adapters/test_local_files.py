"""Files of this machine."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tileweave.adapters.places import AnyPlace
from tileweave.domain.errors import NothingThere, PlaceRefused, Unavailable


def test_a_file_is_written_whole_and_read(tmp_path: Path) -> None:
    href = str(tmp_path / "a #1.json")

    AnyPlace().write(href, io.BytesIO(b"first"), "application/json")
    AnyPlace().write(href, io.BytesIO(b"second"), "application/json")

    with AnyPlace().open(href) as opened:
        assert opened.read() == b"second"
    assert [each.name for each in tmp_path.iterdir()] == ["a #1.json"]


class Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise Unavailable("the store went away")
        return super().read(1000)


def test_of_what_breaks_off_while_it_is_written_the_former_file_is_left(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"former")

    with pytest.raises(Unavailable, match="went away"):
        AnyPlace().write(str(tmp_path / "a"), Broken(b"x" * 2000), "text/plain")

    assert (tmp_path / "a").read_bytes() == b"former"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(NothingThere):
        AnyPlace().open(str(tmp_path / "none"))
    with pytest.raises(PlaceRefused, match="a folder or a device"):
        AnyPlace().open(str(tmp_path))
    with pytest.raises(PlaceRefused, match="a folder or a device"):
        AnyPlace().open(str(tmp_path / "pipe"))
    with pytest.raises(PlaceRefused, match="there is no folder"):
        AnyPlace().write(str(tmp_path / "none" / "a"), io.BytesIO(), "text/plain")
    with pytest.raises(PlaceRefused, match="Is a directory"):
        AnyPlace().write(str(tmp_path), io.BytesIO(), "text/plain")


def test_what_the_system_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(Unavailable, match="No space left on device"):
        AnyPlace().write(str(tmp_path / "a"), io.BytesIO(b"a"), "text/plain")
    assert list(tmp_path.iterdir()) == []
