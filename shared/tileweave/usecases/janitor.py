"""What the clock sees to: finds what is lost, late or wrong, and mends it.

A visit looks only at what is marked as unfinished: outboxes, leases, FAILED tiles that are not
cut out. So it costs what is wrong, not what is stored. An audit looks further: at NEW tiles,
and at totals against counts. A visit does a limited part, and says whether there is more.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
from tileweave.domain.tally import difference
from tileweave.usecases.carry_out import Reading
from tileweave.usecases.chores import DeleteAoi, message_of
from tileweave.usecases.ports import Aoi, Services, Window, place_of
from tileweave.usecases.sweep import PIECE, mend, sweep, unpublished

logger = logging.getLogger(__name__)

MOST = 10_000
"""Scenes and tiles of each kind that one visit looks after."""

BACKLOG = 1_000
"""Updates that one visit publishes again: they may only wait for their turn."""

A_QUEUE = 2_000
"""Jobs for one queue that one visit publishes: it may be down, and others wait behind them."""

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

    Raises what a check raises (Unavailable), after all the others: then a part is done, and the
    next visit goes on.
    """
    report = Report()
    checks = [_due, _unpublished, _uncut, _deletions]
    failures: list[Exception] = []
    for check in [*checks, _stuck, _totals] if audit else checks:
        try:
            check(services, report, dry_run)
        except Exception as error:
            logger.exception("the janitor's check %s broke off", check.__name__)
            failures.append(error)
    if failures:
        raise failures[0]
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
    fair = _fairly(services, unpublished(services), report)
    found = _without_backlog(_some(fair, report))
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
    """Hand out ready tiles that nobody handed out."""
    for aoi, totals in list(services.store.aois()):
        if not totals.of("tiles", Status.NEW):
            continue
        for piece in _new_tiles(services, aoi):
            keys = [each.key for each in piece]
            ready = Reading(services).draft(partial(_ready, keys=keys), keys)[0]
            for each in ready:
                said = "its scene, previous and reference are DONE: handed out"
                report.findings.append(_of(each, Kind.STUCK, said))
            if not dry_run:
                mend(services, [each.key for each in ready], _hand_out)


def _totals(services: Services, report: Report, dry_run: bool) -> None:  # noqa: FBT001
    """Mend totals that are not what counting gives."""
    for aoi, _ in list(services.store.aois()):
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


def _new_tiles(services: Services, aoi: Aoi) -> Iterator[list[Tile]]:
    """Return the NEW tiles of an AOI in pieces, each by a query of its own."""
    window = Window(limit=PIECE)
    while piece := list(services.store.tiles(aoi.name, (Status.NEW,), window)):
        yield piece
        window = Window(place_of(piece[-1]), limit=PIECE)


def _fairly(services: Services, found: Iterable[Document], report: Report) -> Iterator[Document]:
    """Leave out jobs of a queue that has its share of the visit."""
    shares: Counter[str] = Counter()
    for each in found:
        queue = ""
        if of_kind(each.outbox, outbox.Kind.JOB):
            queue = services.policy_of(each.aoi).queue_of(each.key.kind)
        shares[queue] += 1
        if queue and shares[queue] > A_QUEUE:
            report.more = True
        else:
            yield each


def _without_backlog(found: Iterable[Document]) -> list[Document]:
    """Leave out most of those that only have an update to be propagated."""
    shown, updates = [], 0
    for each in found:
        updates += not of_kind(each.outbox, outbox.Kind.JOB, outbox.Kind.EVENT)
        if updates <= BACKLOG or of_kind(each.outbox, outbox.Kind.JOB, outbox.Kind.EVENT):
            shown.append(each)
    return shown


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


def forgotten(draft: Draft, tile_ids: Iterable[int]) -> list[Tile]:
    """Hand out those of the tiles that are ready, but for those that a person made NEW."""
    keys = [Key("tile", each) for each in tile_ids]
    return hand_out_ready(draft, [each.id for each in _ready(draft, keys=keys)], JANITOR)


def _waits(tile: Tile) -> bool:
    forced = tile.history[-1:] and tile.history[-1].before is not None
    return tile.status is Status.NEW and not (forced and tile.history[-1].cause.is_a_person)


def _hand_out(draft: Draft, keys: Sequence[Key]) -> object:
    return forgotten(draft, [key.id for key in keys])


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
