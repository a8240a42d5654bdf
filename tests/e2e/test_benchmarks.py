"""`make bench`: the benchmarks run, and write a figure, a floor and a plot of each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.system import environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]


def test_benchmarks_measure_against_a_floor(tmp_path: Path) -> None:
    """In small: one over the emulators, with processes of its own, and one that only counts."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "backlog", "budget"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    [backlog] = json.loads((tmp_path / "backlog.json").read_text())["figures"]
    assert backlog["ratio"] == pytest.approx(backlog["value"] / backlog["floor"])
    assert {each.name for each in tmp_path.glob("*.svg")} == {"backlog.svg", "budget.svg"}
    assert "Tileweave benchmarks" in done.stdout


def test_an_unknown_benchmark_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "backlogs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "no such benchmark: backlogs" in done.stderr
