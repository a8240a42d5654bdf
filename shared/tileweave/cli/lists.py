"""`tileweave scenes` and `tileweave tiles`: what an AOI holds, read page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import Aoi
from tileweave.cli.errors import told
from tileweave.cli.operate import Status
from tileweave.cli.service import AsJson, Url

if TYPE_CHECKING:
    from tileweave.client import Client

Wanted = Annotated[
    Status | None, typer.Option(case_sensitive=False, help="Only those of this status.")
]
SCENES = ("id", "source_id", "date", "status", "attempt", "retries", "message")
TILES = ("id", "scene", "source_id", "date", "status", "attempt", "retries", "message")
ENDS = ("id", "scene", "source_id", "date")


def scenes(aoi: Aoi, *, status: Wanted = None, url: Url = None, json: AsJson = False) -> None:
    """List the scenes of an AOI by date; as JSON a GeoJSON Feature a line."""
    with told(), service.client(url) as client:
        found = client.scenes(aoi, status.value if status else "")
        _show(SCENES, found, map(_scene, found), json=json)


def tiles(
    aoi: Aoi,
    *,
    status: Wanted = None,
    roots: Annotated[
        bool, typer.Option("--roots", help="Only those that wait for no other tile.")
    ] = False,
    leaves: Annotated[
        bool, typer.Option("--leaves", help="Only those that are the previous of none.")
    ] = False,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """List the tiles of an AOI by date; as JSON a GeoJSON Feature a line."""
    if sum((roots, leaves, status is not None)) > 1:
        raise typer.BadParameter("give one of --status, --roots and --leaves")
    with told(), service.client(url) as client:
        if roots or leaves:
            _show_ends(client, aoi, roots=roots, json=json)
            return
        found = client.tiles(aoi, status.value if status else "")
        _show(TILES, found, map(_tile, found), json=json)


def _show_ends(client: Client, aoi: str, *, roots: bool, json: bool) -> None:
    found = client.root_tiles(aoi) if roots else client.leaf_tiles(aoi)
    rows = (
        (each.id, each.scene.source_id, each.source_id, each.scene.data["date"]) for each in found
    )
    _show(ENDS, (each.model_dump() for each in found), rows, json=json)


def _show(
    columns: Sequence[str],
    found: Iterable[object],
    rows: Iterator[Sequence[object]],
    *,
    json: bool,
) -> None:
    if json:
        printing.show_lines(found)
    else:
        printing.show_rows(columns, rows)


def _scene(feature: dict[str, Any]) -> Sequence[object]:
    scene = feature["properties"]
    names = ("status", "attempt", "retry_countdown", "message")
    date = scene["data"].get("date", "")
    return (feature["id"], scene["source_id"], date, *(scene[each] for each in names))


def _tile(feature: dict[str, Any]) -> Sequence[object]:
    tile = feature["properties"]
    names = ("SceneID", "SourceID", "Date", "Status", "Attempt", "RetryCountDown", "Message")
    return (feature["id"], *(tile[each] for each in names))
