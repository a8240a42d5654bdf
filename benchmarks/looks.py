"""Overview, tile and scene of small and large AOIs: time, and round trips to the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

from benchmarks import seeding
from benchmarks.figures import Figure, Goal, at_most
from benchmarks.round_trips import round_trips
from benchmarks.serving import Function, bare, environment, served
from benchmarks.timing import by_turns
from tileweave.domain.identity import scene_id, tile_id

SIZES = (100, 10_000, 100_000)
QUICK_SIZES = (40, 200)
MOST_ROUND_TRIPS = 3
FLAT = 1.3
"""How much longer a look at the largest AOI may take than at the smallest."""


def measure(*, quick: bool) -> Iterator[Figure]:
    """Yield for each size and look its milliseconds and round trips; at last how flat they are."""
    times = 5 if quick else 60
    found: dict[str, list[float]] = {}
    with environment() as project, ExitStack() as stack:
        functions = {name: stack.enter_context(served(name)) for name in ("aoi", "scene", "tile")}
        floors = {name: stack.enter_context(bare(name)) for name in ("overview", "document")}
        for size in QUICK_SIZES if quick else SIZES:
            aoi = f"looks-{size}"
            seeding.seed(project, aoi, size)
            for each in _at(aoi, size, functions, floors, times):
                found.setdefault(each.case, []).append(each.value)
                yield each
    for case, values in found.items():
        if "round trips" not in case:
            growth, note = values[-1] / values[0], "largest AOI against smallest"
            yield Figure(
                case=f"{case}: growth", value=growth, unit="x", goal=at_most(FLAT), note=note
            )


def _at(
    aoi: str,
    size: int,
    functions: Mapping[str, Function],
    floors: Mapping[str, Function],
    times: int,
) -> Iterator[Figure]:
    first = seeding.requests(aoi, 1)[0]
    scene, tile = scene_id(aoi, first["source_id"]), _a_tile(aoi)
    looks = {
        "overview": (functions["aoi"], f"/aoi/{aoi}", floors["overview"], f"/?aoi={aoi}"),
        "scene": _one("scene", scene, functions, floors),
        "tile": _one("tile", tile, functions, floors),
    }
    for name, (function, path, floor, bare_path) in looks.items():
        goal = at_most(1.3) if name == "overview" else None
        yield _timed(name, size, (function, path), (floor, bare_path), goal, times)
        trips, limit = round_trips(path), at_most(MOST_ROUND_TRIPS)
        yield Figure(case=f"{name}: round trips", value=trips, unit="", goal=limit, size=size)


def _one(
    kind: str, number: int, functions: Mapping[str, Function], floors: Mapping[str, Function]
) -> tuple[Function, str, Function, str]:
    return functions[kind], f"/{kind}/{number}", floors["document"], f"/?path={kind}s/{number}"


def _a_tile(aoi: str) -> int:
    request = seeding.requests(aoi, 1)[0]
    return tile_id(aoi, request["source_id"], next(iter(request["tiles"])))


def _timed(  # noqa: PLR0913, PLR0917 - two calls, and what is said of them
    name: str,
    size: int,
    measured: tuple[Function, str],
    floor: tuple[Function, str],
    goal: Goal | None,
    times: int,
) -> Figure:
    both = by_turns(lambda: measured[0].get(measured[1]), lambda: floor[0].get(floor[1]), times)
    value, least = both.milliseconds
    return Figure(case=name, value=value, unit="ms", floor=least, ratio_goal=goal, size=size)
