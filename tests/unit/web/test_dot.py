"""The graph of an AOI in DOT: what it holds, that Graphviz reads it, and that it streams."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_scene,
    a_tile,
    product,
)
from tests.unit.web.api import AREA, Api, a_request, problem_of
from tileweave.domain.model import Json, Scene
from tileweave.domain.status import Event, Status
from tileweave.web.dot import dot_of

NODE = re.compile(r'^  ((?:scene|tile)_\d+) \[label=("(?:[^"\\]|\\.)*"|[\w.-]+), ', re.MULTILINE)
EDGE = re.compile(r"^  (\w+) -> (\w+) \[style=(\w+)", re.MULTILINE)

COLOURS = {
    "NEW": "gray",
    "PENDING": "blue",
    "DONE": "green",
    "RETRY": "orange",
    "FAILED": "red",
}

GRAPHVIZ_IS_HERE = shutil.which("dot") is not None

NAMES = [
    'quo"ted',
    '"',
    '\\"',
    "back\\slash",
    "\\",
    "\\\\",
    "end\\",
    "\\N",
    "\\G",
    "\\L\\E\\T\\H",
    "a\\nb",
    "two\nlines",
    "tab\t.",
    "<b>bold</b>",
    "<b>",
    "<",
    "a -> b; }",
    "/* comment */ // # one",
    "&lt;b&gt;",
    "&amp;",
    "&#65; &#x41; &copy",
    "København 日本 🛰",
    "node",
    "strict",
    "1.5",
    "-",
    " ",
    "{a|b}",
    "+ \\\n joined",
    "%s %d",
]


def understood(text: str) -> Json:
    """Return what Graphviz understands of a graph, without laying it out."""
    told = subprocess.run(
        ["dot", "-Tdot_json"], input=text.encode(), capture_output=True, check=False, timeout=30
    )
    assert (told.returncode, told.stderr) == (0, b"")
    graph: Json = json.loads(told.stdout)
    return graph


def nodes_of(graph: Json) -> list[Json]:
    """Return the nodes of what Graphviz understands, in order: not the rows they stand in."""
    return [each for each in graph["objects"] if "nodes" not in each]


def laid_out(text: str) -> dict[str, tuple[float, float]]:
    """Return where Graphviz puts the middle of each node, y upwards."""
    told = subprocess.run(
        ["dot", "-Tjson"], input=text.encode(), capture_output=True, check=True, timeout=30
    )
    assert told.stderr == b""
    nodes = nodes_of(json.loads(told.stdout))
    places = {each["name"]: each["pos"].split(",") for each in nodes}
    return {name: (float(x), float(y)) for name, (x, y) in places.items()}


def dot(api: Api, query: str = "") -> str:
    """Return the graph of the AOI of tests."""
    answer = api.get(f"/aoi/{AOI}/dot{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def edges(text: str) -> Counter[str]:
    """Return how many edges of each style there are."""
    return Counter(style for _, _, style in EDGE.findall(text))


@pytest.fixture
def world() -> World:
    """Three dates of two bursts, of which nothing has been answered yet."""
    return World(*a_chain(3, (BURST, NEIGHBOUR)))


def test_a_graph_says_what_it_is(world: World) -> None:
    """By its media type, in UTF-8."""
    answer = Api(world.services).get(f"/aoi/{AOI}/dot")
    assert (answer.status_code, answer.mimetype) == (200, "text/vnd.graphviz")
    assert answer.mimetype_params["charset"] == "utf-8"


def test_an_empty_aoi_has_an_empty_graph(api: Api) -> None:
    """Of no node and no edge."""
    text = api.with_area().get(f"/aoi/{AREA}/dot").text
    assert text.startswith(f"digraph {AREA} {{\n")
    assert text.endswith("}\n")
    assert not NODE.findall(text)
    assert not EDGE.findall(text)


def test_scenes_are_boxes_and_tiles_are_ellipses(world: World) -> None:
    """One node each; a scene with its date."""
    lines = [line for line in dot(Api(world.services)).splitlines() if "label=" in line]
    scenes = [line for line in lines if "shape=box" in line]
    assert (len(scenes), len(lines)) == (3, 9)
    assert "\\n2022-01-11" in scenes[0]
    assert product(0) in scenes[0]
    assert not any("shape" in line for line in lines if line not in scenes)


def test_there_is_an_edge_for_each_tile_and_each_previous(world: World) -> None:
    """From the scene, and from the tile of the date before."""
    found = {(tail, head) for tail, head, _ in EDGE.findall(dot(Api(world.services)))}
    of_scenes = {
        (f"scene_{world.scene(number).id}", f"tile_{world.tile(number, burst).id}")
        for number in range(3)
        for burst in (BURST, NEIGHBOUR)
    }
    of_previous = {
        (f"tile_{world.tile(number - 1, burst).id}", f"tile_{world.tile(number, burst).id}")
        for number in (1, 2)
        for burst in (BURST, NEIGHBOUR)
    }
    assert found == of_scenes | of_previous


def test_reference_edges_are_drawn_on_request(world: World) -> None:
    """Dashed once the reference is done."""
    api = Api(world.services)
    assert edges(dot(api)) == {"dotted": 10}
    assert edges(dot(api, "?reference=false")) == {"dotted": 10}
    assert edges(dot(api, "?reference=true")) == {"dotted": 14}
    world.finish()
    assert edges(dot(api)) == {"solid": 10}
    assert edges(dot(api, "?reference=true")) == {"solid": 10, "dashed": 4}


def test_an_edge_is_dotted_until_what_it_comes_from_is_done(world: World) -> None:
    """First those of scenes, then those of tiles."""
    api = Api(world.services)
    world.finish_scenes()
    assert edges(dot(api)) == {"solid": 6, "dotted": 4}
    world.answer(world.tile(0))
    assert edges(dot(api)) == {"solid": 7, "dotted": 3}


@pytest.mark.parametrize("status", list(Status))
def test_nodes_are_coloured_by_status(status: Status) -> None:
    """Scenes and tiles alike."""
    text = "".join(dot_of(AOI, [a_scene(status=status), a_tile(status=status)]))
    colours = re.findall(r"[, ]color=(\w+), tooltip=(\w+)]", text)
    assert len(colours) == 2
    assert all(COLOURS[status] in colour and said == status for colour, said in colours)
    [fill] = set(re.findall(r'fillcolor="(#\w+)"', text))
    others = [each for each in Status if each is not status]
    assert not any(fill in "".join(dot_of(AOI, [a_scene(status=each)])) for each in others)


def test_what_failed_is_cut_out(world: World) -> None:
    """Its scene still holds it, its neighbours in time are linked past it."""
    failed = world.tile(1)
    world.operate(failed, Event.FORCE_FAIL)
    world.settle()
    text = dot(Api(world.services), "?reference=true")
    found = {(tail, head) for tail, head, _ in EDGE.findall(text)}
    touching = {each for each in found if f"tile_{failed.id}" in each}
    assert touching == {(f"scene_{failed.scene_id}", f"tile_{failed.id}")}
    assert (f"tile_{world.tile(0).id}", f"tile_{world.tile(2).id}") in found


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_quoted_string_whatever_it_holds(name: str) -> None:
    """By its structure alone: nothing of it gets out of its quotes, no HTML, no escape."""
    text = "".join(dot_of(AOI, [a_scene(), a_tile(burst=name)]))
    labels = [label for _, label in NODE.findall(text)]
    assert len(labels) == 2
    quoted = labels[1]
    inner = quoted[1:-1] if quoted.startswith('"') else quoted
    assert re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL).replace("&amp;", "&") == name
    assert len(EDGE.findall(text)) == 1


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_literally_whatever_it_holds(api: Api, name: str) -> None:
    """As Graphviz writes it into a picture, of a scene and of a tile."""
    api.with_area(AOI).added(a_request(name, tiles={name: {}}), AOI)
    picture = api.get(f"/aoi/{AOI}/dot?format=svg").text
    shown = [unescaped(each) for each in re.findall(r"<text [^>]*>([^<]*)</text>", picture)]
    lines = [each for each in name.replace("\xa0", " ").split("\n") if each]
    assert shown == [*lines, "2022-01-11", *lines]


def unescaped(text: str) -> str:
    """Return what XML text says."""
    named = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#45;": "-", "&#160;": " "}
    for entity, character in named.items():
        text = text.replace(entity, character)
    return text.replace("\xa0", " ").replace("&amp;", "&")


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
def test_graphviz_reads_all_nodes_and_edges(world: World) -> None:
    """And no other."""
    graph = understood(dot(Api(world.services), "?reference=true"))
    assert (len(nodes_of(graph)), len(graph["edges"])) == (9, 14)
    assert Counter(each["shape"] for each in graph["objects"] if "shape" in each) == {"box": 3}


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
def test_graphviz_reads_what_no_picture_can_hold(api: Api) -> None:
    """Control characters are shown as what they are: none."""
    name = "".join(map(chr, [*range(32), 127, 0xFFFE, 0xFFFF])) + "."
    api.with_area(AOI).added(a_request(name, tiles={name: {}}), AOI)
    graph = understood(dot(api))
    assert (len(nodes_of(graph)), len(graph["edges"])) == (2, 1)
    assert nodes_of(graph)[1]["label"] == f"{'�' * 9}\t\n{'�' * 24}."
    assert b"\xef\xbf\xbd" in api.get(f"/aoi/{AOI}/dot?format=svg").get_data()


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
@pytest.mark.parametrize(
    ("form", "mimetype", "begins"),
    [
        ("svg", "image/svg+xml", b"<?xml"),
        ("png", "image/png", b"\x89PNG"),
        ("pdf", "application/pdf", b"%PDF"),
    ],
)
def test_a_graph_is_rendered(world: World, form: str, mimetype: str, begins: bytes) -> None:
    """In the form that was asked for."""
    answer = Api(world.services).get(f"/aoi/{AOI}/dot?format={form}&reference=true")
    assert (answer.status_code, answer.mimetype) == (200, mimetype)
    assert answer.get_data().startswith(begins)


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
def test_without_graphviz_a_picture_is_not_available(
    world: World, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """The problem says what to do; the graph itself is there all the same."""
    monkeypatch.setenv("PATH", "")
    api = Api(world.services)
    problem = problem_of(api.get(f"/aoi/{AOI}/dot?format={form}"), 501)
    assert "format=dot" in problem["detail"]
    assert dot(api, "?format=dot") == dot(api)


def test_a_graph_begins_before_its_last_scene_is_read() -> None:
    """However large it is, it is never in memory as a whole."""
    read: list[int] = []

    def scenes() -> Iterator[Scene]:
        for number in range(1_000):
            read.append(number)
            yield a_scene(number)

    pieces = dot_of(AOI, scenes())
    assert next(pieces).startswith("digraph")
    assert read == []
    assert any("scene_" in each for each in iter(lambda: next(pieces), "}"))
    assert len(read) == 1


def test_an_answer_is_a_stream(world: World) -> None:
    """The function hands out its pieces one by one."""
    answer = Api(world.services).get(f"/aoi/{AOI}/dot", buffered=False)
    assert answer.is_streamed
    assert sum(1 for _ in answer.response) > 20


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
@pytest.mark.parametrize("reference", ["false", "true"])
def test_dates_go_down_and_chains_are_columns(reference: str) -> None:
    """The scenes of a date stand in a row above their tiles, whatever has failed."""
    bursts = (BURST, NEIGHBOUR, "A44_IW2_8979", "A44_IW3_9007")
    world = World(*a_chain(6, bursts))
    world.operate(world.tile(2), Event.FORCE_FAIL)
    world.settle()
    places = laid_out(dot(Api(world.services), f"?reference={reference}"))
    rows = [places[f"scene_{world.scene(number).id}"][1] for number in range(6)]
    assert rows == sorted(rows, reverse=True)
    assert len(set(rows)) == 6
    for number, row in enumerate(rows):
        below = {places[f"tile_{world.tile(number, each).id}"][1] for each in bursts}
        assert len(below) == 1
        assert [*rows, float("-inf")][number + 1] < below.pop() < row
    for burst in bursts[1:]:
        across = [places[f"tile_{world.tile(number, burst).id}"][0] for number in range(6)]
        assert max(across) - min(across) < 20


@pytest.mark.skipif(not GRAPHVIZ_IS_HERE, reason="no program dot: `make setup` tells how to get it")
def test_dates_go_down_that_no_link_holds() -> None:
    """Two scenes of a date stand side by side; edges that nobody sees hold the rows."""
    world = World(*(a_new_scene(number) for number in range(3)))
    text = dot(Api(world.services))
    places = laid_out(text)
    rows = [places[f"scene_{world.scene(number).id}"][1] for number in range(3)]
    assert rows == sorted(set(rows), reverse=True)
    assert edges(text) == {"invis": 2}


def test_scenes_of_a_date_are_in_one_row() -> None:
    """By their date alone, not their time."""
    scenes = [a_scene(0), replace(a_scene(1), date=a_scene(0).date.replace(hour=23)), a_scene(2)]
    text = "".join(dot_of(AOI, scenes))
    [row] = re.findall(r"rank=same; (.*) }", text)
    assert row.split("; ") == [f"scene_{each.id}" for each in scenes[:2]]


def test_a_link_to_what_is_not_shown_is_not_drawn() -> None:
    """DOT would make a node of it."""
    tile = a_tile(1, previous=a_tile(0).link, reference=a_tile(0).link)
    assert not EDGE.findall("".join(dot_of(AOI, [tile], reference=True)))


def test_a_link_to_a_later_date_leaves_the_rows_alone() -> None:
    """Whoever adds one gets a graph all the same."""
    tiles = [a_tile(0, previous=a_tile(1).link), a_tile(1)]
    text = "".join(dot_of(AOI, tiles))
    assert "[style=dotted, constraint=false]" in text


@pytest.mark.parametrize("name", ["A", "1", "-", "graph", "a:b", "1_a", "node"])
def test_an_aoi_of_any_name_has_a_graph(
    api: Api, name: str, understand: Callable[[str], Any]
) -> None:
    """Also of one that DOT has a meaning for."""
    text = api.with_area(name).get(f"/aoi/{name}/dot").text
    assert understand(text) in (name, None)


@pytest.fixture
def understand() -> Callable[[str], Any]:
    """What Graphviz says is a graph's name; None where there is no Graphviz."""
    return lambda text: understood(text)["name"] if GRAPHVIZ_IS_HERE else None
