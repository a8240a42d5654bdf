"""Where a file of scenes is: here, in object storage, behind HTTPS, or standard input."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

STANDARD_INPUT = "-"

_GZIP = b"\x1f\x8b"


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """Open a file to read, from its beginning and more than once; one that is packed is unpacked.

    Raises CommandError.
    """
    with ExitStack() as stack:
        file = stack.enter_context(_copied() if source == STANDARD_INPUT else _placed(source))
        packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if packed:
            file = stack.enter_context(cast("BinaryIO", gzip.GzipFile(fileobj=file)))
        yield file


def is_address(source: str) -> bool:
    """Whether a source says where it is by itself, so that a server can read it too."""
    return "://" in source


@contextmanager
def _copied() -> Iterator[BinaryIO]:
    """Give standard input as a file: it can be read once only."""
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.seek(0)
        yield file


@contextmanager
def _placed(source: str) -> Iterator[BinaryIO]:
    if not is_address(source):
        with Path(source).open("rb") as file:
            yield file
        return
    from tileweave.cli.places import any_place

    with any_place() as places, places.open(source) as file:
        yield file
