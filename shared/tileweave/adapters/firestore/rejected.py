"""Rejected messages in Firestore: kept for 30 days, by the latest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, CollectionReference, FieldFilter, Query

from tileweave.adapters.firestore.documents import RETRY, STREAM_TIMEOUT, TIMEOUT, fields_of
from tileweave.adapters.google_errors import translated
from tileweave.usecases.ports import KEPT, Rejected

MOST_BYTES = 700_000
"""Bytes that are kept of a rejected message; a longer one cannot be replayed."""

MOST_CHARACTERS = 50_000
"""Characters that are kept of what is wrong with it."""


class FirestoreRejected:
    """Rejected messages in Firestore; every method raises Unavailable if it does not answer."""

    _client: Client

    def keep_rejected(self, rejected: Rejected) -> None:
        """Keep a rejected message for 30 days; the same message is kept once, as it is now."""
        fields = {name: getattr(rejected, name) for name in Rejected.__slots__}
        fields["whole"] = rejected.whole and len(rejected.raw) <= MOST_BYTES
        fields["raw"] = rejected.raw[:MOST_BYTES]
        fields["error"] = rejected.error[:MOST_CHARACTERS]
        fields["topic"] = str(rejected.topic)
        fields["expires_at"] = rejected.received_at + KEPT
        with translated():
            self._messages().document(rejected.id).set(fields, retry=RETRY, timeout=TIMEOUT)

    def rejected(
        self, aoi: str = "", kind: str = "", after: tuple[datetime, str] | None = None
    ) -> Iterator[Rejected]:
        """Return rejected messages, of one AOI or kind if that is given, the latest first."""
        query: Query | CollectionReference = self._messages()
        for name, value in {"aoi": aoi, "kind": kind}.items():
            if value:
                query = query.where(filter=FieldFilter(name, "==", value))
        newest: Query = query.order_by("received_at", direction=Query.DESCENDING)
        newest = newest.order_by("__name__", direction=Query.DESCENDING)
        if after is not None:
            moment, id_ = after
            place = {"received_at": moment, "__name__": self._messages().document(id_)}
            newest = newest.start_after(place)
        with translated():
            for snapshot in newest.stream(retry=RETRY, timeout=STREAM_TIMEOUT):
                yield _rejected(fields_of(snapshot))

    def find_rejected(self, id_: str) -> Rejected | None:
        """Return a rejected message, or None if there is none (any more)."""
        with translated():
            found = self._messages().document(id_).get(retry=RETRY, timeout=TIMEOUT)
        return _rejected(fields_of(found)) if found.exists else None

    def _messages(self) -> CollectionReference:
        return self._client.collection("rejected")


def _rejected(fields: Mapping[str, Any]) -> Rejected:
    return Rejected(**{name: fields[name] for name in Rejected.__slots__})
