"""A page of 1,000 scenes or tiles, against the query that reads the same documents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks import seeding
from benchmarks.figures import Figure, at_most
from benchmarks.serving import bare, environment, served
from benchmarks.timing import by_turns

TILES = 20_000
PAGE = 1_000

PAGES = {"scenes": "scene", "tiles": "tile", "tiles?view=tile": "tile"}
"""The lists, and what they read."""


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield the milliseconds of a page of each list."""
    aoi, page, times = "lists", 20 if quick else PAGE, 3 if quick else 15
    with environment() as project, served("aoi") as function, bare("listed") as floor:
        seeding.seed(project, aoi, 400 if quick else TILES)
        for path, kind in PAGES.items():
            asked = f"/aoi/{aoi}/{path}{'&' if '?' in path else '?'}limit={page}"
            least = f"/?aoi={aoi}&kind={kind}&limit={page}"
            both = by_turns(partial(function.get, asked), partial(floor.get, least), times)
            value, floor_value = both.milliseconds
            yield Figure(
                case=path, value=value, unit="ms", floor=floor_value, ratio_goal=at_most(1.3)
            )
