"""Replacing a file as a whole."""

import os
import time
from pathlib import Path

from tileweave_emulators.files import replacing


def test_what_a_killed_process_left_is_swept_up_after_a_day_and_no_sooner(tmp_path: Path) -> None:
    """A younger temporary file may still be written by another process."""
    old, young = tmp_path / "e.jar.aaa.part", tmp_path / "e.jar.bbb.part"
    for part in (old, young):
        part.touch()
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))

    with replacing(tmp_path / "e.jar") as file:
        file.write(b"new")

    assert (tmp_path / "e.jar").read_bytes() == b"new"
    assert young.exists()
    assert not old.exists()
