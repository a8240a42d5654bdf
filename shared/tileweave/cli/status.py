"""`tileweave status`: AOIs and how far they are, once or for as long as they change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tileweave.cli import printing, service
from tileweave.cli.aois import names
from tileweave.cli.errors import told
from tileweave.cli.service import AsJson, Url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from tileweave.client import Client, Overview

COLUMNS = ("AOI", "status", "progress", "scenes", "tiles", "open", "from", "to")


def status(
    aoi: Annotated[
        str,
        typer.Argument(
            metavar="AOI",
            autocompletion=names,
            help="An AOI, or a pattern of names with * and ?; all unless it is given.",
            show_default=False,
        ),
    ] = "*",
    *,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again until all of it is DONE or FAILED.")
    ] = False,
    interval: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How often it looks again.")
    ] = 2.0,
    url: Url = None,
    json: AsJson = False,
) -> None:
    """Show how far an AOI is, or all of them."""
    with told(), service.client(url) as client:
        one = not {"*", "?"} & set(aoi)
        show = _as_json(one=one) if json else _shown(one=one)
        with _live(watch=watch and not json) as update:
            found = _look(client, aoi, one=one)
            (update or show)(found)
            while watch and not all(each.settled for each in found):
                time.sleep(interval)
                before, found = found, _look(client, aoi, one=one)
                if update or found != before:
                    (update or show)(found)


def _look(client: Client, aoi: str, *, one: bool) -> Sequence[Overview]:
    return [client.overview(aoi)] if one else client.aois(aoi)


def _as_json(*, one: bool) -> Callable[[Sequence[Overview]], None]:
    def show(found: Sequence[Overview]) -> None:
        bodies = [each.model_dump(mode="json", by_alias=True) for each in found]
        printing.show_json(bodies[0] if one else bodies)

    return show


def _shown(*, one: bool) -> Callable[[Sequence[Overview]], None]:
    def show(found: Sequence[Overview]) -> None:
        if printing.is_terminal():
            printing.output().print(_drawn(found, one=one))
        else:
            printing.show_rows(COLUMNS, map(_row, found))

    return show


@contextmanager
def _live(*, watch: bool) -> Iterator[Callable[[Sequence[Overview]], None] | None]:
    """Give what draws AOIs in the same place again and again; None if output is no terminal."""
    if not watch or not printing.is_terminal():
        yield None
        return
    from rich.live import Live

    with Live(console=printing.output(), auto_refresh=False) as live:
        yield lambda found: live.update(_drawn(found, one=len(found) == 1), refresh=True)


def _drawn(found: Sequence[Overview], *, one: bool) -> RenderableType:
    from rich.console import Group

    from tileweave.cli.show import bars, table

    if one:
        return Group(table(found[0]), bars(found[0]))
    return printing.table_of(COLUMNS, map(_row, found))


def _row(overview: Overview) -> Sequence[object]:
    scenes, tiles = overview.scenes, overview.tiles
    parts = {"scenes": scenes.open, "tiles": tiles.open}
    return (
        overview.name,
        overview.status,
        f"{overview.progress:.0%}",
        f"{scenes.settled}/{scenes.total}",
        f"{tiles.settled}/{tiles.total}",
        "; ".join(f"{name} {open_}" for name, open_ in parts.items() if open_),
        overview.first.date() if overview.first else "",
        overview.last.date() if overview.last else "",
    )
