"""`tileweave janitor`: find what is lost, late or wrong, and mend it, now."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import connect, printing
from tileweave.cli.errors import CommandError, told
from tileweave.cli.service import AsJson

if TYPE_CHECKING:
    from tileweave.usecases.janitor import Report

SHOWN = 200
"""Findings that are listed one by one."""


def janitor(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be done.")
    ] = False,
    audit: Annotated[
        bool,
        typer.Option(help="Also look for ready tiles that nobody handed out, and at all totals."),
    ] = True,
    port: Annotated[
        int | None, typer.Option(help="The port of the `tileweave up` to look after.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Find what is lost, late or wrong, and mend it."""
    with told():
        run = connect.find_run(os.environ, port)
        os.environ.update(run.environment if run else {})
        report = _visit(audit=audit, dry_run=dry_run)
    if json:
        printing.show_json(asdict(report))
    else:
        _show(report, dry_run=dry_run)


def _visit(*, audit: bool, dry_run: bool) -> Report:
    from tileweave import compose
    from tileweave.domain.errors import TileweaveError
    from tileweave.usecases.janitor import visit

    try:
        return visit(compose.for_messages(), audit=audit, dry_run=dry_run)
    except (TileweaveError, ValueError) as error:
        raise CommandError(str(error)) from error


def _show(report: Report, *, dry_run: bool) -> None:
    from rich.table import Table

    console = printing.output()
    if report.findings:
        table = Table("kind", "AOI", "what would be done" if dry_run else "what was done", box=None)
        for each in report.findings[:SHOWN]:
            table.add_row(each.kind, each.aoi, each.said)
        console.print(table)
        left = len(report.findings) - SHOWN
        if left > 0:
            console.print(f"... and {left} more", highlight=False)
    else:
        console.print("Nothing is wrong.")
    if report.more:
        console.print("Not all was looked at: run it again.", highlight=False)
