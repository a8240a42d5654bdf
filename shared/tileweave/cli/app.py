"""The commands, and what they share."""

from __future__ import annotations

from typing import Annotated

import typer

from tileweave import __version__
from tileweave.cli.consume import consume
from tileweave.cli.demo import demo
from tileweave.cli.export import export
from tileweave.cli.janitor import janitor
from tileweave.cli.restore import restore
from tileweave.cli.up import up
from tileweave.cli.work import work

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tileweave: the workflow server of a satellite-imagery ingestion, on this machine.",
)
app.command()(up)
app.command()(work)
app.command()(consume)
app.command()(demo)
app.command()(janitor)
app.command()(export)
app.command()(restore)


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
