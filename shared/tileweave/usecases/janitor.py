"""What the clock sees to: finds what is lost, late or wrong, and mends it.

A visit looks only at what is marked as unfinished: outboxes, leases, FAILED tiles that are not
cut out. So it costs what is wrong, not what is stored. An audit looks further: at AOIs in which
nothing moves, and at totals against counts. Both do a limited part, and say whether there is more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from itertools import islice

from tileweave.domain import decisions, outbox
from tileweave.domain.draft import Draft
from tileweave.domain.errors import Conflict, NotFound
from tileweave.domain.model import Cause, Document, Key, Tile
from tileweave.domain.outbox import of_kind
from tileweave.domain.readiness import context_of, dependencies_of, hand_out_ready, waits_for
from tileweave.domain.status import Status
from tileweave.domain.tally import Totals, difference
from tileweave.usecases.carry_out import Reading
from tileweave.usecases.chores import DeleteAoi, message_of, pieces
from tileweave.usecases.ports import Aoi, Services
from tileweave.usecases.sweep import PIECE, mend, sweep, unpublished

MOST = 1_000
"""Scenes and tiles of each kind that one visit looks after."""

JANITOR = Cause("janitor", reason="it was ready, and nobody had handed it out")


class Kind(StrEnum):
    """What can be found."""

    UNPUBLISHED = "unpublished"
    DUE = "due"
    UNCUT = "not cut out"
    STUCK = "ready, not handed out"
    TOTALS = "wrong totals"
    DELETION = "half deleted"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong: what of, in which AOI, and what is done about it."""

    kind: Kind
    aoi: str
    said: str
    key: Key | None = None


@dataclass(slots=True)
class Report:
    """What a visit found, and whether it ended before everything was looked at."""

    findings: list[Finding] = field(default_factory=list)
    more: bool = False

    def count(self, kind: Kind) -> int:
        """Return how many findings are of this kind."""
        return sum(each.kind is kind for each in self.findings)


def visit(services: Services, *, audit: bool = False, dry_run: bool = False) -> Report:
    """Find what is wrong and mend it; with `dry_run` find it only.

    Raises Unavailable: then a part is done, and the next visit goes on.
    """
    report = Report()
    checks = [_deletions, _unpublished, _due, _uncut]
    for check in [*checks, _stuck, _totals] if audit else checks:
        check(services, report, dry_run)
    return report


def _deletions(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Go on deleting what is left of buried AOIs."""
    for aoi, generation in services.store.leftovers():
        said = f"what is left of its generation {generation} is deleted"
        report.findings.append(Finding(Kind.DELETION, aoi, said))
        if not dry_run:
            chore = DeleteAoi(aoi=aoi, generation=generation)
            services.publisher.publish([message_of(chore, aoi)])


def _unpublished(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Publish what was committed and not published, or not propagated."""
    found = _some(unpublished(services), report)
    for each in found:
        said = f"{', '.join(sorted(each.outbox))}: published, late"
        report.findings.append(_of(each, Kind.UNPUBLISHED, said))
    if not dry_run:
        sweep(services, [each.key for each in found])


def _due(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Hand out delayed jobs, and anew those whose leases ran out."""
    found = _some(services.store.due(services.now()), report)
    for each in found:
        why = "its delay is over" if each.delayed else "its lease ran out"
        report.findings.append(_of(each, Kind.DUE, f"{why}: handed out"))
    if not dry_run:
        mend(services, [each.key for each in found], decisions.handle_due)


def _uncut(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Cut out FAILED tiles that live ones may still name, and whose update is lost."""
    lost = (each for each in services.store.uncut() if not _is_promised(each))
    found = _some(lost, report)
    for each in found:
        said = "it is FAILED: cut out of its chain"
        report.findings.append(_of(each, Kind.UNCUT, said))
    if not dry_run:
        mend(services, [each.key for each in found], decisions.promise_again)


def _stuck(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Hand out ready tiles of AOIs in which nothing is under way."""
    for aoi, totals in services.store.aois():
        if not _may_be_stuck(totals):
            continue
        for piece in pieces(services.store.tiles(aoi.name, (Status.NEW,)), PIECE):
            keys = [each.key for each in piece]
            ready = Reading(services).draft(partial(_ready, keys=keys), keys)[0]
            for each in ready:
                said = "its scene, previous and reference are DONE: handed out"
                report.findings.append(_of(each, Kind.STUCK, said))
            if not dry_run:
                mend(services, [each.key for each in ready], _hand_out)


def _totals(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Mend totals that are not what counting gives."""
    for aoi, _ in services.store.aois():
        recount = services.store.recount(aoi.name)
        if recount is None:  # something was committed meanwhile: it is counted the next time
            report.more = True
            continue
        off = difference(recount.kept, recount.counted, aoi.name, aoi.generation)
        if off is None:
            continue
        if not dry_run:
            try:
                services.store.correct(off, recount.version)
            except NotFound:  # it was deleted meanwhile
                continue
            except Conflict:  # another audit was quicker, or a result
                report.more = True
                continue
        report.findings.append(Finding(Kind.TOTALS, aoi.name, _said(aoi, off.counts)))


def _may_be_stuck(totals: Totals) -> bool:
    """Whether an AOI has NEW tiles, and nothing is under way that could make one ready."""
    under_way = sum(totals.of(what, Status.PENDING) for what in ("scenes", "tiles"))
    return totals.of("tiles", Status.NEW) > 0 and under_way == 0


def _ready(draft: Draft, *, keys: Sequence[Key]) -> list[Tile]:
    """Return those of these tiles that are ready, but for those that a person made NEW.

    One whose dependencies have an update to come is left to that: it is not forgotten.
    """
    tiles = [each for each in draft.find_tiles(key.id for key in keys) if _waits(each)]
    draft.need(context_of(tiles))
    ready = [each for each in tiles if not waits_for(draft, each)]
    return [each for each in ready if not any(map(_is_promised, dependencies_of(draft, each)))]


def _is_promised(document: Document) -> bool:
    """Whether the update of a success or failure is still to be propagated."""
    return bool(of_kind(document.outbox, outbox.Kind.UPDATE))


def _waits(tile: Tile) -> bool:
    forced = tile.history[-1:] and tile.history[-1].before is not None
    return tile.status is Status.NEW and not (forced and tile.history[-1].cause.is_a_person)


def _hand_out(draft: Draft, keys: Sequence[Key]) -> object:
    return hand_out_ready(draft, [each.id for each in _ready(draft, keys=keys)], JANITOR)


def _some(found: Iterator[Document], report: Report) -> list[Document]:
    """Return as many as one visit looks after, and note whether there are more."""
    some = list(islice(found, MOST))
    report.more = report.more or next(found, None) is not None
    return some


def _of(document: Document, kind: Kind, said: str) -> Finding:
    named = f"{document.key.kind} {document.source_id}"
    within = f" of {document.scene_source_id}" if isinstance(document, Tile) else ""
    return Finding(kind, document.aoi, f"{named}{within}: {said}", document.key)


def _said(aoi: Aoi, off: object) -> str:
    counts = off if isinstance(off, dict) else {}
    listed = ", ".join(f"{name} by {number:+}" for name, number in counts.items())
    return f"totals of {aoi.name}: corrected, {listed or 'dates'}"
