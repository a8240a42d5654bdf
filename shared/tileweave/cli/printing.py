"""What commands print: tables on a terminal, lines with tabs elsewhere, JSON for machines.

Results go to standard output, everything else (progress, what went wrong) to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table
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


def is_terminal() -> bool:
    """Whether results are written for a person."""
    return sys.stdout.isatty()


def show_json(value: object) -> None:
    """Write one JSON document: on a terminal for people too, elsewhere in a line."""
    indent = 2 if is_terminal() else None
    typer.echo(json.dumps(value, indent=indent, ensure_ascii=False))


def show_model(found: BaseModel) -> None:
    """Write a model of the client as one JSON document, by the names that the API has."""
    show_json(found.model_dump(mode="json", by_alias=True))


def show_lines(values: Iterable[object]) -> None:
    """Write one JSON value a line (NDJSON), as they come, for as long as somebody reads them."""
    with _while_read():
        for each in values:
            show_line(each)


def show_line(value: object) -> None:
    """Write one JSON value on a line."""
    typer.echo(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as its rows come; where output is no terminal, with tabs and no titles."""
    if not is_terminal():
        with _while_read():
            for row in rows:
                typer.echo("\t".join(plain(each) for each in row))
        return
    left, titles = iter(rows), True
    console = output()
    while piece := list(islice(left, ROWS_AT_ONCE)):
        console.print(table_of(columns, piece, titles=titles))
        titles = False


@contextmanager
def _while_read() -> Iterator[None]:
    """End the command, and well, when who reads its output has read enough: `| head`."""
    try:
        yield
    except BrokenPipeError as error:
        # What is left in the buffer goes nowhere, rather than fail at the end of the process.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from error


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, titles: bool = True
) -> Table:
    """Return a table for a terminal."""
    from rich.table import Table

    table = Table(box=None, show_header=titles, pad_edge=False)
    for each in columns:
        # Names and ids are to be copied: what is too wide goes on in the next line, ids never do.
        table.add_column(each, overflow="fold", no_wrap=each == "id")
    for row in rows:
        table.add_row(*(coloured(each) for each in row))
    return table


def output() -> Console:
    """Return the console of results."""
    from rich.console import Console

    return Console(highlight=False, force_terminal=is_terminal())


def messages() -> Console:
    """Return the console of everything else."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def progress() -> Progress:
    """Return progress bars on standard error; nothing but on a terminal.

    A task has the field `said`: what is to be told of it besides.
    """
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
