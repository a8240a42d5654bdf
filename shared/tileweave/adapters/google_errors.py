"""What Firestore's and Pub/Sub's errors mean to the use cases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core import exceptions as google

from tileweave.domain.errors import Conflict, TooLarge, Unavailable

_CONFLICTS = (google.FailedPrecondition, google.Conflict, google.NotFound)
"""Somebody changed, created or deleted a document since it was read."""

_PASSING = (google.ServerError, google.TooManyRequests, google.RetryError, ConnectionError)


def is_too_large(error: Exception) -> bool:
    """Whether a request was refused for its size, which no repetition changes."""
    return "exceeds maximum size" in str(error)


@contextmanager
def translated() -> Iterator[None]:
    """Raise Conflict, TooLarge or Unavailable in place of the client's own errors."""
    try:
        yield
    except _CONFLICTS as error:
        raise Conflict(str(error)) from error
    except google.InvalidArgument as error:
        if "size" not in str(error).lower() and "bytes" not in str(error).lower():
            raise
        raise TooLarge(str(error)) from error
    except _PASSING as error:
        if is_too_large(error):
            raise TooLarge(str(error)) from error
        raise Unavailable(str(error)) from error
