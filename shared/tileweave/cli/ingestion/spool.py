"""Scenes on their way: their JSON in a temporary file, in memory only what puts them in order."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from tileweave.cli.ingestion.reading import Found
from tileweave.web.naming import date_of, name_of, named_by

UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """A scene, or a part of one: where its JSON is, and where it came from."""

    source_id: str
    date: datetime
    named: tuple[str, ...]
    offset: int
    size: int
    file: str
    place: str


@dataclass(slots=True)
class Spool:
    """Keeps scenes in a file, in the order they came."""

    _file: IO[bytes]
    records: list[Record] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    """Each name once: most are told several times."""
    _end: int = 0

    def keep(self, found: Found, file: str) -> None:
        """Keep a scene of a file that is called so."""
        self._file.write(found.text + b"\n")
        name = self._once(name_of(found.body))
        named = tuple(map(self._once, named_by(found.body) - {name}))
        date = _moment(date_of(found.body))
        size = len(found.text) + 1
        self.records.append(Record(name, date, named, self._end, size, file, found.place))
        self._end += size

    def lines(self, records: Iterable[Record]) -> Iterator[bytes]:
        """Return the JSON of scenes, a line each."""
        for each in records:
            self._file.seek(each.offset)
            yield self._file.read(each.size)

    def _once(self, name: str) -> str:
        return self._names.setdefault(name, name)


@contextmanager
def spooling() -> Iterator[Spool]:
    """Give a spool; what it keeps is gone afterwards."""
    with tempfile.TemporaryFile() as file:
        yield Spool(file)


def _moment(written: str) -> datetime:
    """Return a date to order by; what is none comes first, and is refused by the service."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return UNDATED
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return UNDATED
