"""What operators do: `tileweave retry`, `fail`, `force`; and `history`, what was done."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import Reason
from tileweave.cli.errors import told
from tileweave.cli.service import AsJson, Url
from tileweave.cli.targets import Name, SceneId, SomeAoi, TileId, one, target


class Status(StrEnum):
    """A status that can be forced."""

    NEW = "NEW"
    PENDING = "PENDING"
    DONE = "DONE"
    RETRY = "RETRY"
    FAILED = "FAILED"


Force = Annotated[bool, typer.Option("--force", help="In any status, not in RETRY only.")]


def retry(
    aoi: SomeAoi = None,
    name: Name = None,
    *,
    scene: SceneId = None,
    tile: TileId = None,
    force: Annotated[
        bool, typer.Option("--force", help="PENDING ones too; a single one in any status.")
    ] = False,
    reason: Reason = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Hand out again what is in RETRY: of an AOI, or one scene or tile."""
    wanted = target(aoi, name, scene, tile)
    with told(), service.client(url) as client:
        if wanted is not None:
            id_ = wanted.id_of(client)
            with wanted.named():
                found = client.retry(wanted.kind, id_, force=force, reason=reason)
            _show(found, wanted.shown, json=json)
            return
        retried = client.retry_aoi(aoi or "", force=force, reason=reason)
        if json:
            printing.show_model(retried)
        else:
            typer.echo(f"{retried.scenes} scenes and {retried.tiles} tiles are handed out again")


def fail(
    aoi: SomeAoi = None,
    name: Name = None,
    *,
    scene: SceneId = None,
    tile: TileId = None,
    force: Force = False,
    reason: Reason = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Give up a scene or tile that is in RETRY: it is cut out of the graph."""
    wanted = one(aoi, name, scene, tile)
    with told(), service.client(url) as client:
        id_ = wanted.id_of(client)
        with wanted.named():
            found = client.fail(wanted.kind, id_, force=force, reason=reason)
        _show(found, wanted.shown, json=json)


def force(
    status: Annotated[
        Status, typer.Argument(case_sensitive=False, help="The status it is to have.")
    ],
    aoi: SomeAoi = None,
    name: Name = None,
    *,
    scene: SceneId = None,
    tile: TileId = None,
    reason: Reason = "",
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Set the status of a scene or tile, whatever it is."""
    wanted = one(aoi, name, scene, tile)
    with told(), service.client(url) as client:
        id_ = wanted.id_of(client)
        with wanted.named():
            found = client.force(wanted.kind, id_, status.value, reason=reason)
        _show(found, wanted.shown, json=json)


def history(
    aoi: SomeAoi = None,
    name: Name = None,
    *,
    scene: SceneId = None,
    tile: TileId = None,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Show every change of the status of a scene or tile, the oldest first."""
    wanted = one(aoi, name, scene, tile)
    with told(), service.client(url) as client:
        id_ = wanted.id_of(client)
        with wanted.named():
            found = client.history(wanted.kind, id_)
        if json:
            printing.show_json([each.model_dump(mode="json", by_alias=True) for each in found])
            return
        columns = ("when", "from", "to", "attempt", "by", "message", "reason")
        rows = (
            (
                each.when.isoformat(timespec="seconds"),
                each.before or "",
                each.after,
                each.attempt,
                each.actor,
                each.message,
                each.reason,
            )
            for each in found
        )
        printing.show_rows(columns, rows)


def _show(feature: dict[str, Any], shown: str, *, json: bool) -> None:
    """Tell what a scene or tile is now."""
    if json:
        printing.show_json(feature)
        return
    properties = feature["properties"]
    status = properties.get("status") or properties.get("Status")
    attempt = properties.get("attempt", properties.get("Attempt"))
    typer.echo(printing.plain(f"{shown} is {status}, attempt {attempt}"))
