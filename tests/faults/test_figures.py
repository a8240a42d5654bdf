"""Figures of what was tried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults import figures


@pytest.fixture(autouse=True)
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, int]]]:
    """Keep the figures of these tests out of the summary."""
    found: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(figures, "_recorded", found)
    return found


def test_figures_are_kept_for_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line each."""
    monkeypatch.delenv("TILEWEAVE_FIGURES", raising=False)

    figures.record("two results", schedules=12_345, left_over=0)

    assert figures.lines() == ["two results: 12,345 schedules, 0 left over"]


def test_figures_are_appended_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JSON line each, after those of runs before."""
    path = tmp_path / "figures.jsonl"
    path.write_text('{"name": "before", "runs": 1}\n')
    monkeypatch.setenv("TILEWEAVE_FIGURES", str(path))

    figures.record("two results", schedules=2)
    figures.record("kills", runs=3)

    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {"name": "before", "runs": 1},
        {"name": "two results", "schedules": 2},
        {"name": "kills", "runs": 3},
    ]
