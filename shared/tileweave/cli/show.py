"""What is shown of an AOI: progress bars for scenes and tiles, and a table."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Table

from tileweave.cli.denmark import SCENES, TILES
from tileweave.client import Overview

STATUSES = ("new", "pending", "done", "retry", "failed", "total")


class Bars:
    """A bar for scenes and one for tiles; where output is no terminal, nothing until the end."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description:>6}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[open]}"),
            console=console,
        )
        self._scenes = self.progress.add_task("scenes", total=SCENES, open="")
        self._tiles = self.progress.add_task("tiles", total=TILES, open="")

    def show(self, overview: Overview) -> None:
        """Show how far the AOI is."""
        for task, counts in ((self._scenes, overview.scenes), (self._tiles, overview.tiles)):
            self.progress.update(task, completed=counts.settled, open=counts.open)

    def say(self, text: str) -> None:
        """Write a line above the bars."""
        self.progress.console.print(text, markup=False, highlight=False, soft_wrap=True)


def bars(overview: Overview) -> Table:
    """Return how much of an AOI is DONE or FAILED, as bars: one for scenes, one for tiles."""
    found = Table.grid(padding=(0, 1))
    for name, counts in (("scenes", overview.scenes), ("tiles", overview.tiles)):
        bar = ProgressBar(total=counts.total or 1, completed=counts.settled, width=40)
        found.add_row(name, bar, f"{counts.settled}/{counts.total}", counts.open)
    return found


def table(overview: Overview) -> Table:
    """Return the overview as a table: a row for scenes, one for tiles."""
    found = Table(title=f"{overview.name}: {overview.status}", title_justify="left", box=None)
    found.add_column("")
    for status in STATUSES:
        found.add_column(status.upper() if status != "total" else "total", justify="right")
    for name, counts in (("scenes", overview.scenes), ("tiles", overview.tiles)):
        found.add_row(name, *(str(getattr(counts, status)) for status in STATUSES))
    return found
