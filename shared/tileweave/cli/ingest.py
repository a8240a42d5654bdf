"""`tileweave ingest`: scenes out of files, into an AOI."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import Aoi
from tileweave.cli.errors import WRONG, CommandError, exit_code, tell, told
from tileweave.cli.service import AsJson, Url

if TYPE_CHECKING:
    from tileweave.cli.ingestion.reports import Fate, Report
    from tileweave.cli.ingestion.spool import Spool
    from tileweave.client import Client

SHOWN = 20
"""Refused scenes that are told one by one."""

PATIENCE = 60.0
"""Seconds that a request is repeated for: what is long is not to be begun again."""

Options = Mapping[str, str | int]


class Links(StrEnum):
    """How tiles get their previous and reference."""

    AUTO = "auto"


class Tiles(StrEnum):
    """Where the tiles of scenes come from that have none."""

    ANNOTATIONS = "annotations"


def ingest(
    aoi: Aoi,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="GeoJSON, STAC, geocube's scene requests; JSON or one scene a line; here, at"
            " s3://, gs:// or https://; - is standard input.",
        ),
    ],
    *,
    links: Annotated[
        Links | None, typer.Option(help="Link tiles of one footprint by their dates.")
    ] = None,
    tiles: Annotated[
        Tiles | None, typer.Option(help="Read the bursts of scenes without tiles.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would become of each scene.")
    ] = False,
    graph: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="With --dry-run: save the scenes that would be made, as GeoJSON.",
        ),
    ] = None,
    create: Annotated[
        bool, typer.Option("--create/--no-create", help="Create the AOI if it is not there.")
    ] = True,
    graph_name: Annotated[
        str, typer.Option(metavar="NAME", help="For scenes that name no graph.", show_default=False)
    ] = "",
    tile_graph_name: Annotated[
        str, typer.Option(metavar="NAME", help="For tiles that name no graph.", show_default=False)
    ] = "",
    retry_count: Annotated[
        int | None, typer.Option(min=0, max=1000, help="For scenes that name no number of retries.")
    ] = None,
    retriable: Annotated[
        bool | None,
        typer.Option("--retriable/--not-retriable", help="For scenes that do not say it."),
    ] = None,
    server: Annotated[
        bool, typer.Option("--server", help="Have the service itself read the files.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Save what became of each scene: .ndjson or .csv.",
        ),
    ] = None,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Add the scenes of files to an AOI, in any order, of any size; again: what is missing."""
    options = {
        "links": links and links.value,
        "tiles": tiles and tiles.value,
        "dry_run": "true" if dry_run else None,
        "graph_name": graph_name or None,
        "tile_graph_name": tile_graph_name or None,
        "retry_count": retry_count,
        "is_retriable": None if retriable is None else str(retriable).lower(),
    }
    if graph and not (dry_run and not server):
        raise typer.BadParameter("--graph goes with --dry-run, and not with --server")
    given: Options = {name: value for name, value in options.items() if value is not None}
    with told():
        ingestion = _Ingestion(aoi, given, create=create and not dry_run, json=json, graph=graph)
        counts = ingestion.run(files, url, report, server=server)
        ingestion.tell(counts, dry_run=dry_run, report=report)
    if counts["refused"]:
        raise typer.Exit(WRONG)


class _Ingestion:
    """Reads files and sends what they hold."""

    def __init__(
        self, aoi: str, options: Options, *, create: bool, json: bool, graph: Path | None
    ) -> None:
        self._aoi = aoi
        self._options = options
        self._create = create
        self._json = json
        self._graph = graph
        self._refused: list[str] = []

    def run(
        self, files: list[str], url: str | None, report: Path | None, *, server: bool
    ) -> Counter[str]:
        """Add what the files hold; return how many scenes became what."""
        from tileweave.cli.ingestion.reports import reporting
        from tileweave.cli.ingestion.spool import spooling

        with (
            reporting(report) as told_in,
            service.client(url, timeout=300, patience=PATIENCE) as client,
        ):
            if server:
                return self._taken(self._by_service(client, files), told_in, None)
            with spooling() as spool:
                _read(files, spool)
                self._see_to_aoi(client)
                return self._taken(self._sent(client, spool), told_in, len(spool.records))

    def tell(self, counts: Counter[str], *, dry_run: bool, report: Path | None) -> None:
        """Tell what became of the scenes: how many, and of the first why they were refused."""
        for each in self._refused:
            tell(each)
        if (left := counts["refused"] - len(self._refused)) > 0:
            more = f"listed in {report}" if report else "--report FILE lists them"
            tell(f"... and {left} more: {more}")
        said = ", ".join(f"{counts[each]} {each}" for each in ("added", "known", "refused"))
        said = f"{self._aoi}: {said}{' (dry run: nothing was done)' if dry_run else ''}"
        typer.echo(said, err=self._json)

    def _see_to_aoi(self, client: Client) -> None:
        from tileweave.client import NotNow

        if self._create:
            with suppress(NotNow):
                client.create_aoi(self._aoi)
        else:
            client.overview(self._aoi)

    def _sent(self, client: Client, spool: Spool) -> Iterator[Fate]:
        from tileweave.cli.ingestion.reports import drawing
        from tileweave.cli.ingestion.sending import Sender

        with drawing(self._graph) as take:
            yield from Sender(client, self._aoi, spool, self._options, take).fates()

    def _by_service(self, client: Client, files: list[str]) -> Iterator[Fate]:
        from tileweave.cli.ingestion.sending import by_service
        from tileweave.cli.ingestion.sources import is_address

        for each in files:
            if not is_address(each):
                raise CommandError(f"{each}: the service reads s3://, gs:// and https:// only")
        self._see_to_aoi(client)
        return by_service(client, self._aoi, files, self._options)

    def _taken(self, fates: Iterable[Fate], report: Report, total: int | None) -> Counter[str]:
        """Show and report what became of scenes, as it is known; return how many became what."""
        counts: Counter[str] = Counter()
        with printing.progress() as bar, _gone_on_with(counts, total):
            task = bar.add_task(self._aoi, total=total, said="")
            for fate in fates:
                counts[fate.outcome.outcome] += 1
                self._note(fate)
                report.add(fate)
                refused = f"{counts['refused']} refused" if counts["refused"] else ""
                bar.update(task, advance=1, said=refused)
        return counts

    def _note(self, fate: Fate) -> None:
        if self._json:
            printing.show_line(fate.as_json())
        if fate.outcome.outcome == "refused" and len(self._refused) < SHOWN:
            self._refused.append(f"refused: {fate.shown}")


@contextmanager
def _gone_on_with(counts: Counter[str], total: int | None) -> Iterator[None]:
    """Tell of what breaks off in the middle that it can be gone on with. Raises CommandError."""
    from tileweave.client import ClientError

    try:
        yield
    except ClientError as error:
        if not counts:
            raise
        sent = f"{counts.total()} of {total}" if total else str(counts.total())
        said = f"{error}; {sent} scenes were sent: run the same command again for the rest"
        raise CommandError(said, exit_code(error) or WRONG) from error


def _read(files: list[str], spool: Spool) -> None:
    """Have the scenes of files kept. Raises CommandError: then nothing was sent."""
    from tileweave.cli.ingestion.reading import Reader
    from tileweave.cli.ingestion.sources import opened

    with printing.progress() as bar:
        for name in files:
            with opened(name) as file:
                task = bar.add_task(f"reading {name}", total=None, said="")
                for found in Reader(file, name, tell).scenes():
                    spool.keep(found, name)
                    bar.update(task, advance=1)
