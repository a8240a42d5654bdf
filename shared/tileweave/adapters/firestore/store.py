"""The store of scenes and tiles in Firestore: derived ids, guarded commits, sharded totals."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.retry import Retry
from google.cloud.firestore import (
    Client,
    CollectionReference,
    DocumentReference,
    FieldFilter,
    Increment,
    Maximum,
    Minimum,
    WriteBatch,
)
from google.cloud.firestore_v1.base_document import DocumentSnapshot as AnySnapshot
from google.cloud.firestore_v1.bulk_batch import BulkWriteBatch

from tileweave.adapters.firestore import codec
from tileweave.adapters.google_errors import translated
from tileweave.domain.errors import AlreadyExists, Conflict
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, Totals
from tileweave.usecases.ports import Aoi, Rejected, Stored, Version, Write

DocumentSnapshot = AnySnapshot[Any]

SHARDS = 10
"""Documents over which the totals of an AOI are spread: each takes its share of the writes."""

KEPT = timedelta(days=30)
"""How long rejected messages are kept (SPEC section 6)."""

READS_AT_ONCE = 1_000
TIMEOUT = 10.0
RETRY = Retry(initial=0.05, maximum=1.0, timeout=TIMEOUT)


class FirestoreStore:
    """Documents in Firestore; every method raises Unavailable if it does not answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now; None where there is none."""
        found: dict[Key, Stored | None] = dict.fromkeys(keys)
        by_path = {f"{key.kind}s/{key.id}": key for key in found}
        references = [self._reference(key) for key in found]
        with translated():
            for start in range(0, len(references), READS_AT_ONCE):
                page = references[start : start + READS_AT_ONCE]
                for snapshot in self._client.get_all(page, retry=RETRY, timeout=TIMEOUT):
                    key = by_path[snapshot.reference.path]
                    found[key] = _stored(key, snapshot) if snapshot.exists else None
        return found

    def commit(
        self, writes: Sequence[Write], increments: Sequence[Increments]
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing; return the new versions. Raises Conflict, TooLarge."""
        batch = self._client.batch()
        for write in writes:
            self._add_write(batch, write)
        results_of_writes = len(batch)
        for write in writes:
            self._add_history_page(batch, write)
        for increment in increments:
            self._add_increments(batch, increment)
        with translated():
            results = batch.commit(retry=RETRY, timeout=TIMEOUT)
        versions = [result.update_time for result in results[:results_of_writes]]
        return {write.edit.after.key: each for write, each in zip(writes, versions, strict=True)}

    def confirm(self, published: Mapping[Key, Version]) -> frozenset[Key]:
        """Empty the outbox of each document still at this version; return the others."""
        batch = BulkWriteBatch(client=self._client)
        for key, version in published.items():
            option = self._client.write_option(last_update_time=version)
            batch.update(self._reference(key), {"outbox": []}, option=option)
        with translated():
            answer = batch.commit(retry=RETRY, timeout=TIMEOUT)
        pairs = zip(published, answer.status, strict=True)
        return frozenset(key for key, status in pairs if status.code)

    def create_aoi(self, name: str, now: datetime) -> Aoi:
        """Create an AOI with all totals 0; raises AlreadyExists."""
        batch = self._client.batch()
        reference = self._aoi(name)
        batch.create(reference, {"name": name, "created_at": now, "generation": 0})
        for shard in range(SHARDS):
            batch.create(self._totals(name).document(str(shard)), {})
        try:
            with translated():
                batch.commit(retry=RETRY, timeout=TIMEOUT)
        except Conflict as error:
            raise AlreadyExists("AOI", name) from error
        return Aoi(name, now)

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""
        with translated():
            snapshot = self._aoi(name).get(retry=RETRY, timeout=TIMEOUT)
        return _read_aoi(snapshot) if snapshot.exists else None

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Return an AOI and its totals, in one round trip; None if there is none."""
        shards = [self._totals(name).document(str(shard)) for shard in range(SHARDS)]
        with translated():
            found = self._client.get_all([self._aoi(name), *shards], retry=RETRY, timeout=TIMEOUT)
            by_id = {each.reference.id: each for each in found if each.exists}
        aoi = by_id.pop(self._aoi(name).id, None)
        return None if aoi is None else (_read_aoi(aoi), _summed(by_id.values()))

    def scenes(self, aoi: str, statuses: Collection[Status] = ()) -> Iterator[Scene]:
        """Return the scenes of an AOI by date, then id, read as they are asked for."""
        return (each for each in self._of("scene", aoi, statuses) if isinstance(each, Scene))

    def tiles(self, aoi: str, statuses: Collection[Status] = ()) -> Iterator[Tile]:
        """Return the tiles of an AOI by scene date, then id, read as they are asked for."""
        return (each for each in self._of("tile", aoi, statuses) if isinstance(each, Tile))

    def unpublished(self) -> Iterator[Document]:
        """Return all documents with something left in their outbox."""
        waiting = FieldFilter("outbox", "array_contains_any", ["job", "update"])
        for kind in ("scene", "tile"):
            query = self._documents(kind).where(filter=waiting)
            with translated():
                for snapshot in query.stream(retry=RETRY, timeout=TIMEOUT):
                    yield _document(kind, snapshot)

    def keep_rejected(self, rejected: Rejected) -> None:
        """Keep a rejected message for 30 days; the same message is kept once."""
        messages = self._client.collection("rejected")
        reference = messages.document(rejected.message_id or None)
        fields = {name: getattr(rejected, name) for name in Rejected.__slots__}
        fields["expires_at"] = rejected.received_at + KEPT
        with translated():
            reference.set(fields, retry=RETRY, timeout=TIMEOUT)

    def _add_write(self, batch: WriteBatch, write: Write) -> None:
        before, after = write.edit.before, write.edit.after
        fields = codec.encode(after)
        codec.paged(fields)
        reference = self._reference(after.key)
        if before is None:
            batch.create(reference, fields)
            return
        option = self._client.write_option(last_update_time=write.version)
        batch.update(reference, codec.changed(codec.encode(before), fields), option=option)

    def _add_history_page(self, batch: WriteBatch, write: Write) -> None:
        after = write.edit.after
        if page := codec.paged(codec.encode(after)):
            pages = self._reference(after.key).collection("history")
            first = after.history[0].at.isoformat()
            batch.set(pages.document(first), {"history": page, "aoi": after.aoi})

    def _add_increments(self, batch: WriteBatch, increments: Increments) -> None:
        shard = self._totals(increments.aoi).document(str(random.randrange(SHARDS)))  # noqa: S311
        fields: dict[str, Any] = {name: Increment(n) for name, n in increments.counts.items()}
        if increments.dates:
            fields["first"] = Minimum(_milliseconds(min(increments.dates)))
            fields["last"] = Maximum(_milliseconds(max(increments.dates)))
        batch.update(shard, fields)

    def _of(self, kind: str, aoi: str, statuses: Collection[Status]) -> Iterator[Document]:
        query = self._documents(kind).where(filter=FieldFilter("aoi", "==", aoi))
        if statuses:
            wanted = [status.value for status in statuses]
            query = query.where(filter=FieldFilter("status", "in", wanted))
        with translated():
            for snapshot in query.order_by("date").order_by("id").stream(retry=RETRY):
                yield _document(kind, snapshot)

    def _documents(self, kind: str) -> CollectionReference:
        collection: CollectionReference = self._client.collection(f"{kind}s")
        return collection

    def _reference(self, key: Key) -> DocumentReference:
        return self._documents(key.kind).document(str(key.id))

    def _aoi(self, name: str) -> DocumentReference:
        # A prefix, because Firestore reserves ids of the form __name__.
        return self._client.collection("aois").document(f"aoi-{name}")

    def _totals(self, name: str) -> CollectionReference:
        totals: CollectionReference = self._aoi(name).collection("totals")
        return totals


def _stored(key: Key, snapshot: DocumentSnapshot) -> Stored:
    return Stored(codec.decode(key, _fields(snapshot)), snapshot.update_time)


def _document(kind: str, snapshot: DocumentSnapshot) -> Document:
    key = Key("scene" if kind == "scene" else "tile", int(snapshot.reference.id))
    return codec.decode(key, _fields(snapshot))


def _read_aoi(snapshot: DocumentSnapshot) -> Aoi:
    return Aoi(snapshot.get("name"), snapshot.get("created_at"), snapshot.get("generation"))


def _fields(snapshot: DocumentSnapshot) -> codec.Fields:
    return snapshot.to_dict() or {}


def _summed(shards: Collection[DocumentSnapshot]) -> Totals:
    every = [_fields(shard) for shard in shards]
    dates = {name: [each.pop(name) for each in every if name in each] for name in ("first", "last")}
    names = {name for each in every for name in each}
    counts = {name: sum(each.get(name, 0) for each in every) for name in names}
    first, last = min(dates["first"], default=None), max(dates["last"], default=None)
    return Totals(counts, _moment(first), _moment(last))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
