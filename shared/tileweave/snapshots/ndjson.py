"""A snapshot as lines of JSON: a header, a scene a line, totals."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from tileweave.domain.model import Json
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
"""Bytes at the end of a file that hold its last line."""


def write(file: BinaryIO, header: Header, features: Iterable[Json]) -> Totals:
    """Write a snapshot as its Features come; return how many they were."""
    counted = Counted(features)
    _write(file, {"snapshot": header.model_dump(mode="json")})
    for feature in counted:
        _write(file, feature)
    _write(file, {"totals": counted.totals.model_dump()})
    return counted.totals


def read(file: BinaryIO) -> Snapshot:
    """Return the snapshot of a file. Raises Invalid: it is none, or was cut off."""
    totals = _totals(file)
    first = read_json(_line(file, 1), "line 1")
    if not isinstance(first, dict) or "snapshot" not in first:
        raise wrong("its first line is no header: this is no snapshot in NDJSON")
    return Snapshot(header_of(first["snapshot"]), totals, _features(file))


def _totals(file: BinaryIO) -> Totals:
    """Return what the last line says; the file is at its start then."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END))
    last = file.read().rstrip().rpartition(b"\n")[2]
    file.seek(0)
    found = read_json(last, "its last line") if last.startswith(b'{"totals"') else {}
    return totals_of(found.get("totals"))


def _features(file: BinaryIO) -> Iterator[Json]:
    """Return the lines between the first and the last."""
    number = 2
    while each := _line(file, number):
        found = read_json(each, f"line {number}") if each.strip() else {"totals": None}
        if not (isinstance(found, dict) and "totals" in found):
            yield found
        number += 1


def _line(file: BinaryIO, number: int) -> bytes:
    found = file.readline(MOST_SCENE + 1)
    if len(found) > MOST_SCENE:
        raise wrong(f"line {number} has more than {MOST_SCENE} bytes")
    return found


def _write(file: BinaryIO, value: object) -> None:
    file.write(line(value) + b"\n")
