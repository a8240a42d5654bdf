"""`tileweave export`: a snapshot of an AOI, to a file here, in object storage, or behind HTTPS."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import Aoi
from tileweave.cli.errors import CommandError, told
from tileweave.cli.places import any_place
from tileweave.cli.service import AsJson, Url

if TYPE_CHECKING:
    from tileweave.client import Client
    from tileweave.client.models import Feature
    from tileweave.snapshots.formats import Format

LONG = 3_600
"""Seconds that the service may take to write or read a file."""

Form = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        show_default=False,
        help="geojson, ndjson or geoparquet; by default what the file's name ends with.",
    ),
]


def export(
    aoi: Aoi,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A file, here or at s3://, gs:// or https://: .geojson, .ndjson or .parquet.",
        ),
    ],
    *,
    form: Form = "",
    server: Annotated[
        bool, typer.Option("--server", help="Have the service itself write it, to its places.")
    ] = False,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Write a snapshot of an AOI: scenes, tiles, links, statuses and histories."""
    with told(), service.client(url, timeout=LONG if server else 300) as client:
        if server:
            written = client.export_to(aoi, target, form).model_dump()
        else:
            written = _written(client, aoi, target, form)
    if json:
        printing.show_json(written)
    else:
        counts = f"{written['scenes']} scenes, {written['tiles']} tiles"
        typer.echo(f"{written['href']}: {counts}, {written['bytes']} bytes of {written['format']}")


def _written(client: Client, aoi: str, target: str, named: str) -> dict[str, Any]:
    """Write a snapshot that is read through the API, and tell what it holds."""
    from tileweave.snapshots import formats
    from tileweave.snapshots.parts import header_of

    with any_place() as places, tempfile.TemporaryFile() as content:
        form: Format = formats.format_of(target, named)
        places.check(target)
        before, exported = client.overview(aoi), client.export(aoi)
        features = _shown(exported, before.tiles.total)
        totals = formats.write(form, content, header_of(dict(exported.header)), features)
        if client.overview(aoi).generation != before.generation:
            raise CommandError(f"AOI {aoi} was deleted while it was read")
        size = content.tell()
        content.seek(0)
        places.write(target, content, formats.MEDIA_TYPES[form])
    return {"href": target, "format": form.value, **totals.model_dump(), "bytes": size}


def _shown(features: Iterable[Feature], tiles: int) -> Iterator[Feature]:
    """Return the same, shown as they pass."""
    with printing.progress() as progress:
        task = progress.add_task("tiles", total=tiles, said="")
        for feature in features:
            progress.advance(task, len(feature["properties"]["Tiles"]))
            yield feature
