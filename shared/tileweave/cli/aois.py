"""AOIs as arguments of commands, completed by the shell; commands that create and delete them."""

from __future__ import annotations

from typing import Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.errors import CommandError, told
from tileweave.cli.service import AsJson, Url

QUICKLY = 1.0
"""Seconds that a completion may take: nobody waits longer for one."""


def names(incomplete: str) -> list[str]:
    """Return the AOIs that a shell may complete a name to; none where there is no service."""
    from tileweave.client import ClientError

    try:
        with service.client(timeout=QUICKLY, patience=0) as client:
            return [each.name for each in client.aois(f"{incomplete}*")]
    except (ClientError, CommandError):
        return []


Aoi = Annotated[
    str, typer.Argument(metavar="AOI", autocompletion=names, help="The name of an AOI.")
]
Reason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why; the history keeps it.", show_default=False)
]


def create(aoi: Aoi, *, url: Url = None, json: AsJson = False) -> None:
    """Create an AOI."""
    with told(), service.client(url) as client:
        found = client.create_aoi(aoi)
        if json:
            printing.show_model(found)
        else:
            typer.echo(f"{found.name} is there, {found.status}")


def delete(
    aoi: Aoi,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for its name.")] = False,
    reason: Reason = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Delete an AOI with its scenes and tiles, for good."""
    with told(), service.client(url) as client:
        found = client.overview(aoi)
        if not yes:
            size = f"{found.scenes.total} scenes and {found.tiles.total} tiles"
            said = typer.prompt(f"{size} will be gone for good. The AOI's name, to go on", err=True)
            if said != aoi:
                raise CommandError(f"{said!r} is not {aoi!r}: nothing was deleted")
        client.delete_aoi(aoi, reason=reason)
        if json:
            totals = {"scenes": found.scenes.total, "tiles": found.tiles.total}
            printing.show_json({"name": aoi, "deleted": True, **totals})
        else:
            typer.echo(f"{aoi} is deleted")


def settings(
    aoi: Aoi,
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE", help="Settings to change.", show_default=False),
    ] = None,
    *,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Show what an AOI says of its jobs, leases, delays and queues, or change it."""
    wanted = dict(map(_setting, changes or ()))
    with told(), service.client(url) as client:
        found = client.change_settings(aoi, **wanted) if wanted else client.settings(aoi)
        if json:
            printing.show_model(found)
        else:
            printing.show_rows(("setting", "value"), found.model_dump().items())


def _setting(written: str) -> tuple[str, float | str | None]:
    """Return a setting by its name: a number, a text, or with nothing after the = none."""
    name, equals, value = written.partition("=")
    if not (name and equals):
        raise typer.BadParameter(f"{written!r} is no setting: as lease_seconds=3600")
    try:
        return name, float(value)
    except ValueError:
        return name, value or None
