"""A part of a graph: by tile, by status, by date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.builders import AOI, BURST, NEIGHBOUR, World, a_chain, a_new_scene
from tests.unit.web.api import Api, problem_of
from tileweave.domain.status import Event
from tileweave.usecases import browse

LABEL = re.compile(r"^  (scene|tile)_\d+ \[label=\"?([\w.-]+)", re.MULTILINE)


@pytest.fixture
def world() -> World:
    """Four dates of two bursts; the scenes of the first two are DONE, and one tile waits."""
    world = World(*a_chain(4, (BURST, NEIGHBOUR)))
    for number in range(2):
        world.answer(world.scene(number))
    world.settle()
    world.answer(world.tile(0))
    world.answer(world.tile(0, NEIGHBOUR), "RETRY")
    world.settle()
    return world


def part(world: World, query: str) -> tuple[list[int], list[str], int]:
    """Return the numbers of the scenes, the tiles, and how many links a part has."""
    answer = Api(world.services).get(f"/aoi/{AOI}/dot?{query}")
    assert answer.status_code == 200, answer.text
    found = LABEL.findall(answer.text)
    scenes = [int(name[-6:]) for kind, name in found if kind == "scene"]
    tiles = sorted(name for kind, name in found if kind == "tile")
    seen = [line for line in answer.text.splitlines() if "->" in line and "invis" not in line]
    return scenes, tiles, len(seen)


def test_without_a_filter_all_is_shown(world: World) -> None:
    """Each scene and tile, each link."""
    assert part(world, "") == ([0, 1, 2, 3], [BURST] * 4 + [NEIGHBOUR] * 4, 8 + 6)


def test_a_footprint_is_shown_with_its_scenes(world: World) -> None:
    """Its chain, nothing of its neighbours."""
    assert part(world, f"tile={BURST}") == ([0, 1, 2, 3], [BURST] * 4, 4 + 3)
    assert part(world, f"tile={BURST}&reference=true")[2] == 4 + 3 + 3


def test_several_footprints_are_shown(world: World) -> None:
    """All that are named, whether they are there or not."""
    both = part(world, f"tile={BURST}&tile={NEIGHBOUR}&tile=elsewhere")
    assert both == ([0, 1, 2, 3], [BURST] * 4 + [NEIGHBOUR] * 4, 8 + 6)
    assert part(world, "tile=elsewhere") == ([], [], 0)
    assert part(world, f"tile={BURST.lower()}") == ([], [], 0)


@pytest.mark.parametrize("status", ["retry", "RETRY", "Retry"])
def test_a_status_is_shown_in_any_case(world: World, status: str) -> None:
    """The tiles of that status, with their scenes."""
    assert part(world, f"status={status}") == ([0], [NEIGHBOUR], 1)


def test_several_statuses_are_shown(world: World) -> None:
    """Links are drawn where both their ends are shown."""
    assert part(world, "status=done&status=PENDING") == ([0, 1], [BURST, BURST], 2 + 1)


def test_what_is_cut_out_is_shown_by_its_status(world: World) -> None:
    """Beneath its scene, linked to no other tile."""
    world.operate(world.tile(0, NEIGHBOUR), Event.FAIL)
    world.settle()
    assert part(world, "status=failed") == ([0], [NEIGHBOUR], 1)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("from=2022-01-23", [1, 2, 3]),
        ("to=2022-01-23", [0, 1]),
        ("from=2022-01-23&to=2022-01-23", [1]),
        ("from=2022-01-24&to=2022-02-03", []),
        ("from=2022-01-23T17:01:24Z", [1, 2, 3]),
        ("from=2022-01-23T17:01:24.000001Z", [2, 3]),
        ("to=2022-01-23T17:01:24Z", [0, 1]),
        ("to=2022-01-23T17:01:23.999999Z", [0]),
        ("from=2022-01-23T18:01:24%2B01:00&to=2022-01-23T16:01:24-01:00", [1]),
        ("from=0001-01-01&to=9999-12-31", [0, 1, 2, 3]),
    ],
)
def test_dates_are_inclusive(world: World, query: str, numbers: list[int]) -> None:
    """A date is the whole day in UTC; a moment is exact."""
    scenes, tiles, links = part(world, query)
    assert scenes == numbers
    assert tiles == [BURST] * len(numbers) + [NEIGHBOUR] * len(numbers)
    assert links == 2 * len(numbers) + 2 * max(len(numbers) - 1, 0)


def test_scenes_without_tiles_are_shown_by_date_alone() -> None:
    """A filter of tiles shows none of them."""
    world = World(*(a_new_scene(number) for number in range(3)))
    assert part(world, "from=2022-01-23") == ([1, 2], [], 0)
    assert part(world, "from=2022-01-23&status=new") == ([], [], 0)


def test_filters_are_combined(world: World) -> None:
    """What is shown passes all of them."""
    query = f"tile={NEIGHBOUR}&status=new&from=2022-01-23&to=2022-02-04"
    assert part(world, query) == ([1, 2], [NEIGHBOUR] * 2, 2 + 1)


@pytest.mark.parametrize(
    "query",
    [
        "status=",
        "status=nix",
        "status=done,new",
        "tile=",
        "from=",
        "from=yesterday",
        "from=2022-13-01",
        "from=2022-01-32",
        "from=2022",
        "from=20220111",
        "from=2022-01-11T17:01:24",
        "from=2022-01-11T17:01:24+01:00",
        "from=0001-01-01T00:00:00%2B01:00",
        "to=9999-12-31T23:59:59-01:00",
        "to=1",
        "from=2022-01-12&to=2022-01-11",
        "reference=maybe",
        "format=gif",
    ],
)
def test_a_filter_that_means_nothing_is_a_bad_request(world: World, query: str) -> None:
    """The problem names the parameter; of an AOI that is not there, that is told first."""
    api = Api(world.services)
    problem = problem_of(api.get(f"/aoi/{AOI}/dot?{query}"), 400)
    assert query.partition("=")[0] in problem["detail"]
    problem_of(api.get(f"/aoi/nowhere/dot?{query}"), 404)


def test_a_part_is_read_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene whose tiles are read at different times is shown once."""
    monkeypatch.setattr(browse, "READ_AT_ONCE", 1)
    scenes, tiles, _ = part(world, "status=new")
    assert (scenes, tiles) == ([1, 2, 3], [BURST] * 2 + [NEIGHBOUR] * 3)


def test_a_graph_that_takes_too_long_to_draw_is_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The program is ended, and the problem says what to ask for instead."""
    slow = tmp_path / "dot"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("tileweave.web.graph.SECONDS", 0.2)
    problem = problem_of(Api(world.services).get(f"/aoi/{AOI}/dot?format=svg"), 413)
    assert "format=dot" in problem["detail"]
