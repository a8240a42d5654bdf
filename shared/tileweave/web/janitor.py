"""The scheduler's call: find what is lost, late or wrong, and mend it."""

from __future__ import annotations

from collections import Counter

from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Json
from tileweave.usecases.janitor import Finding, Kind, visit
from tileweave.usecases.ports import Services
from tileweave.web.answers import as_json, flag_of
from tileweave.web.routing import Route

SHOWN = 1_000
"""Findings that an answer lists; it counts all of them."""


def call(services: Services, request: Request) -> Response:
    """Find and mend; answers what was found, and whether there is more."""
    audit, dry_run = flag_of(request, "audit"), flag_of(request, "dry_run")
    report = visit(services, audit=audit, dry_run=dry_run)
    counts = Counter(each.kind for each in report.findings)
    return as_json(
        {
            "dry_run": dry_run,
            "counts": {kind.value: counts[kind] for kind in Kind},
            "findings": [_finding(each) for each in report.findings[:SHOWN]],
            "more": report.more,
        }
    )


def _finding(finding: Finding) -> Json:
    key = finding.key
    named = {"type": key.kind, "id": key.id} if key else {}
    return {"kind": finding.kind, "aoi": finding.aoi, "said": finding.said, **named}


ROUTES = (Route("POST", "/", call),)
