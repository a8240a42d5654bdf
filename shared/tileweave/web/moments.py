"""Dates as RFC 3339 texts."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC with as few digits as say it: `2022-02-04T17:01:23.133Z`."""
    text = moment.astimezone(UTC).isoformat()
    whole, _, _ = text.partition("+")
    return f"{whole.rstrip('0') if '.' in whole else whole}Z"
