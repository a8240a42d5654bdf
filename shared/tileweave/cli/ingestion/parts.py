"""Scenes in the requests that add them: each after those that it names, chains as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tileweave.cli.ingestion.spool import Record
from tileweave.domain import batches

MOST_BYTES = 20_000_000
"""Of a request: the service takes 32 MB."""

MOST_SCENES = 2_000
"""Of a request, if they are one chain."""

ENOUGH_SCENES = 500
"""After so many a request takes no further chain: progress is seen, and little is sent again."""

LEAST_BYTES = MOST_BYTES // MOST_SCENES
"""What a scene counts for at least, so that a request has a largest number of them too."""


@dataclass(slots=True)
class Whole:
    """A scene with all its parts: a page of a list may have ended within it."""

    source_id: str
    date: datetime
    named: set[str]
    records: list[Record]

    @property
    def weight(self) -> int:
        """What it counts for in a request."""
        return sum(max(LEAST_BYTES, each.size) for each in self.records)


def requests(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Return the records of one request after the other.

    Chains are in the order of their first dates, so that what has no links is in that of its dates.
    """
    chains = batches.chains(_wholes(records))
    pieces = (piece for chain in sorted(chains, key=_first_date) for piece in _pieces(chain))
    request: list[Record] = []
    weight = 0
    for piece in pieces:
        more = sum(each.weight for each in piece)
        if request and (weight + more > MOST_BYTES or len(request) >= ENOUGH_SCENES):
            yield request
            request, weight = [], 0
        request.extend(record for each in piece for record in each.records)
        weight += more
    if request:
        yield request


def _wholes(records: Iterable[Record]) -> list[Whole]:
    """Return the scenes by their names; one that has none is by itself."""
    found: dict[str, Whole] = {}
    for number, each in enumerate(records):
        name = each.source_id or f"\0{number}"
        whole = found.setdefault(name, Whole(name, each.date, set(), []))
        whole.named.update(each.named)
        whole.records.append(each)
    return list(found.values())


def _pieces(chain: Sequence[Whole]) -> Iterator[list[Whole]]:
    """Return a chain as a whole, or if that is too much in pieces in the order of dependencies."""
    units = batches.in_units(chain)
    for piece in batches.in_pieces(units, _weight, MOST_BYTES):
        yield [each for unit in piece for each in unit]


def _weight(unit: Sequence[Whole]) -> int:
    return sum(each.weight for each in unit)


def _first_date(chain: Sequence[Whole]) -> datetime:
    return min(each.date for each in chain)
