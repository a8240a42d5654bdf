"""The places of a person at a command line: every address, and paths of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from tileweave.adapters.places.addresses import Address, file_at
from tileweave.adapters.places.files import ByScheme, Files


class AnyPlace:
    """Reads and writes any file that the credentials of the environment open.

    What is no address (`scenes.geojson`, `../a`) is a path. Redirects over HTTPS are followed.
    """

    def __init__(self, files: Files | None = None) -> None:
        self._files = files or ByScheme(follow=True)

    def check(self, href: str) -> None:
        """Raise PlaceRefused for an address that is none."""
        _address(href)

    def open(self, href: str) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""
        return self._files.open(_address(href))

    def write(self, href: str, content: BinaryIO, media_type: str) -> None:
        """Write a file whole or not at all. Raises PlaceRefused, Unavailable."""
        self._files.write(_address(href), content, media_type)


def _address(href: str) -> Address:
    if "://" in href:
        return file_at(href, queries=True)
    return Address("file", "", Path(href).absolute().parts[1:])
