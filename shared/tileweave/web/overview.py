"""The overview of an AOI, as JSON and as the text that existing tools parse."""

from __future__ import annotations

from tileweave.domain.model import Json
from tileweave.domain.status import Status
from tileweave.domain.tally import Totals
from tileweave.usecases.watch import Overview
from tileweave.web.moments import rfc3339

_COUNTED = (Status.NEW, Status.PENDING, Status.DONE, Status.RETRY, Status.FAILED)


def overview_json(overview: Overview) -> Json:
    """Return the overview as JSON."""
    totals = overview.totals
    return {
        "name": overview.aoi.name,
        "status": totals.status,
        "scenes": _counts(totals, "scenes"),
        "tiles": _counts(totals, "tiles"),
        "root_tiles": totals.roots,
        "from": rfc3339(totals.first) if totals.first else None,
        "to": rfc3339(totals.last) if totals.last else None,
        "progress": totals.progress,
        "created_at": rfc3339(overview.aoi.created_at),
        "generation": overview.aoi.generation,
    }


def overview_text(overview: Overview) -> str:
    """Return the overview as text, in the layout of geocube-ingester's workflow server."""
    totals = overview.totals
    lines = ["Scenes:", *_lines(_counts(totals, "scenes"))]
    lines += ["Tiles:", *_lines(_counts(totals, "tiles"))]
    lines.append(f"Root tiles : {totals.roots}")
    if totals.first and totals.last:
        lines += [f"  From: {totals.first.date()}", f"  To:   {totals.last.date()}"]
    return "\n".join(lines) + "\n"


def _counts(totals: Totals, what: str) -> dict[str, int]:
    counts = {status.lower(): totals.of(what, status) for status in _COUNTED}
    return {**counts, "total": sum(counts.values())}


def _lines(counts: dict[str, int]) -> list[str]:
    names = {name: "Total" if name == "total" else name for name in counts}
    return [f"  {names[name] + ':':<8} {count}" for name, count in counts.items()]
