"""The store of scenes and tiles in Firestore: derived ids, guarded commits, sharded totals."""

from __future__ import annotations

import logging
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from google.cloud.firestore import CollectionReference, DocumentReference, FieldFilter, Query

from tileweave.adapters.firestore import codec, wire
from tileweave.adapters.firestore.aois import FirestoreAois, milliseconds_of, shards_of
from tileweave.adapters.firestore.documents import (
    RETRY,
    STREAM_TIMEOUT,
    TIMEOUT,
    DocumentSnapshot,
    fields_of,
)
from tileweave.adapters.firestore.rejected import FirestoreRejected
from tileweave.adapters.firestore.streams import Ordered, documents_of, streamed
from tileweave.adapters.google_errors import translated
from tileweave.domain.errors import Conflict, NotFound, Unavailable
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

_SETTLED = (0, 5)
"""Codes of a write that was done, or whose document is gone."""

READS_AT_ONCE = 1_000
WRITES_AT_ONCE = 500
"""Documents of one request that does each write by itself."""
VALUES_AT_ONCE = 30
"""Values of a field that one query may ask for."""


class FirestoreStore(FirestoreAois, FirestoreRejected):
    """Documents in Firestore; every method raises Unavailable if it does not answer."""

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now; None where there is none."""
        found: dict[Key, Stored | None] = dict.fromkeys(keys)
        by_name = {self._name(key): key for key in found}
        with translated():
            for name, document in self._read_all(list(by_name)):
                key = by_name[name]
                found[key] = None if document is None else _read(key, document)
        return found

    def _read_all(self, names: Sequence[str]) -> Iterator[tuple[str, Any | None]]:
        for start in range(0, len(names), READS_AT_ONCE):
            yield from self._wire.read(names[start : start + READS_AT_ONCE])

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing; return the new versions, but of what has pages of history now.

        Nothing is done if a document of `guards` is no longer at its version.

        Raises Conflict, TooLarge, NotFound (the AOI is not there, or not any more).
        """
        made = [self._write(each) for each in writes]
        after = [each.edit.after for each in writes]
        paged = {each.key for each, (_, paged) in zip(after, made, strict=True) if paged}
        pages = [
            page
            for each, (write, paged) in zip(after, made, strict=True)
            for page in (self._history_pages(each, write) if paged else ())
        ]
        # Written as it is, which changes nothing, but is refused like any other write.
        as_they_are = [
            wire.change(self._name(key), {"id": key.id}, version) for key, version in guards.items()
        ]
        counted = [self._increments(each) for each in increments]
        every = [*(write for write, _ in made), *pages, *as_they_are, *counted]
        try:
            with translated():
                versions = self._wire.commit(every)[: len(made)]
        except Conflict:
            self._check_aois(increments)
            raise
        newest = zip(after, versions, strict=True)
        return {each.key: version for each, version in newest if each.key not in paged}

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        """Take these tokens out of the documents' outboxes, whatever happened to them since."""
        writes = [
            wire.transformation(self._name(key), [wire.removal("outbox", sorted(tokens))])
            for key, tokens in published.items()
        ]
        with translated():
            for start in range(0, len(writes), WRITES_AT_ONCE):
                codes = self._wire.write_each(writes[start : start + WRITES_AT_ONCE])
                if refused := [each for each in codes if each not in _SETTLED]:
                    # All of them may be repeated: what is not there any more is taken out once.
                    raise Unavailable(f"{len(refused)} confirmations were refused: {refused[:5]}")

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

    def histories(self, documents: Collection[Document]) -> Mapping[Key, Sequence[Change]]:
        """Return the whole histories of scenes and tiles, up to where they were when read."""
        found: dict[Key, Sequence[Change]] = {each.key: each.history for each in documents}
        long = [each for each in documents if each.earlier]
        entries = self._entries([each.key for each in long]) if long else {}
        for each in long:
            kept = entries.get(each.key)
            # Before a document knew its pages, a query told.
            earlier = (self.history(each.key) or []) if kept is None else codec.changes(kept)
            found[each.key] = [*earlier[: each.earlier], *each.history]
        return found

    def _entries(self, keys: Sequence[Key]) -> Mapping[Key, list[str]]:
        """Return what the pages of these hold, of those that know all their pages."""
        names = {self._name(key): key for key in keys}
        with translated():
            read = self._read_all(list(names))
            known = {
                names[name]: wire.plain_of(each.fields) for name, each in read if each is not None
            }
            starts = {key: fields.get("pages", []) for key, fields in known.items()}
            paths = {self._page(key, each): key for key, every in starts.items() for each in every}
            pages = {path: each for path, each in self._read_all(list(paths)) if each is not None}
        found: dict[Key, list[str]] = {key: [] for key, every in starts.items() if 0 in every}
        for path in sorted(path for path in pages if paths[path] in found):
            found[paths[path]] += wire.plain_of(pages[path].fields)["history"]
        return found

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

    def tiles_named(self, aoi: str, source_ids: Collection[str]) -> Iterator[Stored]:
        """Return the tiles of an AOI that have one of these source ids, as of now."""
        wanted = sorted(set(source_ids))
        for start in range(0, len(wanted), VALUES_AT_ONCE):
            some = FieldFilter("source_id", "in", wanted[start : start + VALUES_AT_ONCE])
            yield from self._tiles_of(aoi, some)

    def tiles_between(self, aoi: str, first: str, last: str) -> Iterator[Stored]:
        """Return the tiles of an AOI whose source ids are from `first` to `last`, as of now."""
        ends = FieldFilter("source_id", ">=", first), FieldFilter("source_id", "<=", last)
        return self._tiles_of(aoi, *ends)

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

    def _write(self, write: Write) -> tuple[Any, bool]:
        """Return the write of an edit, and whether a part of its history goes to a page."""
        before, after = write.edit.before, write.edit.after
        fields = codec.encode(after)
        paged = bool(codec.paged(fields))
        name = self._name(after.key)
        if before is None:
            return wire.creation(name, fields), paged
        changed = codec.changed(codec.encode(before), fields)
        return wire.change(name, changed, write.version), paged

    def _history_pages(self, after: Document, write: Any) -> Iterator[Any]:  # noqa: ANN401 - the same
        """Return the writes of the pages of a history; that of its document is told of them."""
        starts = []
        for start, page in codec.pages(codec.paged(codec.encode(after)), after.earlier):
            fields = {"history": page, "aoi": after.aoi, "generation": after.generation}
            yield wire.replacement(self._page(after.key, start), fields)
            starts.append(start)
        write.update_transforms.append(wire.addition("pages", starts))

    def _page(self, key: Key, start: int) -> str:
        return f"{self._name(key)}/history/{start:09}"

    def _increments(self, increments: Increments) -> Any:  # noqa: ANN401 - the same
        shards = shards_of(self._client, increments.aoi, increments.generation)
        shard = random.choice(shards)  # noqa: S311 - any will do
        added = [wire.increment(name, number) for name, number in increments.counts.items()]
        if increments.dates:
            first, last = min(increments.dates), max(increments.dates)
            added.append(wire.minimum("first", milliseconds_of(first)))
            added.append(wire.maximum("last", milliseconds_of(last)))
        return wire.transformation(self._wire.documents + shard.path, added)

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

    def _tiles_of(self, aoi: str, *filters: FieldFilter) -> Iterator[Stored]:
        query = self._of("tile", aoi, ())
        for each in filters:
            query = query.where(filter=each)
        with translated():
            for document in documents_of(query):
                yield _read(Key("tile", _id_of(document)), document)

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

    def _name(self, key: Key) -> str:
        return f"{self._wire.documents}{key.kind}s/{key.id}"

    def _reference(self, key: Key) -> DocumentReference:
        return DocumentReference(f"{key.kind}s", str(key.id), client=self._client)


def _read(key: Key, document: Any) -> Stored:  # noqa: ANN401 - a protobuf without types
    return Stored(codec.decode(key, wire.plain_of(document.fields)), document.update_time)


def _id_of(document: Any) -> int:  # noqa: ANN401 - the same
    return int(document.name.rpartition("/")[2])


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
