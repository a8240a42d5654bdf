"""The documents of a query as they come, decoded directly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.api_core.retry import if_transient_error
from google.cloud.firestore import Query
from google.cloud.firestore_v1.types import RunQueryResponse

from tileweave.adapters.firestore import wire
from tileweave.adapters.firestore.codec import Fields
from tileweave.adapters.firestore.documents import RETRY, STREAM_TIMEOUT

PAGE = 20_000
"""Documents that one query returns: so many come within the time that it may take."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A query, what its documents are ordered by, without two alike, and how many are wanted."""

    query: Query
    order: Sequence[str]
    limit: int | None = None

    @property
    def at_once(self) -> int:
        """How many of them the next query returns at most."""
        return PAGE if self.limit is None else min(PAGE, self.limit)

    def after(self, last: Fields, count: int) -> Ordered:
        """Return what is left of it after `count` documents, of which this is the last."""
        begun = self.query.offset(0).start_after({name: last[name] for name in self.order})
        left = None if self.limit is None else self.limit - count
        return replace(self, query=begun, limit=left)


def streamed(ordered: Ordered) -> Iterator[Fields]:
    """Return the fields of a query's documents, read as they are asked for.

    A stream that breaks off is gone on with, after what came of it.
    """
    while wanted := ordered.at_once:
        last, count, broken = None, 0, False
        try:
            for last in _decoded(ordered.query.limit(wanted)):
                count += 1
                yield last
        except GoogleAPICallError as error:
            if last is None or not if_transient_error(error):
                raise
            broken = True
        if last is None or (count < wanted and not broken):
            return
        ordered = ordered.after(last, count)


def documents_of(query: Query) -> Iterator[Any]:
    """Return the documents of a query as messages, with the times when they were written."""
    # The client has no public way to a query's messages, only to snapshots that it decoded.
    responses, _ = query._get_stream_iterator(None, RETRY, STREAM_TIMEOUT)  # noqa: SLF001
    for response in responses:
        message = RunQueryResponse.pb(response)
        if message.HasField("document"):
            yield message.document


def _decoded(query: Query) -> Iterator[Fields]:
    return (wire.plain_of(each.fields) for each in documents_of(query))
