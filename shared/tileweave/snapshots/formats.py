"""The formats of snapshots, by their names and by the names of files."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import BinaryIO, Protocol

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.model import Json
from tileweave.snapshots import geojson, ndjson
from tileweave.snapshots.parts import Header, Snapshot, Totals


class Format(StrEnum):
    """How a snapshot is written."""

    GEOJSON = "geojson"
    NDJSON = "ndjson"
    GEOPARQUET = "geoparquet"


EXTENSIONS = {
    ".geojson": Format.GEOJSON,
    ".json": Format.GEOJSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.GEOPARQUET,
    ".geoparquet": Format.GEOPARQUET,
}

MEDIA_TYPES = {
    Format.GEOJSON: "application/geo+json",
    Format.NDJSON: "application/x-ndjson",
    Format.GEOPARQUET: "application/vnd.apache.parquet",
}


def format_of(href: str, named: str = "") -> Format:
    """Return the format that is named, or else that of a file's name. Raises Invalid."""
    if named:
        if named not in list(Format):
            raise Invalid((Problem("format", f"is {named!r}: one of {', '.join(Format)}"),))
        return Format(named)
    path = (href.partition("?")[0] if "://" in href else href).lower()
    found = next((form for end, form in EXTENSIONS.items() if path.endswith(end)), None)
    if found is None:
        said = f"{href} does not say by its name in which format: it ends with one of"
        raise Invalid((Problem("format", f"{said} {', '.join(EXTENSIONS)}, or name a format"),))
    return found


def write(form: Format, file: BinaryIO, header: Header, features: Iterable[Json]) -> Totals:
    """Write a snapshot as its Features come; return how many scenes and tiles they were."""
    return _module(form).write(file, header, features)


def read(form: Format, file: BinaryIO) -> Snapshot:
    """Return the snapshot of a file, read as its scenes are asked for. Raises Invalid."""
    return _module(form).read(file)


class _Module(Protocol):
    def write(self, file: BinaryIO, header: Header, features: Iterable[Json]) -> Totals: ...

    def read(self, file: BinaryIO) -> Snapshot: ...


def _module(form: Format) -> _Module:
    if form is Format.GEOPARQUET:
        from tileweave.snapshots import geoparquet  # noqa: PLC0415 - pyarrow takes long to import

        return geoparquet
    return ndjson if form is Format.NDJSON else geojson
