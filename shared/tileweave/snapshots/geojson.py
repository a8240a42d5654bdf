"""A snapshot as a GeoJSON FeatureCollection (RFC 7946): a header and totals are foreign members."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from tileweave.domain.model import Json
from tileweave.snapshots.parts import (
    Counted,
    Header,
    Snapshot,
    Totals,
    header_of,
    line,
    read_json,
    totals_of,
    wrong,
)

END = 1_000
"""Bytes at the end of a file that hold its totals."""

MOST_AT_ONCE = 64_000_000
"""Bytes of a file that is read as a whole, where there is no reader of streams."""

_TOTALS = re.compile(rb'"totals"\s*:\s*(\{[^{}]*\})\s*\}\s*$')


def write(file: BinaryIO, header: Header, features: Iterable[Json]) -> Totals:
    """Write a snapshot as its Features come, a line each; return how many they were."""
    counted = Counted(features)
    head = line(header.model_dump(mode="json"))
    file.write(b'{"type":"FeatureCollection","snapshot":' + head + b',"features":[')
    lines = ((b",\n" if number else b"\n", line(each)) for number, each in enumerate(counted))
    file.writelines(part for both in lines for part in both)
    file.write(b'\n],"totals":' + line(counted.totals.model_dump()) + b"}\n")
    return counted.totals


def read(file: BinaryIO) -> Snapshot:
    """Return the snapshot of a file. Raises Invalid: it is none, or was cut off."""
    totals = _totals(file)
    try:
        import ijson  # noqa: F401, PLC0415 - a part of the command line, not of what is deployed
    except ImportError:
        return _read_at_once(file, totals)
    header = header_of(next(_items(file, "snapshot"), None))
    return Snapshot(header, totals, _items(file, "features.item"))


def of_collection(body: Any) -> Snapshot:  # noqa: ANN401 - JSON
    """Return the snapshot that a FeatureCollection is. Raises Invalid."""
    features = body.get("features") if isinstance(body, dict) else None
    if not isinstance(features, list):
        raise wrong("it is no FeatureCollection")
    if "snapshot" not in body:
        raise wrong("the FeatureCollection has no member snapshot: it is none")
    return Snapshot(header_of(body["snapshot"]), totals_of(body.get("totals")), features)


def _read_at_once(file: BinaryIO, totals: Totals) -> Snapshot:
    text = file.read(MOST_AT_ONCE + 1)
    if len(text) > MOST_AT_ONCE:
        said = f"GeoJSON of more than {MOST_AT_ONCE} bytes is not read here"
        raise wrong(f"{said}: take a snapshot as NDJSON or GeoParquet")
    return of_collection({**_object(read_json(text, "the file")), "totals": totals.model_dump()})


def _items(file: BinaryIO, path: str) -> Iterator[Any]:
    """Return what is at a path of a file, as it is read."""
    import ijson  # noqa: PLC0415 - as above

    file.seek(0)
    try:
        yield from ijson.items(file, path, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise wrong(f"the file is not JSON: {error}") from error


def _totals(file: BinaryIO) -> Totals:
    """Return what the end of a file says; the file is at its start then."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END))
    found = _TOTALS.search(file.read())
    file.seek(0)
    return totals_of(read_json(found[1], "its end") if found else None)


def _object(found: Any) -> Json:  # noqa: ANN401 - JSON
    return found if isinstance(found, dict) else {}
