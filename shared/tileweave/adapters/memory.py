"""A store and a publisher in memory: the same promises as Firestore and Pub/Sub, one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from tileweave.domain.errors import AlreadyExists, Conflict, NotFound, Unavailable
from tileweave.domain.messages import Message
from tileweave.domain.model import Change, Document, Key, Scene, Tile
from tileweave.domain.policy import Policy
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, Totals, counted
from tileweave.usecases.ports import (
    ALL,
    NO_GUARDS,
    Aoi,
    Recount,
    Rejected,
    Stored,
    Version,
    Which,
    Window,
    Write,
)

DocumentT = TypeVar("DocumentT", bound=Document)

_NO_AOI = Aoi("", datetime.min.replace(tzinfo=UTC), generation=-1)


class MemoryStore:
    """Documents in a dictionary, with a version each; a lock makes a commit one step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._documents: dict[Key, Stored] = {}
        self._aois: dict[str, Aoi] = {}
        self._totals: dict[str, Totals] = {}
        self._counted: dict[str, int] = {}
        self._buried: dict[str, int] = {}
        self._leftovers: list[tuple[str, int]] = []
        self._clock = 0
        self._ordered: list[Document] | None = None
        self._rejected: dict[str, Rejected] = {}

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now."""
        with self._lock:
            return {key: self._documents.get(key) for key in keys}

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing. Raises Conflict, NotFound."""
        with self._lock:
            for write in writes:
                self._check(write.edit.after.key, write.version)
            for key, version in guards.items():
                self._check(key, version)
            for each in increments:
                if self._aois.get(each.aoi, _NO_AOI).generation != each.generation:
                    raise NotFound("AOI", each.aoi)
            for increment in increments:
                self._count(increment)
            return {each.edit.after.key: self._put(each.edit.after) for each in writes}

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        """Take these tokens out of the documents' outboxes, whatever happened to them since."""
        with self._lock:
            for key, tokens in published.items():
                if key in self._documents:
                    document = self._documents[key].document
                    self._put(replace(document, outbox=document.outbox - frozenset(tokens)))

    def history(self, key: Key) -> list[Change] | None:
        """Return the whole history of a scene or tile; None: no such."""
        stored = self._documents.get(key)
        return None if stored is None else list(stored.document.history)

    def histories(self, documents: Collection[Document]) -> Mapping[Key, Sequence[Change]]:
        """Return the whole histories of scenes and tiles, up to where they were when read."""
        return {each.key: each.history for each in documents}

    def create_aoi(self, name: str, now: datetime) -> Aoi:
        """Create an AOI with all totals 0; raises AlreadyExists, Unavailable."""
        with self._lock:
            if name in self._aois:
                raise AlreadyExists("AOI", name)
            if any(each == name for each, _ in self._leftovers):
                raise Unavailable(f"The AOI {name} is still being deleted.")
            self._aois[name] = Aoi(name, now, self._buried.get(name, -1) + 1)
            self._totals[name] = Totals({})
            self._counted.setdefault(name, 0)
            return self._aois[name]

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""
        return self._aois.get(name)

    def set_policy(self, name: str, change: Callable[[Policy], Policy]) -> Aoi | None:
        """Change the policy of an AOI; return it, or None if there is none."""
        with self._lock:
            if name in self._aois:
                found = self._aois[name]
                self._aois[name] = replace(found, policy=change(found.policy))
            return self._aois.get(name)

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Return an AOI and its totals; None if there is none."""
        with self._lock:
            found = self._aois.get(name)
            return None if found is None else (found, self._totals[name])

    def aois(self, prefix: str = "") -> Iterator[tuple[Aoi, Totals]]:
        """Return all AOIs whose name begins so, by name."""
        with self._lock:
            found = [(self._aois[name], self._totals[name]) for name in sorted(self._aois)]
        return (each for each in found if each[0].name.startswith(prefix))

    def bury_aoi(self, name: str) -> int | None:
        """Take an AOI away at once; return the generation of what is left of it to delete."""
        with self._lock:
            found = self._aois.pop(name, None)
            if found is None:
                return None
            self._buried[name] = found.generation
            self._leftovers.append((name, found.generation))
            return found.generation

    def delete_some(self, aoi: str, generation: int, limit: int) -> int:
        """Delete up to `limit` documents of an AOI that was buried; return how many."""
        with self._lock:
            documents = [each.document for each in self._documents.values()]
            found = [
                each.key for each in documents if (each.aoi, each.generation) == (aoi, generation)
            ]
            for key in found[:limit]:
                del self._documents[key]
            self._ordered = None
            if len(found) < limit and (aoi, generation) in self._leftovers:
                self._leftovers.remove((aoi, generation))
            return len(found[:limit])

    def leftovers(self) -> Iterator[tuple[str, int]]:
        """Return name and generation of all buried AOIs that have documents left."""
        return iter(list(self._leftovers))

    def attempts(self, aoi: str, statuses: Collection[Status]) -> Iterator[tuple[Key, int]]:
        """Return the keys of all scenes, then tiles, of these statuses, with their attempts."""
        found = sorted(self._of(aoi, statuses), key=lambda each: each.key.kind)
        return ((each.key, each.attempt) for each in found)

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Return the scenes of an AOI by date, then id."""
        found = [each for each in self._of(aoi, statuses) if isinstance(each, Scene)]
        return _within(found, window)

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        """Return the tiles of an AOI by scene date, scene, then id."""
        found = [each for each in self._of(aoi, statuses) if isinstance(each, Tile)]
        if which is Which.ROOTS:
            found = [tile for tile in found if tile.is_listed_root]
        if which is Which.LEAVES:
            found = [tile for tile in found if tile.is_listed_leaf]
        return _within(found, window)

    def tiles_named(self, aoi: str, source_ids: Collection[str]) -> Iterator[Stored]:
        """Return the tiles of an AOI that have one of these source ids."""
        wanted = set(source_ids)
        return (each for each in self._tiles_of(aoi) if each.document.source_id in wanted)

    def tiles_between(self, aoi: str, first: str, last: str) -> Iterator[Stored]:
        """Return the tiles of an AOI whose source ids are from `first` to `last`."""
        return (each for each in self._tiles_of(aoi) if first <= each.document.source_id <= last)

    def unpublished(self) -> Iterator[Document]:
        """Return all documents with something left in their outbox."""
        with self._lock:
            documents = [each.document for each in self._documents.values()]
        return (each for each in documents if each.outbox)

    def due(self, now: datetime) -> Iterator[Document]:
        """Return all documents that are due by now, the earliest first."""
        with self._lock:
            documents = [each.document for each in self._documents.values()]
        found = [(each.due_at, each.id, each) for each in documents if each.due_at]
        return (each for moment, _, each in sorted(found, key=_by_moment) if moment <= now)

    def uncut(self) -> Iterator[Tile]:
        """Return all FAILED tiles that are not cut out of their chains."""
        with self._lock:
            documents = [each.document for each in self._documents.values()]
        tiles = [each for each in documents if isinstance(each, Tile)]
        return (each for each in tiles if each.status is Status.FAILED and not each.cut)

    def recount(self, aoi: str) -> Recount | None:
        """Count all scenes and tiles of an AOI, and compare with the totals that are kept."""
        documents = self._of(aoi, ())
        with self._lock:
            if aoi not in self._aois:
                return None
            return Recount(self._totals[aoi], counted(documents), self._counted[aoi])

    def correct(self, off: Increments, version: Version) -> None:
        """Add to the totals what a recount found missing, once. Raises Conflict."""
        with self._lock:
            if self._counted.get(off.aoi) != version:
                raise Conflict(f"the totals of {off.aoi} changed since they were counted.")
            self._count(off)

    def keep_rejected(self, rejected: Rejected) -> None:
        """Keep a rejected message; the same message is kept once, as it is now."""
        self._rejected[rejected.id] = rejected

    def rejected(
        self, aoi: str = "", kind: str = "", after: tuple[datetime, str] | None = None
    ) -> Iterator[Rejected]:
        """Return rejected messages, of one AOI or kind if that is given, the latest first."""
        found = sorted(self._rejected.values(), key=_by_receipt, reverse=True)
        wanted = (each for each in found if aoi in ("", each.aoi) and kind in ("", each.kind))
        return (each for each in wanted if after is None or _by_receipt(each) < after)

    def find_rejected(self, id_: str) -> Rejected | None:
        """Return a rejected message, or None if there is none."""
        return self._rejected.get(id_)

    def _of(self, aoi: str, statuses: Collection[Status]) -> list[Document]:
        with self._lock:
            documents = self._in_order()
        found = [each for each in documents if each.aoi == aoi]
        return [each for each in found if not statuses or each.status in statuses]

    def _tiles_of(self, aoi: str) -> list[Stored]:
        with self._lock:
            found = [self._documents[each.key] for each in self._in_order() if each.aoi == aoi]
        return [each for each in found if isinstance(each.document, Tile)]

    def _in_order(self) -> list[Document]:
        """Return all that can be listed, in order; it is sorted anew only after a change."""
        if self._ordered is None:
            documents = (each.document for each in self._documents.values())
            listed = [each for each in documents if not (isinstance(each, Tile) and each.staged)]
            self._ordered = sorted(listed, key=_order)
        return self._ordered

    def _check(self, key: Key, version: Version | None) -> None:
        stored = self._documents.get(key)
        if (stored and stored.version) != version:
            raise Conflict(f"{key.kind} {key.id} changed since it was read.")

    def _count(self, increment: Increments) -> None:
        self._totals[increment.aoi] = _added(self._totals[increment.aoi], increment)
        self._counted[increment.aoi] += 1

    def _put(self, document: Document) -> Version:
        self._clock += 1
        self._ordered = None
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


def _by_moment(found: tuple[datetime, int, Document]) -> tuple[datetime, int]:
    return found[:2]


def _by_receipt(rejected: Rejected) -> tuple[datetime, str]:
    return rejected.received_at, rejected.id


def _order(document: Document) -> tuple[datetime, int, int]:
    scene_id = document.scene_id if isinstance(document, Tile) else document.id
    return document.date, scene_id, document.id


def _within(documents: list[DocumentT], window: Window) -> Iterator[DocumentT]:
    after = window.after
    if after is not None:
        order = after.date, after.scene_id, after.id
        documents = [each for each in documents if _order(each) > order]
    end = None if window.limit is None else window.skip + window.limit
    return iter(documents[window.skip : end])


def _added(totals: Totals, increment: Increments) -> Totals:
    names = totals.counts.keys() | increment.counts.keys()
    counts = {name: totals.counts.get(name, 0) + increment.counts.get(name, 0) for name in names}
    dates = [*increment.dates, *filter(None, (totals.first, totals.last))]
    return Totals(counts, min(dates, default=None), max(dates, default=None))
