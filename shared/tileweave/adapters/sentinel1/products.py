"""Products in archives (`.zip`) or unpacked (`.SAFE`), read at their places without a copy."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, BinaryIO, cast

from tileweave.adapters.sentinel1.annotation import annotations_of, swath_of, track_of
from tileweave.domain.ingestion import NewTile
from tileweave.domain.sentinel1 import BadAnnotation, Track, tiles_of
from tileweave.usecases.places import Places
from tileweave.usecases.products import BadProduct

MANIFEST = "manifest.safe"

MOST_FILE = 32 * 1024 * 1024
"""Bytes of a manifest or an annotation: real ones have about 2 MB."""

MOST_READ = 128 * 1024 * 1024
"""Bytes that are read of an archive."""

MOST_DIRECTORY = 4 * 1024 * 1024
"""Bytes of its directory, of which each file takes about 150: real ones have less than a hundred
files."""


class Sentinel1Products:
    """Reads the manifest and an annotation for each swath, a hundred times less than all of it."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def tiles(self, href: str) -> list[NewTile]:
        """Return a tile for each burst.

        Raises BadProduct, PlaceRefused, NothingThere, Unavailable.
        """
        with ExitStack() as stack:
            files = stack.enter_context(self._files(href))
            with _told(href, MANIFEST):
                manifest = files.read(MANIFEST)
                track, names = track_of(manifest), annotations_of(manifest)
                if not names:
                    raise BadAnnotation("it lists no annotation of a swath")
            tiles = [tile for name in names for tile in _tiles(files, href, name, track)]
        _refuse_twice(tiles, href)
        return tiles

    @contextmanager
    def _files(self, href: str) -> Iterator[_Folder | _Archive]:
        base = href.rstrip("/").removesuffix(f"/{MANIFEST}")
        if base.lower().endswith(".safe"):
            yield _Folder(self._places, base)
            return
        with self._places.open(href) as opened, _told(href, "the archive"):
            limited = _Limited(opened, MOST_DIRECTORY)
            with zipfile.ZipFile(cast("IO[bytes]", limited)) as archive:
                limited.left = MOST_READ
                yield _Archive(archive)


def _tiles(files: _Folder | _Archive, href: str, name: str, track: Track) -> list[NewTile]:
    with _told(href, name):
        return tiles_of(track, swath_of(files.read(name)))


def _refuse_twice(tiles: Sequence[NewTile], href: str) -> None:
    """Refuse a product of which two bursts are called the same: one of them would be lost."""
    counted = Counter(tile.source_id for tile in tiles)
    if twice := next((name for name, number in counted.items() if number > 1), None):
        raise BadProduct(f"{href}: it has two bursts {twice}, of one swath and ANX time.")


class _Folder:
    """A product that is unpacked."""

    def __init__(self, places: Places, base: str) -> None:
        self._places = places
        self._base = base

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        with self._places.open(f"{self._base}/{name}") as opened:
            return _all_of(opened)


class _Archive:
    """A product in a zip file, which holds one folder."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        manifests = (each for each in archive.namelist() if each.endswith(f".SAFE/{MANIFEST}"))
        self._base = min(manifests, key=len, default="").removesuffix(MANIFEST)

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        try:
            member = self._archive.open(f"{self._base}{name}")
        except KeyError as error:
            raise BadAnnotation("it is not in the archive") from error
        with member:
            return _all_of(member)


class _Limited:
    """An archive of which only what is `left` is read, whatever its directory says of itself."""

    def __init__(self, opened: BinaryIO, left: int) -> None:
        self._opened = opened
        self.left = left
        self._end = opened.seek(0, io.SEEK_END)
        self.seek, self.tell, self.seekable = opened.seek, opened.tell, opened.seekable

    def read(self, size: int = -1) -> bytes:
        rest = max(0, self._end - self._opened.tell())
        size = rest if size < 0 else min(size, rest)
        if size > self.left:
            raise zipfile.BadZipFile(f"{size} bytes of it more would have to be read: too much")
        self.left -= size
        return self._opened.read(size)


def _all_of(opened: IO[bytes]) -> bytes:
    content = opened.read(MOST_FILE + 1)
    if len(content) > MOST_FILE:
        raise BadAnnotation(f"it has more than {MOST_FILE} bytes")
    return content


@contextmanager
def _told(href: str, name: str) -> Iterator[None]:
    """Raise what is wrong with a file of a product as BadProduct, which names both."""
    try:
        yield
    except BadAnnotation as error:
        raise BadProduct(f"{href}: {name}: {error}.") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise BadProduct(f"{href}: {name}: it is no zip file that can be read: {error}.") from error
    except RuntimeError as error:  # zipfile's word for what needs a password
        raise BadProduct(f"{href}: {name}: {error}.") from error
