"""The commands, and what they share."""

from __future__ import annotations

from typing import Annotated

import typer

from tileweave import __version__
from tileweave.cli.aois import create, delete, settings
from tileweave.cli.consume import consume
from tileweave.cli.demo import demo
from tileweave.cli.dot import dot
from tileweave.cli.export import export
from tileweave.cli.ingest import ingest
from tileweave.cli.janitor import janitor
from tileweave.cli.lists import scenes, tiles
from tileweave.cli.operate import fail, force, history, retry
from tileweave.cli.rejected import rejected
from tileweave.cli.restore import restore
from tileweave.cli.status import status
from tileweave.cli.up import up
from tileweave.cli.work import work

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tileweave: the workflow server of a satellite-imagery ingestion.",
)

_SYSTEM, _SCENES, _OPERATORS = "On this machine", "AOIs and their scenes", "For operators"

app.command(rich_help_panel=_SYSTEM)(up)
app.command(rich_help_panel=_SYSTEM)(demo)
app.command(rich_help_panel=_SYSTEM)(work)
app.command(rich_help_panel=_SYSTEM)(consume)
app.command(rich_help_panel=_SYSTEM)(janitor)
app.command(rich_help_panel=_SCENES)(create)
app.command(rich_help_panel=_SCENES)(ingest)
app.command(rich_help_panel=_SCENES)(status)
app.command(rich_help_panel=_SCENES)(scenes)
app.command(rich_help_panel=_SCENES)(tiles)
app.command(rich_help_panel=_SCENES)(dot)
app.command(rich_help_panel=_SCENES)(export)
app.command(rich_help_panel=_SCENES)(restore)
app.command(rich_help_panel=_SCENES)(settings)
app.command(rich_help_panel=_SCENES)(delete)
app.command(rich_help_panel=_OPERATORS)(retry)
app.command(rich_help_panel=_OPERATORS)(fail)
app.command(rich_help_panel=_OPERATORS)(force)
app.command(rich_help_panel=_OPERATORS)(history)
app.add_typer(rejected, name="rejected", rich_help_panel=_OPERATORS)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass
