"""What a published archive must be, and how its jar is had out of it."""

from pathlib import Path

import pytest

from tests.unit.emulators.conftest import a_jar, a_zip, published
from tileweave_emulators.errors import EmulatorNotFound

PATTERN = "*/lib/*-all.jar"


def test_an_archive_is_intact_only_with_its_size_and_checksum(tmp_path: Path) -> None:
    """One bit more, less or other, or no file at all: it is not intact."""
    file = tmp_path / "emulator.jar"
    archive = published(file.name, content := a_jar(file))

    assert archive.is_intact(file)
    for other in (content[:-1], content + b"x", bytes([content[0] ^ 1]) + content[1:]):
        file.write_bytes(other)
        assert not archive.is_intact(file)
    assert not archive.is_intact(tmp_path / "absent.jar")


def test_a_jar_that_is_published_as_it_is_needs_no_unpacking(tmp_path: Path) -> None:
    """The archive itself is run."""
    file = tmp_path / "emulator.jar"
    archive = published(file.name, a_jar(file))

    assert archive.jar(file) == file


@pytest.mark.parametrize("folder", ["pubsub-emulator", "pubsub-emulator-0.8.30/pubsub-emulator"])
def test_the_jar_of_a_zip_is_put_beside_it_wherever_it_is_inside(
    folder: str, tmp_path: Path
) -> None:
    """Both layouts that were published are read, and nothing but the jar is written."""
    content = a_jar(tmp_path / "made" / "a.jar")
    file = tmp_path / "cache" / "pubsub-emulator-0.8.30.zip"
    members = {f"{folder}/lib/cloud-pubsub-emulator-0.8.30-all.jar": content, "bin/x": b"#!"}
    archive = published(file.name, a_zip(file, members), PATTERN)

    jar = archive.jar(file)

    assert jar.read_bytes() == content
    assert set(file.parent.iterdir()) == {file, jar}


def test_an_unpacked_jar_is_used_again_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    """It is compared with what the verified zip holds, by length and by checksum."""
    content = a_jar(tmp_path / "made" / "a.jar")
    file = tmp_path / "e.zip"
    archive = published(file.name, a_zip(file, {"e/lib/x-all.jar": content}), PATTERN)
    jar = archive.jar(file)
    written = jar.stat().st_ino

    assert archive.jar(file).stat().st_ino == written
    for damaged in (content[:-5], content[:-1] + bytes([content[-1] ^ 1])):
        jar.write_bytes(damaged)
        assert archive.jar(file).read_bytes() == content


@pytest.mark.parametrize("name", ["../lib/x-all.jar", "/etc/lib/x-all.jar", "a\\..\\..\\x"])
def test_a_zip_with_names_that_leave_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing of it is written."""
    file = tmp_path / "cache" / "e.zip"
    members = {name: b"evil", "e/lib/good-all.jar": b"good"}
    archive = published(file.name, a_zip(file, members), PATTERN)

    with pytest.raises(EmulatorNotFound, match="outside of its folder"):
        archive.jar(file)
    assert list(tmp_path.rglob("*")) == [file.parent, file]


def test_a_zip_without_the_jar_and_a_file_that_is_no_zip_are_refused(tmp_path: Path) -> None:
    """Each is told in one sentence."""
    empty, no_zip = tmp_path / "empty.zip", tmp_path / "no.zip"
    no_zip.write_bytes(b"<html>")

    with pytest.raises(EmulatorNotFound, match="0 files"):
        published("empty.zip", a_zip(empty, {"readme": b""}), PATTERN).jar(empty)
    with pytest.raises(EmulatorNotFound, match="cannot be unpacked"):
        published("no.zip", b"<html>", PATTERN).jar(no_zip)
