"""Figures of what was tried: kept for the summary of the run, and for whoever collects them.

Where TILEWEAVE_FIGURES names a file, each figure is a JSON line at its end.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

_recorded: list[tuple[str, dict[str, int]]] = []


def record(name: str, **numbers: int) -> None:
    """Keep the numbers of something that was tried, under its name."""
    _recorded.append((name, numbers))
    if path := os.environ.get("TILEWEAVE_FIGURES"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"name": name, **numbers}) + "\n")


def lines() -> list[str]:
    """Return all that was recorded, a line each."""
    return [f"{name}: {_said(numbers)}" for name, numbers in _recorded]


def _said(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {what.replace('_', ' ')}" for what, number in numbers.items())
