"""The scenes of a file, one by one: a FeatureCollection, a list, or one scene a line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from tileweave.cli.errors import CommandError
from tileweave.cli.ingestion.streams import BadJson, Twice, beginning, items
from tileweave.domain.errors import Invalid
from tileweave.strict_json import NotJson, value_of

MOST_BYTES = 32 * 1024**2
"""What a request may hold: no scene is larger."""

LINES = (".ndjson", ".jsonl", ".geojsonl", ".geojsons", ".ndgeojson")
"""How names of files end that have a scene a line."""


@dataclass(frozen=True, slots=True)
class Found:
    """A scene: what it holds, the same as a line of JSON, and where it stands in its file."""

    body: Any
    text: bytes
    place: str


@dataclass(slots=True)
class Reader:
    """Reads a file that is called so; `warn` is told what is no error. Raises CommandError."""

    file: BinaryIO
    name: str
    warn: Callable[[str], None]

    def scenes(self) -> Iterator[Found]:
        """Return the scenes of the file, as they are read."""
        try:
            yield from self._found()
        except BadJson as error:
            raise CommandError(f"{self.name}, {error}") from error

    def _found(self) -> Iterator[Found]:
        if self.name.removesuffix(".gz").casefold().endswith(LINES):
            return self._lines()
        first = beginning(self.file)
        if first.kind == "array":
            return self._items("item", "scene")
        if first.kind == "collection":
            return self._collection()
        if first.kind == "object":
            return self._lines() if self._has_one_a_line() else self._single()
        raise CommandError(f"{self.name} holds no scenes: neither JSON objects nor a list of them")

    def _collection(self) -> Iterator[Found]:
        """Return its features; told are links to more of them."""
        beside: dict[str, list[Any]] = {"crs": [], "links.item": []}
        yield from self._items("features.item", "feature", beside)
        if any(map(_is_other, beside["crs"])):
            said = "has a crs: GeoJSON is in EPSG:4326, longitude before latitude"
            raise CommandError(f"{self.name} {said}")
        if any(
            isinstance(each, dict) and each.get("rel") == "next" for each in beside["links.item"]
        ):
            self.warn(f"{self.name} is a page of a list: its link `next` leads to more scenes")

    def _items(
        self, prefix: str, what: str, beside: dict[str, list[Any]] | None = None
    ) -> Iterator[Found]:
        place = f"{what} 0"
        try:
            for number, body in enumerate(items(self.file, prefix, beside or {}), 1):
                yield Found(body, self._as_line(body, place), place)
                place = f"{what} {number}"
        except Twice as error:
            raise BadJson(f"{place}: {error}") from error

    def _as_line(self, body: object, place: str) -> bytes:
        try:
            return json.dumps(
                body, separators=(",", ":"), ensure_ascii=False, allow_nan=False
            ).encode()
        except ValueError as error:
            raise CommandError(f"{self.name}, {place}: {error}") from error

    def _has_one_a_line(self) -> bool:
        """Whether the first line is a whole object: else it is one that is written over many."""
        self.file.seek(0)
        try:
            return isinstance(json.loads(self.file.readline(MOST_BYTES)), dict)
        except ValueError:
            return False

    def _lines(self) -> Iterator[Found]:
        self.file.seek(0)
        for number, line in enumerate(iter(self.file.readline, b""), 1):
            if text := line.strip():
                place = f"line {number}"
                yield Found(self._parsed(text, place), text, place)

    def _single(self) -> Iterator[Found]:
        self.file.seek(0)
        text = self.file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise CommandError(f"{self.name} is one object of more than {MOST_BYTES} bytes")
        body = self._parsed(text, "the scene")
        yield Found(body, self._as_line(body, "the scene"), "the scene")

    def _parsed(self, text: bytes, place: str) -> Any:  # noqa: ANN401 - JSON
        """Return what a text holds, by the rules of the service itself."""
        try:
            return value_of(text)
        except NotJson as error:
            raise CommandError(f"{self.name}, {place} is not JSON{error}") from error
        except Invalid as error:
            raise CommandError(f"{self.name}, {place}: {error}") from error


def _is_other(crs: object) -> bool:
    """Whether it is not longitude and latitude, by the rule of the service."""
    from tileweave.web.footprint import refuse_other_crs
    from tileweave.web.wrong_fields import Problems

    problems = Problems()
    refuse_other_crs({"crs": crs}, "crs", problems)
    return bool(problems.found)
