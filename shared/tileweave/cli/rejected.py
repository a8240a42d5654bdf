"""`tileweave rejected`: messages that changed nothing, and what to do about them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import names
from tileweave.cli.errors import told
from tileweave.cli.service import AsJson, Url

COLUMNS = ("id", "received_at", "kind", "AOI", "topic", "error", "replayed_at")


class Kind(StrEnum):
    """Why a message was rejected."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    STALE = "stale"
    IGNORED = "ignored"
    UNDELIVERABLE = "undeliverable"


rejected = typer.Typer(help="List messages that changed nothing; replay one.")


@rejected.callback(invoke_without_command=True)
def listed(
    context: typer.Context,
    *,
    aoi: Annotated[
        str, typer.Option(autocompletion=names, help="Only those of this AOI.", show_default=False)
    ] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only those rejected for this.")] = None,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """List messages that changed nothing, the latest first; replay one."""
    if context.invoked_subcommand is not None:
        return
    with told(), service.client(url) as client:
        found = client.rejected(aoi, kind.value if kind else "")
        if json:
            printing.show_lines(each.model_dump(mode="json") for each in found)
            return
        rows = (
            (
                each.id,
                each.received_at.isoformat(timespec="seconds"),
                each.kind,
                each.aoi,
                each.topic,
                each.error,
                each.replayed_at.isoformat(timespec="seconds") if each.replayed_at else "",
            )
            for each in found
        )
        printing.show_rows(COLUMNS, rows)


@rejected.command()
def replay(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id of a rejected message.")],
    *,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Take a rejected message as if it was delivered now."""
    with told(), service.client(url) as client:
        found = client.replay(id_)
        if json:
            printing.show_model(found)
        else:
            typer.echo(f"{found.id} was taken")
