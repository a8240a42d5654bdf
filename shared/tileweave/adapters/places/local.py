"""Files on this machine."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from tileweave.adapters.places.addresses import Address
from tileweave.domain.errors import NothingThere, PlaceRefused, Unavailable


class Local:
    """Reads and writes files of this machine; folders are not made."""

    def open(self, address: Address) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""
        path = Path(address.path)
        with told(path):
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for who writes into it
                raise PlaceRefused(str(path), "is a folder or a device, not a file.")
            return path.open("rb")

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Write a file beside its place, then have it take its place: whole, or not at all."""
        del media_type
        path = Path(address.path)
        if not path.parent.is_dir():
            raise PlaceRefused(str(path), f"there is no folder {path.parent}.")
        beside = path.with_name(f".{path.name}.{uuid4().hex}.part")
        with told(path):
            try:
                with beside.open("xb") as written:
                    shutil.copyfileobj(content, written)
                    written.flush()
                    os.fsync(written.fileno())
                beside.replace(path)
            finally:
                with suppress(OSError):
                    beside.unlink()


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raise what goes wrong with a file as an error of places."""
    try:
        yield
    except FileNotFoundError as error:
        raise NothingThere(str(path)) from error
    except (PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise PlaceRefused(str(path), f"{error.strerror}.") from error
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror or error}.") from error
