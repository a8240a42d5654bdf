"""A store and a publisher in memory: the same promises as Firestore and Pub/Sub, one process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tileweave.domain.errors import AlreadyExists, Conflict
from tileweave.domain.messages import Message
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, Totals
from tileweave.usecases.ports import Aoi, Rejected, Stored, Version, Write


class MemoryStore:
    """Documents in a dictionary, with a version each; a lock makes a commit one step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[Key, Stored] = {}
        self._aois: dict[str, Aoi] = {}
        self._totals: dict[str, Totals] = {}
        self._clock = 0
        self.rejected: dict[str, Rejected] = {}

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now."""
        with self._lock:
            return {key: self._documents.get(key) for key in keys}

    def commit(
        self, writes: Sequence[Write], increments: Sequence[Increments]
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing. Raises Conflict."""
        with self._lock:
            for write in writes:
                self._check(write.edit.after.key, write.version)
            if unknown := [each.aoi for each in increments if each.aoi not in self._aois]:
                raise Conflict(f"There is no AOI {unknown[0]} any more.")
            for increment in increments:
                self._totals[increment.aoi] = _added(self._totals[increment.aoi], increment)
            return {each.edit.after.key: self._put(each.edit.after) for each in writes}

    def confirm(self, published: Mapping[Key, Version]) -> frozenset[Key]:
        """Empty the outbox of each document still at this version; return the others."""
        with self._lock:
            current = {
                key: version
                for key, version in published.items()
                if key in self._documents and self._documents[key].version == version
            }
            for key in current:
                self._put(replace(self._documents[key].document, outbox=frozenset()))
            return frozenset(published.keys() - current.keys())

    def create_aoi(self, name: str, now: datetime) -> Aoi:
        """Create an AOI with all totals 0; raises AlreadyExists."""
        with self._lock:
            if name in self._aois:
                raise AlreadyExists("AOI", name)
            self._aois[name] = Aoi(name, now)
            self._totals[name] = Totals({})
            return self._aois[name]

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""
        return self._aois.get(name)

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Return an AOI and its totals; None if there is none."""
        with self._lock:
            found = self._aois.get(name)
            return None if found is None else (found, self._totals[name])

    def scenes(self, aoi: str, statuses: Collection[Status] = ()) -> Iterator[Scene]:
        """Return the scenes of an AOI by date, then id."""
        return (each for each in self._of(aoi, statuses) if isinstance(each, Scene))

    def tiles(self, aoi: str, statuses: Collection[Status] = ()) -> Iterator[Tile]:
        """Return the tiles of an AOI by scene date, then id."""
        return (each for each in self._of(aoi, statuses) if isinstance(each, Tile))

    def unpublished(self) -> Iterator[Document]:
        """Return all documents with something left in their outbox."""
        with self._lock:
            documents = [each.document for each in self._documents.values()]
        return (each for each in documents if each.outbox)

    def keep_rejected(self, rejected: Rejected) -> None:
        """Keep a rejected message; the same message is kept once."""
        self.rejected.setdefault(rejected.message_id, rejected)

    def _of(self, aoi: str, statuses: Collection[Status]) -> list[Document]:
        with self._lock:
            documents = [each.document for each in self._documents.values()]
        found = [each for each in documents if each.aoi == aoi]
        wanted = [each for each in found if not statuses or each.status in statuses]
        return sorted(wanted, key=lambda each: (each.date, each.id))

    def _check(self, key: Key, version: Version | None) -> None:
        stored = self._documents.get(key)
        if (stored and stored.version) != version:
            raise Conflict(f"{key.kind} {key.id} changed since it was read.")

    def _put(self, document: Document) -> Version:
        self._clock += 1
        self._documents[document.key] = Stored(document, self._clock)
        return self._clock


@dataclass(slots=True)
class MemoryPublisher:
    """Messages in a list, for whoever takes them from there."""

    messages: list[Message] = field(default_factory=list)

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them."""
        self.messages.extend(messages)

    def take(self) -> list[Message]:
        """Return what was published since the last call."""
        taken, self.messages = self.messages, []
        return taken


def _added(totals: Totals, increment: Increments) -> Totals:
    names = totals.counts.keys() | increment.counts.keys()
    counts = {name: totals.counts.get(name, 0) + increment.counts.get(name, 0) for name in names}
    dates = [*increment.dates, *filter(None, (totals.first, totals.last))]
    return Totals(counts, min(dates, default=None), max(dates, default=None))
