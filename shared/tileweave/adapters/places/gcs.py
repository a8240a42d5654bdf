"""Objects of Google Cloud Storage, or of its emulator (STORAGE_EMULATOR_HOST)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import BinaryIO

import requests
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RequestRangeNotSatisfiable,
    RetryError,
    ServerError,
    TooManyRequests,
    Unauthorized,
)
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from tileweave.adapters.places.addresses import Address
from tileweave.adapters.places.patience import PATIENCE
from tileweave.adapters.places.ranged import changed, opened
from tileweave.domain.errors import NothingThere, PlaceRefused, TileweaveError, Unavailable

RETRIES = DEFAULT_RETRY.with_timeout(60)

PART = 8 * 1024 * 1024
"""Bytes that are sent at once, and so held: a multiple of 256 KiB, as the service has it."""

NO_REQUESTS_FOR_TRACES = "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"
"""Unless it is set, the client asks for each bucket in the background: where it is, for traces."""

CREDENTIALS = "there are no Google credentials here: set GOOGLE_APPLICATION_CREDENTIALS, or a role."
FORBIDDEN = "Cloud Storage forbids it: the account of this process may not do that."
BUSY = "Cloud Storage does not answer now"


class Gcs:
    """Reads and writes objects with the credentials of the environment."""

    def open(self, address: Address) -> BinaryIO:
        """Return an object to read. Raises NothingThere, PlaceRefused, Unavailable."""
        with told(address):
            blob = self._client.bucket(address.host).blob(address.key)
            blob.reload(timeout=PATIENCE, retry=RETRIES)
        return opened(_Version(blob, address), str(address))

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Write an object, which is there when all of it is."""
        with told(address):
            blob = self._client.bucket(address.host).blob(address.key, chunk_size=PART)
            blob.upload_from_file(content, content_type=media_type, timeout=PATIENCE, retry=RETRIES)

    @cached_property
    def _client(self) -> Client:
        os.environ.setdefault(NO_REQUESTS_FOR_TRACES, "true")
        client = Client(project=None)
        client._http.max_redirects = 0  # noqa: SLF001 - there is no other way to say so
        return client


class _Version:
    """An object of one generation."""

    def __init__(self, blob: Blob, address: Address) -> None:
        self.size: int = blob.size
        self._generation = blob.generation
        self._blob = blob
        self._address = address

    def read(self, start: int, stop: int) -> bytes:
        """Return some of its bytes; raises Unavailable if there is another generation by now."""
        try:
            with told(self._address):
                return self._read(start, stop)
        except NothingThere as error:  # this generation is there no more
            raise changed(str(self._address)) from error

    def _read(self, start: int, stop: int) -> bytes:
        found: bytes = self._blob.download_as_bytes(
            start=start,
            end=stop - 1,
            raw_download=True,
            if_generation_match=self._generation,
            checksum=None,
            timeout=PATIENCE,
            retry=RETRIES,
        )
        return found

    def close(self) -> None:
        """Do nothing: connections are the client's."""


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Raise what the client says as an error of places."""
    href = str(address)
    try:
        yield
    except DefaultCredentialsError as error:
        raise PlaceRefused(href, CREDENTIALS) from error
    except (GoogleAPICallError, RetryError) as error:
        raise _error_of(error, href) from error
    except requests.TooManyRedirects as error:
        raise PlaceRefused(href, "it redirects, and redirects are not followed.") from error
    except (TransportError, requests.RequestException, InvalidResponse, OSError) as error:
        raise Unavailable(f"{href}: {BUSY}: {error}.") from error
    except GoogleAuthError as error:
        raise PlaceRefused(href, f"{CREDENTIALS} ({error})") from error


def _error_of(error: GoogleAPICallError | RetryError, href: str) -> TileweaveError:
    if isinstance(error, NotFound):
        return NothingThere(href)
    if isinstance(error, Forbidden | Unauthorized):
        return PlaceRefused(href, FORBIDDEN)
    if isinstance(error, PreconditionFailed | RequestRangeNotSatisfiable):
        return changed(href)
    if isinstance(error, ServerError | TooManyRequests | RetryError):
        return Unavailable(f"{href}: {BUSY}: {error.message}.")
    return PlaceRefused(href, f"Cloud Storage refuses it: {error.message}.")
