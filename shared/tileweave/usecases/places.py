"""Where files are: in object storage, behind HTTPS, or here."""

from __future__ import annotations

from typing import BinaryIO, NoReturn, Protocol

from tileweave.domain.errors import PlaceRefused


class Places(Protocol):
    """Files by their addresses: `s3://bucket/key`, `gs://bucket/name`, `https://host/path`, local.

    All methods raise PlaceRefused (no address that may be used here, or forbidden by whom it
    names), NothingThere, Unavailable. No address that is refused by a list is ever contacted.
    """

    def check(self, href: str) -> None:
        """Raise PlaceRefused for an address that may not be used; contact nobody."""

    def open(self, href: str) -> BinaryIO:
        """Return a file to read: seekable, by range requests of a buffer's size; close it.

        What it reads is of one version of the file: a change meanwhile raises Unavailable.
        """

    def write(self, href: str, content: BinaryIO, media_type: str) -> None:
        """Write a file from where `content` stands to its end, all of it or nothing."""


class Nowhere:
    """The places of who has none: every address is refused."""

    def check(self, href: str) -> NoReturn:
        """Raise PlaceRefused."""
        _refuse(href)

    def open(self, href: str) -> NoReturn:
        """Raise PlaceRefused."""
        _refuse(href)

    def write(self, href: str, content: BinaryIO, media_type: str) -> NoReturn:
        """Raise PlaceRefused."""
        del content, media_type
        _refuse(href)


def _refuse(href: str) -> NoReturn:
    raise PlaceRefused(href, "no places are configured here (TILEWEAVE_PLACES is empty).")


NOWHERE: Places = Nowhere()
