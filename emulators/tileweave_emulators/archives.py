"""Published archives: what one must be, to the byte, and how the jar is had out of it."""

import hashlib
import shutil
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from tileweave_emulators.errors import EmulatorNotFound
from tileweave_emulators.files import replacing

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """A file that Google publishes: the jar itself, or a zip that has it as a member."""

    name: str
    size: int
    """In bytes."""
    sha256: str
    member: str | None = None
    """The pattern of the jar's name within the zip; None where the archive is the jar."""

    def is_intact(self, file: Path) -> bool:
        """Tell whether the file is there with the published size and checksum."""
        if not file.is_file() or file.stat().st_size != self.size:
            return False
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == self.sha256

    def jar(self, file: Path) -> Path:
        """Return the jar of the intact archive `file`; what comes from a zip is put beside it.

        Raises:
            EmulatorNotFound: the zip is not one, has no such jar, or has names that leave it.
        """
        if self.member is None:
            return file
        jar = file.with_name(f"{file.stem}-{self.sha256[:12]}.jar")
        try:
            with ZipFile(file) as archive:
                _take(archive, _only_member(archive, self.member), jar)
        except BadZipFile as error:
            raise EmulatorNotFound(f"{file} cannot be unpacked: {error}") from error
        return jar


def _only_member(archive: ZipFile, pattern: str) -> ZipInfo:
    for member in archive.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts:
            raise BadZipFile(f"{member.filename!r} would be written outside of its folder")
    found = [one for one in archive.infolist() if fnmatchcase(one.filename, pattern)]
    if len(found) != 1:
        raise BadZipFile(f"it has {len(found)} files {pattern}, not one")
    return found[0]


def _take(archive: ZipFile, member: ZipInfo, jar: Path) -> None:
    # Nothing but the jar leaves the archive, and to a name that is ours, not the archive's.
    if _is_copy(jar, member):
        return
    with archive.open(member) as content, replacing(jar) as copy:
        shutil.copyfileobj(content, copy, _CHUNK)


def _is_copy(jar: Path, member: ZipInfo) -> bool:
    # The archive was just verified by its SHA-256, so what it says of its member holds.
    if not jar.is_file() or jar.stat().st_size != member.file_size:
        return False
    checksum = 0
    with jar.open("rb") as content:
        while chunk := content.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum == member.CRC
