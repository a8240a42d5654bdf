"""The store of scenes and tiles in Firestore: derived ids, guarded commits, sharded totals."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from google.cloud.firestore import (
    ArrayRemove,
    CollectionReference,
    DocumentReference,
    FieldFilter,
    Query,
    WriteBatch,
)
from google.cloud.firestore_v1.bulk_batch import BulkWriteBatch

from tileweave.adapters.firestore import codec
from tileweave.adapters.firestore.aois import FirestoreAois, increment_fields, shards_of
from tileweave.adapters.firestore.batch import PlainBatch
from tileweave.adapters.firestore.documents import (
    RETRY,
    STREAM_TIMEOUT,
    TIMEOUT,
    DocumentSnapshot,
    fields_of,
)
from tileweave.adapters.firestore.rejected import FirestoreRejected
from tileweave.adapters.firestore.streams import Ordered, got, streamed
from tileweave.adapters.google_errors import translated
from tileweave.domain.errors import Conflict, NotFound
from tileweave.domain.model import Change, Document, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments
from tileweave.usecases.ports import (
    ALL,
    NO_GUARDS,
    Stored,
    Version,
    Which,
    Window,
    Write,
)

logger = logging.getLogger(__name__)

READS_AT_ONCE = 1_000


class FirestoreStore(FirestoreAois, FirestoreRejected):
    """Documents in Firestore; every method raises Unavailable if it does not answer."""

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now; None where there is none."""
        found: dict[Key, Stored | None] = dict.fromkeys(keys)
        by_path = {f"{key.kind}s/{key.id}": key for key in found}
        paths = list(by_path)
        with translated():
            for start in range(0, len(paths), READS_AT_ONCE):
                for each in got(self._client, paths[start : start + READS_AT_ONCE]):
                    key = by_path[each.path]
                    found[key] = Stored(codec.decode(key, each.fields), each.update_time)
        return found

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing; return the new versions.

        Nothing is done if a document of `guards` is no longer at its version.

        Raises Conflict, TooLarge, NotFound (the AOI is not there, or not any more).
        """
        batch = PlainBatch(self._client)
        for write in writes:
            self._add_write(batch, write)
        results_of_writes = len(batch)
        for write in writes:
            self._add_history_page(batch, write)
        for key, version in guards.items():
            # Written as it is, which changes nothing, but is refused like any other write.
            option = self._client.write_option(last_update_time=version)
            batch.update(self._reference(key), {"id": key.id}, option=option)
        for increment in increments:
            self._add_increments(batch, increment)
        try:
            with translated():
                results = batch.commit(retry=RETRY, timeout=TIMEOUT)
        except Conflict:
            self._check_aois(increments)
            raise
        versions = [result.update_time for result in results[:results_of_writes]]
        return {write.edit.after.key: each for write, each in zip(writes, versions, strict=True)}

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        """Take these tokens out of the documents' outboxes, whatever happened to them since."""
        batch = BulkWriteBatch(client=self._client)
        for key, tokens in published.items():
            batch.update(self._reference(key), {"outbox": ArrayRemove(sorted(tokens))})
        with translated():
            batch.commit(retry=RETRY, timeout=TIMEOUT)

    def history(self, key: Key) -> list[Change] | None:
        """Return the whole history of a scene or tile, the oldest change first; None: no such."""
        pages = self._reference(key).collection("history").order_by("__name__")
        with translated():
            snapshot = self._reference(key).get(retry=RETRY, timeout=TIMEOUT)
            if not snapshot.exists:
                return None
            document = _stored(key, snapshot).document
            if not document.earlier:
                return list(document.history)
            found = [fields_of(each) for each in pages.stream(retry=RETRY, timeout=STREAM_TIMEOUT)]
        earlier = [entry for fields in found for entry in fields["history"]]
        return [*codec.changes(earlier[: document.earlier]), *document.history]

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Return the scenes of an AOI by date, then id, read as they are asked for."""
        found = self._stream("scene", self._of("scene", aoi, statuses), window, ("date", "id"))
        return (each for each in found if isinstance(each, Scene))

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        """Return the tiles of an AOI by scene date, scene, then id, read as they are asked for."""
        query = self._of("tile", aoi, statuses)
        if which is not Which.EVERY:
            query = query.where(filter=FieldFilter(which.value, "==", value=True))
        found = self._stream("tile", query, window, ("date", "scene_id", "id"))
        return (each for each in found if isinstance(each, Tile))

    def attempts(self, aoi: str, statuses: Collection[Status]) -> Iterator[tuple[Key, int]]:
        """Return the keys of all scenes, then tiles, of these statuses, with their attempts."""
        kinds: tuple[Literal["scene", "tile"], ...] = ("scene", "tile")
        for kind in kinds:
            query = self._of(kind, aoi, statuses).select(["attempt"])
            with translated():
                for found in query.stream(retry=RETRY, timeout=STREAM_TIMEOUT):
                    yield Key(kind, int(found.reference.id)), found.get("attempt")

    def unpublished(self) -> Iterator[Document]:
        """Return all documents with something left in their outbox."""
        for kind in ("scene", "tile"):
            waiting = FieldFilter("outbox", "!=", [])
            yield from self._readable(kind, self._documents(kind).where(filter=waiting))

    def due(self, now: datetime) -> Iterator[Document]:
        """Return all documents that are due by now, the earliest first, read as asked for."""
        for kind in ("scene", "tile"):
            of_all = FieldFilter("due_shard", "in", list(range(codec.SHARDS)))
            query: Query = self._documents(kind).where(filter=of_all)
            query = query.where(filter=FieldFilter("due_at", "<=", now))
            yield from self._readable(kind, query.order_by("due_at"))

    def uncut(self) -> Iterator[Tile]:
        """Return all FAILED tiles that are not cut out of their chains, read as asked for."""
        query = self._documents("tile").where(filter=FieldFilter("status", "==", Status.FAILED))
        found = self._readable("tile", query.where(filter=FieldFilter("cut", "==", value=False)))
        return (each for each in found if isinstance(each, Tile))

    def _check_aois(self, increments: Sequence[Increments]) -> None:
        """Raise NotFound if a commit was refused because its AOI is not there (any more)."""
        for each in increments:
            found = self.find_aoi(each.aoi)
            if found is None or found.generation != each.generation:
                raise NotFound("AOI", each.aoi)

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
        if len(after.history) <= codec.RECENT_HISTORY:
            return  # so many stay in the document, however long they are
        if page := codec.paged(codec.encode(after)):
            pages = self._reference(after.key).collection("history")
            about = {"aoi": after.aoi, "generation": after.generation}
            batch.set(pages.document(f"{after.earlier:09}"), {"history": page, **about})

    def _add_increments(self, batch: WriteBatch, increments: Increments) -> None:
        shards = shards_of(self._client, increments.aoi, increments.generation)
        shard = random.choice(shards)  # noqa: S311 - any will do
        batch.update(shard, increment_fields(increments))

    def _of(self, kind: str, aoi: str, statuses: Collection[Status]) -> Query:
        query: Query = self._documents(kind).where(filter=FieldFilter("listed_in", "==", aoi))
        if not statuses:
            return query
        wanted = [status.value for status in statuses]
        return query.where(filter=FieldFilter("status", "in", wanted))

    def _stream(
        self, kind: Literal["scene", "tile"], query: Query, window: Window, order: Sequence[str]
    ) -> Iterator[Document]:
        for name in order:
            query = query.order_by(name)
        found = Ordered(_windowed(query, window, order), order, window.limit)
        with translated():
            for fields in streamed(found):
                yield codec.decode(Key(kind, fields["id"]), fields)

    def _readable(self, kind: str, query: Query) -> Iterator[Document]:
        """Return what can be read; what cannot is logged, and keeps nothing else back."""
        with translated():
            for snapshot in query.stream(retry=RETRY, timeout=STREAM_TIMEOUT):
                try:
                    document = _document(kind, snapshot)
                except (KeyError, TypeError, ValueError):
                    logger.exception("%s cannot be read", snapshot.reference.path)
                    continue
                yield document

    def _documents(self, kind: str) -> CollectionReference:
        collection: CollectionReference = self._client.collection(f"{kind}s")
        return collection

    def _reference(self, key: Key) -> DocumentReference:
        return DocumentReference(f"{key.kind}s", str(key.id), client=self._client)


def _stored(key: Key, snapshot: DocumentSnapshot) -> Stored:
    return Stored(codec.decode(key, fields_of(snapshot)), snapshot.update_time)


def _document(kind: str, snapshot: DocumentSnapshot) -> Document:
    key = Key("scene" if kind == "scene" else "tile", int(snapshot.reference.id))
    return codec.decode(key, fields_of(snapshot))


def _windowed(query: Query, window: Window, order: Sequence[str]) -> Query:
    if window.after is not None:
        query = query.start_after({name: getattr(window.after, name) for name in order})
    if window.skip:
        query = query.offset(window.skip)
    return query
