"""`tileweave dot`: the graph of an AOI, in DOT or drawn."""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import Aoi
from tileweave.cli.errors import told
from tileweave.cli.operate import Status
from tileweave.cli.service import Url


class Form(StrEnum):
    """How a graph is written."""

    DOT = "dot"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"


Day = partial(typer.Option, formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")


def dot(
    aoi: Aoi,
    *,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="By default as FILE ends, else dot.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
            help="Where it goes; else it is printed.",
        ),
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="Draw links to reference tiles too.")
    ] = False,
    tile: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only tiles of this source id.")
    ] = None,
    status: Annotated[
        list[Status] | None,
        typer.Option(case_sensitive=False, help="Only tiles of this status."),
    ] = None,
    first: Annotated[datetime | None, Day("--from", help="Only scenes from this day on.")] = None,
    last: Annotated[
        datetime | None, Day("--to", help="Only scenes up to this day, it included.")
    ] = None,
    url: Url = None,
) -> None:
    """Draw the graph of an AOI."""
    wanted = form or _form(output)
    if output is None and wanted is not Form.DOT and printing.is_terminal():
        raise typer.BadParameter(f"{wanted.value} is nothing for a terminal: give --output FILE")
    with told(), service.client(url) as client:
        drawn = client.graph(
            aoi,
            wanted.value,
            reference=reference,
            tiles=tile or (),
            statuses=[each.value for each in status or ()],
            first=first and first.date(),
            last=last and last.date(),
        )
        if output is None:
            sys.stdout.buffer.write(drawn)
        else:
            output.write_bytes(drawn)


def _form(output: Path | None) -> Form:
    """Return the form that a file's name asks for. Raises a usage error: none."""
    if output is None:
        return Form.DOT
    ending = output.suffix.removeprefix(".").casefold()
    ending = {"gv": "dot"}.get(ending, ending)
    if ending not in list(Form):
        raise typer.BadParameter(f"{output} does not end as a graph does: give --format")
    return Form(ending)
