"""What became of each scene, as lines of JSON or as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from tileweave.cli.errors import CommandError
from tileweave.cli.ingestion.spool import Record

if TYPE_CHECKING:
    from tileweave.client import Outcome
    from tileweave.client.models import Feature

COLUMNS = ("file", "place", "source_id", "outcome", "id", "errors")


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a scene of a file."""

    record: Record
    outcome: Outcome

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "file": self.record.file,
            "place": self.record.place,
            "source_id": self.outcome.source_id,
            "outcome": self.outcome.outcome,
            "id": self.outcome.id,
            "errors": [each.model_dump() for each in self.outcome.errors],
        }

    @property
    def shown(self) -> str:
        """Its name and place, and what is wrong with it, in a line."""
        named = f"{self.outcome.source_id} " if self.outcome.source_id else ""
        return f"{named}({self.record.file}, {self.record.place}): {self.why}"

    @property
    def why(self) -> str:
        """What is wrong with it, in a line."""
        return "; ".join(f"{each.path}: {each.message}" for each in self.outcome.errors)


class Report(Protocol):
    """Takes what became of scenes, as it is known."""

    def add(self, fate: Fate) -> None:
        """Add a scene."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A report in lines of JSON."""

    file: IO[str]

    def add(self, fate: Fate) -> None:
        """Add a scene."""
        self.file.write(json.dumps(fate.as_json(), ensure_ascii=False) + "\n")


class Table:
    """A report in CSV."""

    def __init__(self, file: IO[str]) -> None:
        self._rows = csv.writer(file)
        self._rows.writerow(COLUMNS)

    def add(self, fate: Fate) -> None:
        """Add a scene."""
        body = fate.as_json() | {"errors": fate.why}
        self._rows.writerow([body[each] for each in COLUMNS])


class Nothing:
    """A report that nobody asked for."""

    def add(self, fate: Fate) -> None:
        """Forget it."""


@contextmanager
def drawing(path: Path | None) -> Iterator[Callable[[Iterable[Feature]], None]]:
    """Give what writes Features to a FeatureCollection, as they come; without a file nowhere."""
    if path is None:
        yield lambda _: None
        return
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[')
        first = True

        def write(features: Iterable[Feature]) -> None:
            nonlocal first
            for each in features:
                file.write(f"{'' if first else ','}\n{json.dumps(each, ensure_ascii=False)}")
                first = False

        yield write
        file.write("\n]}\n")


FORMS: Mapping[str, Callable[[IO[str]], Report]] = {
    ".csv": Table,
    ".ndjson": Lines,
    ".jsonl": Lines,
    ".json": Lines,
}


@contextmanager
def reporting(path: Path | None) -> Iterator[Report]:
    """Give the report of a file, by how its name ends. Raises CommandError."""
    if path is None:
        yield Nothing()
        return
    form = FORMS.get(path.suffix.casefold())
    if form is None:
        raise CommandError(f"{path}: a report is {', '.join(FORMS)}, by how its name ends")
    with path.open("w", encoding="utf-8", newline="") as file:
        yield form(file)
