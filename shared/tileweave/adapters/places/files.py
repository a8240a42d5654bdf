"""Who reads and writes the files of a scheme; each is imported by the first that needs it."""

from __future__ import annotations

import threading
from typing import BinaryIO, Protocol

from tileweave.adapters.places.addresses import Address
from tileweave.adapters.places.local import Local


class Files(Protocol):
    """Files of one kind."""

    def open(self, address: Address) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Write a file whole or not at all. Raises PlaceRefused, Unavailable."""


class ByScheme:
    """Files of every kind; `follow`: redirects over HTTPS are followed."""

    def __init__(self, *, follow: bool) -> None:
        self._follow = follow
        self._made: dict[str, Files] = {}
        self._lock = threading.Lock()

    def open(self, address: Address) -> BinaryIO:
        """Return a file to read. Raises NothingThere, PlaceRefused, Unavailable."""
        return self._of(address).open(address)

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Write a file whole or not at all. Raises PlaceRefused, Unavailable."""
        self._of(address).write(address, content, media_type)

    def _of(self, address: Address) -> Files:
        with self._lock:
            found = self._made.get(address.scheme)
            if found is None:
                found = self._made[address.scheme] = self._files(address.scheme)
            return found

    def _files(self, scheme: str) -> Files:
        if scheme == "s3":
            from tileweave.adapters.places.s3 import S3

            return S3()
        if scheme == "gs":
            from tileweave.adapters.places.gcs import Gcs

            return Gcs()
        if scheme == "file":
            return Local()
        from tileweave.adapters.places.https import Https

        return Https(follow=self._follow)
