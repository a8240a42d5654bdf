"""Scenes sent to the service, a request after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tileweave.cli.errors import CommandError
from tileweave.cli.ingestion.parts import requests
from tileweave.cli.ingestion.reports import Fate
from tileweave.cli.ingestion.spool import UNDATED, Record, Spool
from tileweave.client import Client, Foreseen, Outcome, Refused
from tileweave.client.models import Feature, Wrong


@dataclass(frozen=True, slots=True)
class Sender:
    """Adds what a spool keeps to an AOI; `options` are the parameters of each request."""

    client: Client
    aoi: str
    spool: Spool
    options: Mapping[str, str | int]
    take: Callable[[Iterable[Feature]], None]
    """Takes the scenes that a dry run foresees."""

    def fates(self) -> Iterator[Fate]:
        """Return what became of each scene, as the service says it. Raises ClientError."""
        for records in requests(self.spool.records):
            yield from self._sent(records)

    def _sent(self, records: Sequence[Record]) -> Iterator[Fate]:
        """Send scenes together; what is too much for one request in two."""
        try:
            answer = self.client.add_lines(
                self.aoi, b"".join(self.spool.lines(records)), self.options
            )
        except Refused as error:
            if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise
            if len(records) == 1:
                yield Fate(records[0], _too_large(records[0], str(error)))
                return
            half = len(records) // 2
            yield from self._sent(records[:half])
            yield from self._sent(records[half:])
            return
        if len(answer.scenes) != len(records):
            raise CommandError(f"{len(answer.scenes)} outcomes came for {len(records)} scenes")
        if isinstance(answer, Foreseen):
            self.take(answer.graph["features"])
        yield from map(Fate, records, answer.scenes)


def by_service(
    client: Client, aoi: str, files: Sequence[str], options: Mapping[str, str | int]
) -> Iterator[Fate]:
    """Have the service read files by their addresses; return what became of each scene."""
    for file in files:
        answer = client.add_scenes_from(aoi, file, options=options)
        for number, outcome in enumerate(answer.scenes):
            record = Record(outcome.source_id, UNDATED, (), 0, 0, file, f"scene {number}")
            yield Fate(record, outcome)


def _too_large(record: Record, said: str) -> Outcome:
    wrong = Wrong(path="body", message=said)
    return Outcome(source_id=record.source_id, outcome="refused", errors=(wrong,))
