"""A store and a publisher in memory that count what a deployment would be billed for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Key
from tileweave.domain.tally import Increments
from tileweave.usecases.ports import NO_GUARDS, Aoi, Stored, Version, Write


@dataclass
class Bill:
    """Documents read and written, and messages published."""

    reads: int = 0
    writes: int = 0
    messages: int = 0


class CountingStore(MemoryStore):
    """Counts documents as Firestore does: each that is asked for, each write of a commit."""

    def __init__(self, bill: Bill) -> None:
        super().__init__()
        self._bill = bill

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now."""
        self._bill.reads += len(keys)
        return super().read(keys)

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""
        self._bill.reads += 1
        return super().find_aoi(name)

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing."""
        self._bill.writes += len(writes) + len(increments) + len(guards)
        return super().commit(writes, increments, guards)

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        """Take these tokens out of the documents' outboxes."""
        self._bill.writes += len(published)
        super().confirm(published)


class CountingPublisher(MemoryPublisher):
    """Counts messages, and keeps them until they are taken."""

    def __init__(self, bill: Bill) -> None:
        super().__init__()
        self._bill = bill

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them."""
        self._bill.messages += len(messages)
        super().publish(messages)


__all__ = ["Bill", "CountingPublisher", "CountingStore", "Topic"]
