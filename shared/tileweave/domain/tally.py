"""Totals of an AOI, kept by increments: what one edit adds, and what they say together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tileweave.domain.draft import Edit
from tileweave.domain.model import Document, Scene
from tileweave.domain.status import Status

AOI_ORDER = (Status.RETRY, Status.PENDING, Status.NEW, Status.DONE, Status.FAILED)
"""The first of these that is there is the status of an AOI (SPEC section 1)."""


@dataclass(frozen=True, slots=True)
class Increments:
    """What a commit adds to the totals of one AOI: counts, and dates that widen its span."""

    aoi: str
    counts: Mapping[str, int]
    dates: tuple[datetime, ...] = ()
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of an AOI: counts by name, and the first and last date of its scenes."""

    counts: Mapping[str, int]
    first: datetime | None = None
    last: datetime | None = None

    def of(self, what: str, status: Status) -> int:
        """Return how many `scenes`, `tiles` or `scene_tiles` (tiles by scene's status)."""
        return self.counts.get(f"{what}_{status}", 0)

    @property
    def roots(self) -> int:
        """The number of root tiles that are not FAILED."""
        return self.counts.get("roots", 0)

    @property
    def progress(self) -> float:
        """The share of scenes and tiles that are DONE or FAILED, 0 to 1."""
        both = [(what, status) for what in ("scenes", "tiles") for status in Status]
        total = sum(self.of(what, status) for what, status in both)
        ended = (Status.DONE, Status.FAILED)
        done = sum(self.of(what, status) for what, status in both if status in ended)
        return round(done / total, 4) if total else 0.0

    @property
    def status(self) -> Status:
        """The status of the AOI (SPEC section 1); NEW when it is empty."""
        scenes = _first(status for status in AOI_ORDER if self.of("scenes", status) > 0)
        if scenes is not Status.DONE:
            return scenes or Status.NEW
        tiles = _first(status for status in AOI_ORDER if self.of("tiles", status) > 0)
        only_of_failed_scenes = self.of("scene_tiles", Status.DONE) == 0
        return Status.DONE if tiles is None or only_of_failed_scenes else tiles


def increments(edits: Iterable[Edit]) -> tuple[Increments, ...]:
    """Return what these edits add to the totals, for each AOI they touch."""
    counts: dict[tuple[str, int], Counter[str]] = {}
    dates: dict[tuple[str, int], list[datetime]] = {}
    for edit in edits:
        aoi = edit.after.aoi, edit.after.generation
        counter = counts.setdefault(aoi, Counter())
        counter.update(_counted(edit.after))
        counter.subtract(_counted(edit.before) if edit.before else {})
        if edit.before is None and isinstance(edit.after, Scene):
            dates.setdefault(aoi, []).append(edit.after.date.astimezone(UTC))
    changed = {aoi: {name: n for name, n in each.items() if n} for aoi, each in counts.items()}
    return tuple(
        Increments(aoi[0], each, tuple(dates.get(aoi, ())), aoi[1])
        for aoi, each in changed.items()
        if each or aoi in dates
    )


def counted(documents: Iterable[Document]) -> Totals:
    """Return the totals of these documents, as increments would have made them."""
    found = increments(Edit(None, each) for each in documents)
    dates = [date for each in found for date in each.dates]
    counts = found[0].counts if found else {}
    return Totals(counts, min(dates, default=None), max(dates, default=None))


def difference(kept: Totals, counted: Totals, aoi: str, generation: int) -> Increments | None:
    """Return what makes totals right that are not; None if they are."""
    names = kept.counts.keys() | counted.counts.keys()
    off = {name: counted.counts.get(name, 0) - kept.counts.get(name, 0) for name in sorted(names)}
    wrong = {name: number for name, number in off.items() if number}
    dates = tuple(each for each in (counted.first, counted.last) if each and _widens(kept, each))
    return Increments(aoi, wrong, dates, generation) if wrong or dates else None


def _widens(kept: Totals, date: datetime) -> bool:
    return kept.first is None or kept.last is None or not kept.first <= date <= kept.last


def _counted(document: Document) -> dict[str, int]:
    status = document.status
    if isinstance(document, Scene):
        return {f"scenes_{status}": 1, f"scene_tiles_{status}": len(document.tile_ids)}
    if document.staged:
        return {}
    return {f"tiles_{status}": 1, "roots": int(document.is_listed_root)}


def _first(found: Iterable[Status]) -> Status | None:
    return next(iter(found), None)
