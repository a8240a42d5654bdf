"""Export and restore over HTTP, against bare reads and commits of the same documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from benchmarks import seeding
from benchmarks.figures import Figure, middle
from benchmarks.ingest import copies
from benchmarks.serving import Function, bare, environment, served
from benchmarks.timing import seconds_of
from tileweave.client.snapshots import NDJSON, parts_of
from tileweave.domain.model import Json

TILES = 10_000
PAGE = 2_000
TIMES = 3


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield tiles a second of an export in pages, and of a restore in parts."""
    tiles, times = (200, 1) if quick else (TILES, TIMES)
    with environment() as project, served("aoi") as function:
        seeding.seed(project, "snapshots", tiles)
        yield _export(function, tiles, times)
        yield _restore(project, function, tiles, times)


def _export(function: Function, tiles: int, times: int) -> Figure:
    with bare("graph") as floor:
        both = [
            (
                seconds_of(lambda: sum(1 for _ in _pages(function))),
                seconds_of(partial(floor.get, "/?aoi=snapshots")),
            )
            for _ in range(times + 1)
        ][1:]
    return _figure("export", tiles, both)


def _restore(project: str, function: Function, tiles: int, times: int) -> Figure:
    first, *rest = _pages(function)
    features = [each for page in (first, *rest) for each in page["features"]]
    parts = list(parts_of(first["snapshot"], features))
    with bare("ingest") as floor:
        both = []
        for number in range(times + 1):
            aoi = f"restored-{number}"
            taken = seconds_of(partial(_restored, function, aoi, parts))
            body = copies(project, aoi, f"floor-{aoi}")
            both.append((taken, seconds_of(partial(floor.post, "/", body))))
    return _figure("restore", tiles, both[1:])


def _restored(function: Function, aoi: str, parts: list[bytes]) -> None:
    answers = [json.loads(function.post(f"/aoi/{aoi}/restore", each, NDJSON)) for each in parts]
    if not sum(each["restored"] for each in answers):
        raise RuntimeError(f"nothing was restored: {answers}")


def _pages(function: Function) -> Iterator[Json]:
    href = f"/aoi/snapshots/export?limit={PAGE}"
    while href:
        page = function.get(href).json()
        yield page
        href = next((each["href"] for each in page["links"]), "")


def _figure(case: str, tiles: int, both: list[tuple[float, float]]) -> Figure:
    value, floor = (tiles / middle(each) for each in zip(*both, strict=True))
    return Figure(case=f"{case}, {tiles:,} tiles", value=value, unit="tiles/s", floor=floor)
