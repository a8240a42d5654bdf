"""`tileweave demo --exit`: Denmark from end to end, in one command."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.e2e.system import Machine
from tileweave.cli.app import app

COLUMNS = ("new", "pending", "done", "retry", "failed", "total")


def counts(output: str, name: str) -> dict[str, int]:
    """Return a row of the printed overview."""
    rows = [line.split() for line in output.splitlines()]
    (found,) = [row[1:] for row in rows if row[:1] == [name] and len(row) == len(COLUMNS) + 1]
    return dict(zip(COLUMNS, map(int, found), strict=True))


@pytest.fixture
def svg(tmp_path: Path) -> Path:
    """Where the graph goes."""
    return tmp_path / "graph.svg"


def test_everything_is_done_and_drawn(machine: Machine, svg: Path) -> None:
    demo = machine.run("demo", "--port", "0", "--exit", "--seconds", "0.2", "--output", str(svg))
    assert (demo.returncode, demo.stderr) == (0, "")
    assert counts(demo.stdout, "scenes")["done"] == 3
    assert counts(demo.stdout, "tiles")["done"] == 9
    assert ET.parse(svg).getroot().tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own


@pytest.mark.usefixtures("own_process")
def test_with_failures_nothing_stays_open(svg: Path) -> None:
    rates = ("--fail", "0.2", "--retry", "0.2", "--seed", "1", "--seconds", "0.2")
    demo = CliRunner().invoke(app, ["demo", "--port", "0", "--exit", *rates, "--output", str(svg)])
    scenes, tiles = counts(demo.stdout, "scenes"), counts(demo.stdout, "tiles")
    assert {each[name] for each in (scenes, tiles) for name in ("new", "pending", "retry")} == {0}
    assert (scenes["total"], tiles["total"]) == (3, 9)
    assert "as an operator would" in demo.stdout
    failed = f"{scenes['failed']} of 3 scenes and {tiles['failed']} of 9 tiles FAILED"
    assert demo.stderr.splitlines() == [f"tileweave: not everything is DONE: {failed}"]
    assert demo.exit_code == 1
