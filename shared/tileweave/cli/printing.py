"""What commands print: tables on a terminal, lines with tabs elsewhere, JSON for machines.

Results go to standard output, everything else (progress, what went wrong) to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

COLOURS = {
    "NEW": "bright_black",
    "PENDING": "blue",
    "DONE": "green",
    "RETRY": "yellow",
    "FAILED": "red",
    "added": "green",
    "known": "bright_black",
    "refused": "red",
}
"""As the graph has them."""

ROWS_AT_ONCE = 1_000
"""Rows of a table that are aligned with each other; a longer one is written as it is read."""


def show_json(value: object) -> None:
    """Write one JSON document: on a terminal for people too, elsewhere in a line."""
    indent = 2 if sys.stdout.isatty() else None
    typer.echo(json.dumps(value, indent=indent, ensure_ascii=False))


def show_lines(values: Iterable[object]) -> None:
    """Write one JSON value a line (NDJSON), as they come."""
    for each in values:
        typer.echo(json.dumps(each, separators=(",", ":"), ensure_ascii=False))


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as its rows come; where output is no terminal, with tabs and no titles."""
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo("\t".join(plain(each) for each in row))
        return
    from rich.table import Table

    left, titles = iter(rows), True
    console = output()
    while piece := list(islice(left, ROWS_AT_ONCE)):
        table = Table(*columns, box=None, show_header=titles, pad_edge=False)
        for row in piece:
            table.add_row(*(coloured(each) for each in row))
        console.print(table)
        titles = False


def output() -> Console:
    """Return the console of results."""
    from rich.console import Console

    return Console(highlight=False)


def messages() -> Console:
    """Return the console of everything else."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def progress(*, of: str = "") -> Progress:
    """Return a progress bar on standard error, of things called so; nothing but on a terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = messages()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(of),
        TimeRemainingColumn(),
        TextColumn("{task.fields[said]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def coloured(value: object) -> Text:
    """Return a value as a cell, a status in its colour."""
    from rich.text import Text

    text = plain(value)
    return Text(text, style=COLOURS.get(text, ""))


def plain(value: object) -> str:
    """Return a value as text of one line, without what a terminal would obey."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else "".join(map(_printable, text)).strip()


def _printable(character: str) -> str:
    return character if character.isprintable() else " "


def first_and_rest(values: Iterable[object]) -> Iterable[object]:
    """Return the same, the first of them read: an error comes before anything is written."""
    left = iter(values)
    return chain(list(islice(left, 1)), left)
