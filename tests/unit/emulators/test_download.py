"""The download of an archive: verified and whole, or not there."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.emulators.conftest import FileServer, a_jar, published
from tileweave_emulators.archives import Archive
from tileweave_emulators.discovery import no_progress
from tileweave_emulators.download import download
from tileweave_emulators.errors import DownloadFailed


@pytest.fixture
def archive(file_server: FileServer, tmp_path: Path) -> Archive:
    """Publish a small jar on the file server."""
    content = a_jar(tmp_path / "published" / "e.jar")
    file_server.files["/emulator/e.jar"] = content
    return published("e.jar", content)


def test_a_download_tells_its_progress_and_leaves_one_verified_file(
    archive: Archive, file_server: FileServer, tmp_path: Path
) -> None:
    """The last call of the progress says that all of it is there."""
    target, told = tmp_path / "cache" / "e.jar", []

    download(archive, file_server.url, target, lambda *told_now: told.append(told_now))

    assert archive.is_intact(target)
    assert told[-1] == ("e.jar", archive.size, archive.size)
    assert list(target.parent.iterdir()) == [target]


def _truncate(server: FileServer) -> None:
    server.cut_after = 10


def _shorten(server: FileServer) -> None:
    server.files["/emulator/e.jar"] = server.files["/emulator/e.jar"][:-1]


def _lengthen(server: FileServer) -> None:
    server.files["/emulator/e.jar"] += b"more"


def _tamper(server: FileServer) -> None:
    server.files["/emulator/e.jar"] = server.files["/emulator/e.jar"][:-1] + b"\xff"


def _remove(server: FileServer) -> None:
    server.files.clear()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_truncate, "without sending complete message body"),
        (_shorten, "it ended after"),
        (_lengthen, "it is longer than the published"),
        (_tamper, "its SHA-256 is .*, not the published"),
        (_remove, "the server answers 404"),
    ],
)
def test_a_spoilt_download_is_one_clear_error_and_leaves_what_was_there(
    spoil: Callable[[FileServer], None],
    told: str,
    archive: Archive,
    file_server: FileServer,
    tmp_path: Path,
) -> None:
    """Truncated, shorter, longer, tampered with or absent: an older file stays as it was."""
    target = tmp_path / "cache" / "e.jar"
    target.parent.mkdir()
    target.write_bytes(b"older")
    spoil(file_server)

    with pytest.raises(DownloadFailed, match=told) as raised:
        download(archive, file_server.url, target, no_progress)

    assert "\n" not in str(raised.value)
    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == b"older"


@pytest.mark.parametrize("mirror", ["http://127.0.0.1:9", "no-url", "http://[", "http://x\n"])
def test_a_server_that_cannot_be_reached_is_the_same_error(
    mirror: str, archive: Archive, tmp_path: Path
) -> None:
    """Also where the mirror is no URL at all."""
    with pytest.raises(DownloadFailed, match="the download of"):
        download(archive, mirror, tmp_path / "cache" / "e.jar", no_progress)


def test_downloads_at_the_same_time_do_not_disturb_each_other(
    archive: Archive, file_server: FileServer, tmp_path: Path
) -> None:
    """Four that are all under way before any ends: each ends well, and one whole file stays."""
    target = tmp_path / "cache" / "e.jar"
    file_server.before_body = threading.Barrier(4, timeout=10).wait

    with ThreadPoolExecutor(4) as pool:
        one = (archive, file_server.url, target, no_progress)
        list(pool.map(lambda _: download(*one), range(4)))

    assert archive.is_intact(target)
    assert list(target.parent.iterdir()) == [target]


def test_an_interrupted_download_leaves_nothing(
    archive: Archive, file_server: FileServer, tmp_path: Path
) -> None:
    """Whatever ends it, here Ctrl-C, takes the temporary file with it."""

    def interrupt(*_told: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(archive, file_server.url, tmp_path / "cache" / "e.jar", interrupt)
    assert list((tmp_path / "cache").iterdir()) == []
