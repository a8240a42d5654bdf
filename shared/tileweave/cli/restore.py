"""`tileweave restore`: put a snapshot back, under its own name or another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.errors import CommandError, told
from tileweave.cli.export import LONG, Form
from tileweave.cli.places import any_place
from tileweave.cli.service import AsJson, Url

if TYPE_CHECKING:
    from tileweave.client import ApiError, Client
    from tileweave.client.models import RestoredSnapshot

SHOWN = 10
"""Wrong scenes that are told one by one."""


def restore(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET", help="A snapshot: a file, here or at s3://, gs:// or https://."
        ),
    ],
    *,
    name: Annotated[
        str,
        typer.Option(
            "--as", metavar="NAME", help="The AOI to make of it; else its own.", show_default=False
        ),
    ] = "",
    form: Form = "",
    server: Annotated[
        bool, typer.Option("--server", help="Have the service itself read it, from its places.")
    ] = False,
    settings: Annotated[
        bool,
        typer.Option(
            "--settings/--no-settings",
            help="Have an AOI that is made by it do with its jobs as the first one did.",
        ),
    ] = True,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Put a snapshot back as an AOI; jobs that were handed out are handed out again.

    Again, it adds what is missing.
    """
    if server and not name:
        raise typer.BadParameter("name the AOI by --as: the service is to read the snapshot")
    with told(), service.client(url, timeout=LONG if server else 300) as client:
        if server:
            aoi, restored = name, client.restore_from(name, target, form, settings=settings)
        else:
            aoi, restored = _restored(client, target, name, form, settings=settings)
    if json:
        printing.show_json({"aoi": aoi, **restored.model_dump()})
    else:
        known = f", {restored.known} were there" if restored.known else ""
        typer.echo(f"{aoi}: {restored.restored} scenes, {restored.tiles} tiles restored{known}")


def _restored(
    client: Client, target: str, name: str, named: str, *, settings: bool
) -> tuple[str, RestoredSnapshot]:
    """Restore a snapshot through the API; return to which AOI, and how much of it."""
    from tileweave.client import NotNow, Refused
    from tileweave.client.models import RestoredSnapshot
    from tileweave.snapshots import formats

    total = RestoredSnapshot()
    with any_place() as places, places.open(target) as content:
        snapshot = formats.read(formats.format_of(target, named), content)
        aoi = name or snapshot.header.aoi
        header = snapshot.header.model_dump(mode="json")
        header["settings"] = header["settings"] if settings else None
        with printing.progress() as progress:
            task = progress.add_task("tiles", total=snapshot.totals.tiles, said="")
            try:
                for part in client.restore(aoi, header, snapshot.scenes):
                    total += part
                    progress.advance(task, part.tiles)
            except (NotNow, Refused) as error:
                raise _refused(error, total) from error
    return aoi, total


def _refused(error: ApiError, so_far: RestoredSnapshot) -> CommandError:
    """Return an error that names what is wrong, and what was restored before."""
    wrong = [f"{each.path}: {each.message}" for each in error.errors[:SHOWN]]
    before = f" ({so_far.restored} scenes were restored before)" if so_far.restored else ""
    said = f"it is refused{before}:" if wrong else f"{error}{before}"
    return CommandError("\n".join([said, *wrong]))
