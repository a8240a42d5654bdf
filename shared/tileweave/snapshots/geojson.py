"""A snapshot as a GeoJSON FeatureCollection (RFC 7946): a header and totals are foreign members."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, BinaryIO, cast

from tileweave.domain.model import Json
from tileweave.json_stream import JsonStream
from tileweave.snapshots.parts import (
    MOST_SCENE,
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
    """Return the snapshot of a file, read a scene at a time. Raises Invalid: it is none, or cut."""
    totals = _totals(file)
    return Snapshot(header_of(_header(file)), totals, _features(file))


def of_collection(body: Any) -> Snapshot:  # noqa: ANN401 - JSON
    """Return the snapshot that a FeatureCollection is. Raises Invalid."""
    features = body.get("features") if isinstance(body, dict) else None
    if not isinstance(features, list):
        raise wrong("it is no FeatureCollection")
    if "snapshot" not in body:
        raise wrong("the FeatureCollection has no member snapshot: it is none")
    return Snapshot(header_of(body["snapshot"]), totals_of(body.get("totals")), features)


def _header(file: BinaryIO) -> object:
    """Return the member `snapshot` of a file, whether it is before its scenes or after them."""
    members: Json = {}
    with closing(_items(file, members)) as items:
        for _ in items:
            if members.get("snapshot") is not None:
                break
    return members.get("snapshot")


def _features(file: BinaryIO) -> Iterator[Any]:
    members: Json = {}
    yield from _items(file, members)
    if members.get("features") != []:
        raise wrong("it is no FeatureCollection")


def _items(file: BinaryIO, members: Json) -> Generator[Any]:
    """Return each Feature of a file as it is read; `members` get what is beside them."""
    file.seek(0)
    text = io.TextIOWrapper(cast("Any", file), encoding="utf-8-sig")
    try:
        yield from JsonStream(text, MOST_SCENE, members).items()
    except (ValueError, RecursionError) as error:
        raise wrong(f"the file is not JSON: {error}") from error
    finally:
        if not file.closed:
            text.detach()  # it would close the file


def _totals(file: BinaryIO) -> Totals:
    """Return what the end of a file says; the file is at its start then."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END))
    found = _TOTALS.search(file.read())
    file.seek(0)
    return totals_of(read_json(found[1], "its end") if found else None)
