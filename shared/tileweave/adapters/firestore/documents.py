"""What reads and writes of Firestore have in common."""

from __future__ import annotations

from typing import Any

from google.api_core.retry import Retry, if_transient_error
from google.cloud.firestore_v1.base_document import DocumentSnapshot as AnySnapshot

from tileweave.adapters.firestore import codec
from tileweave.adapters.google_errors import is_too_large

DocumentSnapshot = AnySnapshot[Any]

TIMEOUT = 10.0
"""Seconds after which the store counts as unavailable."""

STREAM_TIMEOUT = 60.0
"""Seconds for all results of a query: as long as the service goes on with one."""

RETRY = Retry(
    predicate=lambda error: if_transient_error(error) and not is_too_large(error),
    initial=0.05,
    maximum=1.0,
    timeout=TIMEOUT,
)


def fields_of(snapshot: DocumentSnapshot) -> codec.Fields:
    """Return the fields of a document that exists."""
    return snapshot.to_dict() or {}
