"""Objects of S3, and of what speaks like it (AWS_ENDPOINT_URL)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError

from tileweave.adapters.places.addresses import Address
from tileweave.adapters.places.patience import BrokenOff, again
from tileweave.adapters.places.ranged import changed, opened
from tileweave.adapters.places.s3_errors import error_of, error_of_client
from tileweave.domain.errors import PlaceRefused, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PARALLEL = 16
"""Connections at once: products are read in several threads."""

PARTS = TransferConfig(multipart_chunksize=8 * 1024 * 1024, max_concurrency=4)


class S3:
    """Reads and writes objects with the credentials of the environment."""

    def open(self, address: Address) -> BinaryIO:
        """Return an object to read. Raises NothingThere, PlaceRefused, Unavailable."""
        with told(address):
            found = self._client.head_object(Bucket=address.host, Key=address.key)
        version = _Version(self._client, address, found["ContentLength"], found["ETag"])
        return opened(version, str(address))

    def write(self, address: Address, content: BinaryIO, media_type: str) -> None:
        """Write an object; in parts if it is large, which are dropped if one cannot be written."""
        with told(address):
            self._client.upload_fileobj(
                content,
                address.host,
                address.key,
                ExtraArgs={"ContentType": media_type},
                Config=PARTS,
            )

    @cached_property
    def _client(self) -> S3Client:
        # No answer leads this client elsewhere: botocore follows no `Location`, and of a bucket in
        # another region takes the region only, for the endpoint of AWS that is named after it.
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=PARALLEL,
            retries={"mode": "standard", "total_max_attempts": 3},
        )
        try:
            with told(None):
                return boto3.session.Session().client("s3", config=config)
        except ValueError as error:  # of AWS_ENDPOINT_URL
            raise PlaceRefused("s3://", f"{error}.") from error


class _Version:
    """An object as it was when it was opened."""

    def __init__(self, client: S3Client, address: Address, size: int, etag: str) -> None:
        self.size = size
        self._client = client
        self._address = address
        self._etag = etag

    def read(self, start: int, stop: int) -> bytes:
        """Return some of its bytes; raises Unavailable if it is another object by now."""
        return again(self._read, start, stop)

    def _read(self, start: int, stop: int) -> bytes:
        with told(self._address):
            found = self._client.get_object(
                Bucket=self._address.host,
                Key=self._address.key,
                Range=f"bytes={start}-{stop - 1}",
                IfMatch=self._etag,
            )
            if found["ETag"] != self._etag:
                raise changed(str(self._address))
            try:
                return found["Body"].read()
            except (HTTPClientError, IncompleteReadError) as error:
                raise BrokenOff(f"{self._address}: the answer broke off: {error}.") from error

    def close(self) -> None:
        """Do nothing: connections are the client's."""


@contextmanager
def told(address: Address | None) -> Iterator[None]:
    """Raise what boto3 says as an error of places."""
    href = str(address or "s3://")
    try:
        yield
    except ClientError as error:
        raise error_of(error, href) from error
    except (BotoCoreError, Boto3Error) as error:
        raise error_of_client(error, href) from error
    except OSError as error:
        raise Unavailable(f"{href}: {error}.") from error
