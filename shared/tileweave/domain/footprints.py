"""Which tiles have the same ground footprint, by their source ids.

A Sentinel-1 burst (`A44_IW1_8951`) is named by its orbit, its swath, and the time since the
satellite crossed the equator northwards (ANX time, in tenths of a second), which drifts by one
between dates: bursts of one orbit and swath less than NEAR apart are one footprint, and so are
those between which others lie that near (single linkage, so no order matters). Bursts follow each
other every 2.76 s, more than five times as far apart. Any other tile has the footprint of those of
the same source id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

NEAR = 5
"""Tenths of a second; bursts that far apart are not the same."""

ORBIT = 59_246
"""ANX times begin anew after one orbit: 12 days / 175 = 5924.57 s, in tenths, rounded."""

APART = 100
"""Tenths of a second without a burst that is looked for, that a query may go over."""

_BURST = re.compile(r"([AD][1-9][0-9]{0,2}_[A-Z]{2}[1-9])_(0|[1-9][0-9]{0,4})", re.ASCII)
"""Spelt in the one way in which a neighbour's id can be told from it."""


class Footprint(NamedTuple):
    """The track of a tile (`A44_IW1`; of no burst: its source id), and where on it (ANX time)."""

    track: str
    anx_time: int | None = None


def footprint_of(source_id: str) -> Footprint:
    """Return the footprint that a tile's source id tells."""
    found = _BURST.fullmatch(source_id)
    if found is None or int(found[2]) > ORBIT:
        return Footprint(source_id)
    return Footprint(found[1], int(found[2]) % ORBIT)


def neighbours(source_ids: Iterable[str]) -> set[str]:
    """Return the source ids of all tiles that may be of one footprint with one of these."""
    return {each for source_id in source_ids for each in _near(source_id)}


def spans(source_ids: Iterable[str]) -> tuple[set[str], list[tuple[str, str]]]:
    """Return how to look for tiles: by these names, and by what their source ids lie between.

    The bursts of a scene follow each other: one span holds them all, and little else. Within it all
    ANX times have as many digits, so that their order is that of the text.
    """
    names: set[str] = set()
    tracks: dict[str, list[int]] = {}
    for source_id in source_ids:
        if footprint_of(source_id).anx_time is None:
            names.add(source_id)
        else:
            track, _, anx_time = source_id.rpartition("_")
            tracks.setdefault(track, []).append(int(anx_time))
    found = [(track, run) for track, times in tracks.items() for run in _runs(sorted(times))]
    return names, [(f"{track}_{run[0]}", f"{track}_{run[-1]}") for track, run in found]


def _runs(times: list[int]) -> list[list[int]]:
    """Return ascending times in runs without a gap of more than APART, of as many digits each."""
    runs = [[times[0]]]
    for before, time in pairwise(times):
        if time - before <= APART and len(str(time)) == len(str(before)):
            runs[-1].append(time)
        else:
            runs.append([time])
    return runs


def footprints(source_ids: Iterable[str]) -> dict[str, str]:
    """Return for each tile the name of its footprint: the same for tiles of the same one."""
    tracks: dict[str, dict[int, list[str]]] = {}
    named: dict[str, str] = {}
    for source_id in set(source_ids):
        track, anx_time = footprint_of(source_id)
        if anx_time is None:
            named[source_id] = source_id
        else:
            tracks.setdefault(track, {}).setdefault(anx_time, []).append(source_id)
    for track, by_time in tracks.items():
        for group in _groups(sorted(by_time)):
            name = f"{track}_{group[0]}"
            named |= {each: name for anx_time in group for each in by_time[anx_time]}
    return named


def _near(source_id: str) -> Iterator[str]:
    yield source_id
    track, anx_time = footprint_of(source_id)
    if anx_time is None:
        return
    for step in range(1 - NEAR, NEAR):
        moment = (anx_time + step) % ORBIT
        yield f"{track}_{moment}"
        if moment == 0:
            yield f"{track}_{ORBIT}"


def _groups(times: list[int]) -> list[list[int]]:
    """Return ascending times in groups that are NEAR; the last goes on with the first."""
    groups = [[times[0]]]
    for before, time in pairwise(times):
        if time - before < NEAR:
            groups[-1].append(time)
        else:
            groups.append([time])
    if len(groups) > 1 and times[0] + ORBIT - times[-1] < NEAR:
        groups[0] = groups.pop() + groups[0]
    return groups
