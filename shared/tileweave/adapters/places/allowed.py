"""The places of a server: those on a list, and no other address is ever contacted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from tileweave.adapters.places.addresses import Address, address_of, file_at
from tileweave.adapters.places.files import ByScheme, Files
from tileweave.domain.errors import PlaceRefused


class AllowedPlaces:
    """Reads and writes files in these folders (buckets, hosts, prefixes, folders of this machine).

    An address that redirects elsewhere is refused, and so is a link that leads out of a folder.
    """

    def __init__(self, folders: Sequence[Address], files: Files | None = None) -> None:
        self._folders = tuple(folders)
        self._files = files or ByScheme(follow=False)

    @classmethod
    def of(cls, text: str) -> AllowedPlaces:
        """Return the places of a list that is separated by commas or lines.

        Raises ValueError, which names the first entry that is none.
        """
        entries = [each.strip() for each in text.replace("\n", ",").split(",")]
        return cls([_folder(each) for each in entries if each])

    def check(self, href: str) -> None:
        """Raise PlaceRefused for an address that is not in these folders."""
        self._allowed(href)

    def open(self, href: str) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""
        return self._files.open(self._allowed(href))

    def write(self, href: str, content: BinaryIO, media_type: str) -> None:
        """Write a file whole or not at all. Raises PlaceRefused, Unavailable."""
        self._files.write(self._allowed(href), content, media_type)

    def _allowed(self, href: str) -> Address:
        if not self._folders:
            raise PlaceRefused(href, "no places are configured here (TILEWEAVE_PLACES is empty).")
        address = file_at(href)
        if not any(address.is_in(each) for each in self._folders):
            raise PlaceRefused(href, "is not in a place that is allowed here (TILEWEAVE_PLACES).")
        return self._without_links(address, href) if address.scheme == "file" else address

    def _without_links(self, address: Address, href: str) -> Address:
        """Return where a file of this machine is, which is in a folder that is allowed as well."""
        real = Path(address.path).resolve()
        folders = (Path(each.path).resolve() for each in self._folders if each.scheme == "file")
        if not any(real.is_relative_to(each) for each in folders):
            raise PlaceRefused(href, "is a link that leads out of what is allowed here.")
        return Address("file", "", real.parts[1:])


def _folder(entry: str) -> Address:
    try:
        found = address_of(entry.removesuffix("/"))
    except PlaceRefused as error:
        raise ValueError(f"TILEWEAVE_PLACES: {entry}: {error.why}") from error
    if found.scheme == "file" and not found.parts:
        raise ValueError(f"TILEWEAVE_PLACES: {entry}: names no folder.")
    return found
