"""Results as one table, a JSON file and a plot each."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Result
from tileweave import __version__

FLOOR = ": floor"

MARKS = {None: "", True: "[green]met[/]", False: "[red]missed[/]"}


def show(results: Iterable[Result], console: Console) -> None:
    """Print one table of all figures."""
    table = Table(title="Tileweave benchmarks")
    for name in ("benchmark", "case"):
        table.add_column(name, overflow="fold")
    for name in ("measured", "floor", "ratio", "goal", "goal of ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for result in results:
        for number, each in enumerate(result.figures):
            table.add_row("" if number else result.title, *_cells(each))
        table.add_section()
    console.print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.case,
        f"{_number(figure.value)} {figure.unit}",
        "" if figure.floor is None else _number(figure.floor),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.goal is None else str(figure.goal),
        "" if figure.ratio_goal is None else str(figure.ratio_goal),
        MARKS[figure.met],
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def write(results: Sequence[Result], folder: Path) -> None:
    """Write `<name>.json` and `<name>.svg` of each result into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        body = {
            "name": result.name,
            "title": result.title,
            "tileweave": __version__,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "seconds": round(result.seconds, 1),
            "figures": [each.as_json() for each in result.figures],
        }
        (folder / f"{result.name}.json").write_text(json.dumps(body, indent=1) + "\n")
        if result.figures:
            _plot(result, folder / f"{result.name}.svg")


def _plot(result: Result, path: Path) -> None:
    """Draw the curves of figures that have sizes, or else a bar of each figure and its floor."""
    import matplotlib as mpl  # noqa: PLC0415 - only who asks for a report waits for it

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = result.name  # the same figures, the same file
    from matplotlib import pyplot as plt  # noqa: PLC0415 - the same

    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    curves = _curves(result.figures)
    if curves:
        for name, points in curves.items():
            style = "--" if name.endswith(FLOOR) else "o-"
            axes.plot([each[0] for each in points], [each[1] for each in points], style, label=name)
        axes.set_xscale("log")
        axes.set_xlabel("tiles of the AOI")
        axes.set_ylim(bottom=0)
    else:
        _bars(axes, result.figures)
    axes.set_ylabel(", ".join(dict.fromkeys(each.unit for each in result.figures if each.unit)))
    axes.set_title(result.title)
    axes.grid(visible=True, alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=2, fontsize="small")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _curves(figures: Iterable[Figure]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for each in figures:
        if each.size is None:
            continue
        found.setdefault(each.case, []).append((each.size, each.value))
        if each.floor is not None:
            found.setdefault(f"{each.case}{FLOOR}", []).append((each.size, each.floor))
    return {name: sorted(points) for name, points in found.items() if len(points) > 1}


def _bars(axes: object, figures: Sequence[Figure]) -> None:
    from matplotlib.axes import Axes  # noqa: PLC0415 - the same

    assert isinstance(axes, Axes)  # noqa: S101 - for the type checker
    places = range(len(figures))
    values = [each.value for each in figures]
    axes.barh([each - 0.2 for each in places], values, height=0.4, label="measured")
    floors = [each.floor or 0 for each in figures]
    if any(floors):
        axes.barh([each + 0.2 for each in places], floors, height=0.4, label="floor")
    axes.set_yticks(list(places), [each.case for each in figures])
    axes.invert_yaxis()
