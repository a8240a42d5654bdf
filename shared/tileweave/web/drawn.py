"""What is remembered of a graph while it is drawn: plain numbers, as there may be many."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from tileweave.domain.model import Document
from tileweave.domain.status import Status

_KINDS = ("scene", "previous", "reference")
"""What a link comes from."""

_STATUSES = tuple(Status)


class Nodes:
    """Status and day of each node, a number each: there may be a hundred thousand."""

    def __init__(self) -> None:
        self._packed: dict[int, int] = {}

    def add(self, document: Document) -> None:
        """Remember a node."""
        day = document.date.date().toordinal()
        self._packed[document.id] = day * len(_STATUSES) + _STATUSES.index(document.status)

    def __contains__(self, id_: int) -> bool:
        return id_ in self._packed

    def status(self, id_: int) -> Status:
        """Return the status of a node."""
        return _STATUSES[self._packed[id_] % len(_STATUSES)]

    def day(self, id_: int) -> int:
        """Return the day of a node, as an ordinal."""
        return self._packed[id_] // len(_STATUSES)

    def by_day(self) -> dict[int, array[int]]:
        """Return the nodes of each day, in the order in which they were added."""
        found: dict[int, array[int]] = {}
        for id_ in self._packed:
            found.setdefault(self.day(id_), array("q")).append(id_)
        return found


class Links:
    """Tail, head and kind of each link, as plain numbers."""

    def __init__(self) -> None:
        self._tails, self._heads, self._kinds = array("q"), array("q"), bytearray()

    def add(self, tail: int, head: int, kind: str) -> None:
        """Remember a link."""
        self._tails.append(tail)
        self._heads.append(head)
        self._kinds.append(_KINDS.index(kind))

    def __iter__(self) -> Iterator[tuple[int, int, str]]:
        kinds = map(_KINDS.__getitem__, self._kinds)
        return zip(self._tails, self._heads, kinds, strict=True)
