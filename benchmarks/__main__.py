"""`python -m benchmarks`: measure all, or what is named; see docs/performance.md."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import report
from benchmarks.figures import Result

NAMES = {
    "closed_loop": "Closed loop, batch consumer",
    "push": "Closed loop, push functions",
    "backlog": "Backlog of results",
    "latency": "Result published to next job published",
    "ingest": "Bulk ingest",
    "snapshots": "Export and restore",
    "looks": "Overview, tile, scene",
    "lists": "Lists, a page of 1,000",
    "dot": "Graph in DOT",
    "failure": "Failure of a root",
    "retry": "Bulk retry",
    "cold_start": "Cold start of each function",
    "budget": "Documents and messages of one tile's life",
    "memory": "Memory of a function",
    "growth": "Growth of an AOI",
}
"""Modules of this package, each with a function `measure(quick)` that yields figures."""

RESULTS = Path("benchmarks/results")

console = Console(stderr=True)


def measure(name: str, *, quick: bool) -> Result:
    """Run one benchmark."""
    begin = time.monotonic()
    figures = []
    for each in import_module(f"benchmarks.{name}").measure(quick=quick):
        floor = f", floor {each.floor:,.3g}" if each.floor else ""
        console.print(f"{name}: {each.case}: {each.value:,.3g} {each.unit}{floor}")
        figures.append(each)
    return Result(name, NAMES[name], time.monotonic() - begin, figures)


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(NAMES)}.")] = None,
    *,
    quick: Annotated[bool, typer.Option(help="Small sizes: to see that they run.")] = False,
    out: Annotated[Path, typer.Option(help="Where JSON and plots go.")] = RESULTS,
) -> None:
    """Measure Tileweave against the bare client calls, on the emulators of this machine."""
    if unknown := set(names or ()) - NAMES.keys():
        raise typer.BadParameter(f"no such benchmark: {', '.join(sorted(unknown))}")
    results = []
    for each in names or NAMES:
        results.append(measure(each, quick=quick))
        report.write(results[-1:], out)  # one that breaks off takes nothing of the others along
    report.show(results, Console())
    console.print(f"JSON and plots are in {out}")
    missed = [each for result in results for each in result.figures if each.met is False]
    sys.exit(1 if missed and not quick else 0)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
