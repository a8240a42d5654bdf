"""Each function as it is deployed, on the emulators: Denmark from the first POST to the last tile.

Messages are delivered by hand: what is pulled from a topic is pushed to the function that
subscribes to it, in the envelope that Pub/Sub uses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import pytest

from tests.integration.http_functions import FUNCTIONS, ROOT, Functions, loaded_functions
from tileweave.domain.identity import scene_id
from tileweave.domain.model import Json
from tileweave_emulators import Running

pytestmark = [
    pytest.mark.emulators,
    pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated"),
]

AREA = "DenmarkDemo"
DATA = ROOT / "tests" / "data"
NOTHING = {"new": 0, "pending": 0, "done": 0, "retry": 0, "failed": 0, "total": 0}

NO_TILE: Json = json.loads((DATA / "messages" / "tile_job_root.json").read_text())["tile_previous"]


@pytest.fixture
def functions(
    emulators: Running, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Functions]:
    """All functions, in a project of the test's own, with an empty AOI."""
    with loaded_functions(emulators, project, monkeypatch) as loaded:
        loaded.call("POST", f"/aoi/{AREA}")
        yield loaded


def denmark() -> list[Json]:
    """Return the document's three scenes, the oldest first."""
    features: list[Json] = json.loads((DATA / "denmark_tiles.geojson").read_text())["features"]
    return features[::-1]


def with_denmark(functions: Functions) -> list[int]:
    """Add the three scenes; return their ids, the oldest first."""
    return [functions.call("POST", f"/aoi/{AREA}/scene", each)["id"] for each in denmark()]


def finish(functions: Functions) -> int:
    """Answer DONE to all jobs until there are none; return how many there were."""
    answered = 0
    while jobs := [*functions.jobs("scene-jobs"), *functions.jobs("tile-jobs")]:
        functions.answer(jobs)
        answered += len(jobs)
    return answered


def test_denmark_runs_from_the_first_request_to_the_last_tile(functions: Functions) -> None:
    """Every job is handed out once, and in the end the overview is exact."""
    with_denmark(functions)
    assert finish(functions) == 12
    overview = functions.call("GET", f"/aoi/{AREA}")
    assert overview.pop("created_at").endswith("Z")
    assert overview == {
        "name": AREA,
        "status": "DONE",
        "scenes": {**NOTHING, "done": 3, "total": 3},
        "tiles": {**NOTHING, "done": 9, "total": 9},
        "root_tiles": 3,
        "from": "2022-01-11T17:01:24.37Z",
        "to": "2022-02-04T17:01:23.133Z",
        "progress": 1.0,
    }
    text = functions.call("GET", f"/aoi/{AREA}", Accept="text/plain")
    assert text.endswith("Root tiles : 3\n  From: 2022-01-11\n  To:   2022-02-04\n")
    graph = functions.call("GET", f"/aoi/{AREA}/dot?reference=true")
    styles = Counter(line.split("style=")[1][:5] for line in graph.splitlines() if "->" in line)
    assert styles == {"solid": 15, "dashe": 6}


def test_the_overview_is_exact_at_every_step(functions: Functions) -> None:
    """Scenes first, then one date after the other."""
    with_denmark(functions)
    steps = []
    while jobs := [*functions.jobs("scene-jobs"), *functions.jobs("tile-jobs")]:
        found = functions.call("GET", f"/aoi/{AREA}")
        steps.append((found["scenes"], found["tiles"], found["progress"]))
        functions.answer(jobs)
    scenes = {**NOTHING, "done": 3, "total": 3}
    assert steps == [
        ({**NOTHING, "pending": 3, "total": 3}, {**NOTHING, "new": 9, "total": 9}, 0.0),
        (scenes, {**NOTHING, "new": 6, "pending": 3, "total": 9}, 0.25),
        (scenes, {**NOTHING, "new": 3, "pending": 3, "done": 3, "total": 9}, 0.5),
        (scenes, {**NOTHING, "pending": 3, "done": 6, "total": 9}, 0.75),
    ]


def test_jobs_say_what_workers_read(functions: Functions) -> None:
    """The scene with all of its data; the tile with its scene, its previous and its reference."""
    numbers = with_denmark(functions)
    scene_jobs = {each["id"]: each for each in functions.jobs("scene-jobs")}
    for number, feature in zip(numbers, denmark(), strict=True):
        job, properties = scene_jobs[number], feature["properties"]
        assert (job["aoi"], job["attempt"]) == (AREA, 1)
        assert job["source_id"] == properties["source_id"]
        zeros = {"metadata": None, "is_retriable": False, "storage_uri": ""}
        assert job["data"] == {**zeros, **properties["data"]}
    functions.answer(scene_jobs.values())

    first = {each["source_id"]: each for each in functions.jobs("tile-jobs")}
    assert sorted(first) == ["A44_IW1_8951", "A44_IW1_8979", "A44_IW1_9007"]
    root = first["A44_IW1_8951"]
    assert root["scene"] == {key: scene_jobs[numbers[0]][key] for key in root["scene"]}
    assert root["data"] == {
        "swath_id": "IW1",
        "tile_nr": 4,
        "graph_name": "S1BackscatterCoherence",
        "is_retriable": False,
    }
    assert (root["tile_previous"], root["tile_reference"]) == (NO_TILE, NO_TILE)
    functions.answer(first.values())

    second = {each["source_id"]: each for each in functions.jobs("tile-jobs")}
    tile = {key: root[key] for key in ("id", "source_id", "scene", "data")}
    assert second["A44_IW1_8951"]["tile_previous"] == tile
    assert second["A44_IW1_8951"]["tile_reference"] == tile
    functions.answer(second.values())

    third = {each["source_id"]: each for each in functions.jobs("tile-jobs")}
    previous = {key: second["A44_IW1_8951"][key] for key in tile}
    assert third["A44_IW1_8951"]["tile_previous"] == previous
    assert third["A44_IW1_8951"]["tile_reference"] == tile


def test_messages_carry_attributes_to_filter_by(functions: Functions) -> None:
    """All of them strings."""
    [number, *_] = with_denmark(functions)
    attributes = [dict(each.attributes) for each in functions.pull("scene-jobs")]
    own = {"type": "scene", "aoi": AREA, "id": str(number), "attempt": "1"}
    assert own in attributes
    assert functions.push("results", {"type": "scene", "id": number, "status": "DONE"}) == 204
    assert [dict(each.attributes) for each in functions.pull("dependency-updates")] == [own]


def test_a_request_that_is_repeated_changes_nothing(functions: Functions) -> None:
    """A conflict with the id that is there, and no second job."""
    [number, *_] = with_denmark(functions)
    answer = functions.clients["aoi"].post(f"/aoi/{AREA}/scene", json=denmark()[0])
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    problem = answer.get_json()
    assert problem["id"] == number
    assert len(functions.jobs("scene-jobs")) == 3
    assert functions.call("GET", f"/aoi/{AREA}")["tiles"]["total"] == 9


def test_a_failed_tile_is_cut_out_and_the_rest_goes_on(functions: Functions) -> None:
    """The second date of one burst fails; by an operator's hand the first scene is repeated."""
    numbers = with_denmark(functions)
    functions.answer(functions.jobs("scene-jobs"))
    functions.answer(functions.jobs("tile-jobs"))
    failed, *others = functions.jobs("tile-jobs")
    functions.answer([failed], "FAILED")
    functions.answer(others)
    last = {each["source_id"]: each for each in functions.jobs("tile-jobs")}
    assert last[failed["source_id"]]["tile_previous"]["id"] == failed["tile_previous"]["id"]
    functions.answer(last.values())
    overview = functions.call("GET", f"/aoi/{AREA}")
    assert overview["tiles"] == {**NOTHING, "done": 8, "failed": 1, "total": 9}
    assert overview["progress"] == 1.0
    shown = functions.call("PUT", f"/tile/{failed['id']}/retry/force")["properties"]
    assert (shown["Status"], shown["Attempt"]) == ("PENDING", 2)
    functions.call("PUT", f"/scene/{numbers[0]}/retry/force")
    assert [each["attempt"] for each in functions.jobs("scene-jobs")] == [2]


def test_an_aoi_is_retried(functions: Functions) -> None:
    """All that waits for a person, at once."""
    with_denmark(functions)
    functions.answer(functions.jobs("scene-jobs"), "RETRY")
    assert functions.call("GET", f"/aoi/{AREA}")["status"] == "RETRY"
    assert functions.call("PUT", f"/aoi/{AREA}/retry") == {"Scenes": 3, "Tiles": 0}
    assert [each["attempt"] for each in functions.jobs("scene-jobs")] == [2, 2, 2]
    assert functions.clients["aoi"].put(f"/aoi/{AREA}/retry").status_code == 204
    assert finish(functions) == 0


def test_a_rejected_result_is_acknowledged(functions: Functions) -> None:
    """It changes nothing, and never comes again."""
    with_denmark(functions)
    for body in ({"type": "scene"}, {"type": "tile", "id": 5, "status": "DONE"}):
        assert functions.push("results", body) == 204
    assert functions.pull("dependency-updates") == []


def janitor(functions: Functions, query: str = "") -> Json:
    """Let the janitor come; return what it answers."""
    answer = functions.clients["janitor"].post(f"/{query}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.get_json()
    return found


def test_the_janitor_finds_nothing_wrong_with_a_run(functions: Functions) -> None:
    """Under way, and when it is over; also when it counts all there is."""
    with_denmark(functions)
    assert functions.call("GET", "/")["status"] == "ok"
    assert janitor(functions, "?audit=true")["findings"] == []
    finish(functions)
    found = janitor(functions, "?audit=true")
    assert (found["findings"], found["more"]) == ([], False)


def test_a_delayed_retry_is_handed_out_by_the_janitor(functions: Functions) -> None:
    """With the attempt that it was given; the heartbeat of the one before is refused."""
    settings = {"retry_delay_seconds": 0.01}
    functions.call("PUT", f"/aoi/{AREA}/settings", settings)
    body = {**denmark()[0], "properties": {**denmark()[0]["properties"], "retry_count": 1}}
    number = functions.call("POST", f"/aoi/{AREA}/scene", body)["id"]
    functions.answer(functions.jobs("scene-jobs"), "RETRY")
    assert functions.jobs("scene-jobs") == []
    time.sleep(0.02)
    assert janitor(functions)["counts"]["due"] == 1
    assert [each["attempt"] for each in functions.jobs("scene-jobs")] == [2]
    beat = functions.call("POST", f"/scene/{number}/heartbeat?attempt=2")
    assert (beat["id"], beat["attempt"]) == (number, 2)
    late = functions.clients["scene"].post(f"/scene/{number}/heartbeat?attempt=1")
    assert late.status_code == 409


def test_a_history_that_is_longer_than_a_document_is_told_whole(functions: Functions) -> None:
    """With the reason of each change."""
    [number, *_] = with_denmark(functions)
    for attempt in range(2, 62):
        functions.call("PUT", f"/scene/{number}/retry/force?reason=for+the+{attempt}th+time")
    found = functions.call("GET", f"/scene/{number}/history")
    assert [each["attempt"] for each in found] == list(range(1, 62))
    assert found[-1]["reason"] == "for the 61th time"


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have events published."""
    monkeypatch.setenv("TILEWEAVE_EVENTS_TOPIC", "events")


def test_events_tell_the_histories(events: None, functions: Functions) -> None:
    """Each change of each scene and tile once, also those of long histories."""
    [number, *_] = with_denmark(functions)
    for _ in range(45):
        functions.call("PUT", f"/scene/{number}/retry/force")
    finish(functions)
    told = defaultdict[str, list[Json]](list)
    for each in functions.jobs("events"):
        told[f"/{each['type']}/{each['id']}"].append(each)
    assert len(told) == 12
    for path, found in told.items():
        history = functions.call("GET", f"{path}/history")
        changes = [{name: each[name] for name in history[0]} for each in found]
        assert sorted(changes, key=itemgetter("when")) == history
    assert janitor(functions, "?audit=true")["findings"] == []


def test_rejected_messages_are_listed_and_replayed(functions: Functions) -> None:
    """In pages, by AOI and kind; one whose scene was added since is taken."""
    other = {"type": "scene", "id": 7, "status": "DONE"}
    for body in ({"type": "scene"}, other, other):
        functions.push("results", body, attributes={"aoi": "Other"})
    scene = scene_id(AREA, denmark()[0]["properties"]["source_id"])
    functions.push("results", {**other, "id": scene}, attributes={"aoi": AREA})
    url, shown = "/rejected?limit=3", []
    while url:
        page = functions.call("GET", url)
        shown += page["rejected"]
        url = next((each["href"] for each in page["links"]), "")
    assert [each["kind"] for each in shown] == ["unknown"] * 3 + ["malformed"]
    assert len(functions.call("GET", "/rejected?aoi=Other&kind=unknown")["rejected"]) == 2
    [kept] = functions.call("GET", f"/rejected?aoi={AREA}")["rejected"]
    assert functions.clients["rejected"].post(f"/rejected/{kept['id']}/replay").status_code == 409
    assert functions.call("GET", f"/rejected/{kept['id']}") == kept
    with_denmark(functions)
    replayed = functions.call("POST", f"/rejected/{kept['id']}/replay")
    assert replayed["replayed_at"] is not None
    assert functions.call("GET", f"/scene/{scene}")["properties"]["status"] == "DONE"


def test_a_dead_letter_is_kept_whatever_it_holds(functions: Functions) -> None:
    """Also what is larger than a document: then it is not replayed."""
    assert functions.push("rejected", {"status": "x" * 2_000_000}) == 204
    [kept] = functions.call("GET", "/rejected?kind=undeliverable")["rejected"]
    answer = functions.clients["rejected"].post(f"/rejected/{kept['id']}/replay")
    assert (answer.status_code, "send it again" in answer.text) == (409, True)


def test_what_anyone_may_write_is_kept(functions: Functions) -> None:
    """Names, numbers and nesting that a database might not take."""
    name = 'København "\\\n\x00🛰 <b>'
    kept: Json = {"big": 2**90, "nested": [[1, [2]], None], name: name, "tiny": 5e-324}
    data = {"date": "2022-01-11T17:01:24.123456Z", **kept}
    tiles = {name: {"data": kept, "anx_time": 2**53 - 1}, "/": {}, "..": {}, "__x__": {}}
    body = {"source_id": name, "aoi": AREA, "data": data, "tags": kept, "tiles": tiles}
    number = functions.call("POST", f"/aoi/{AREA}/scene", body)["id"]
    [feature] = functions.call("GET", f"/scene/{number}/tiles")["features"]
    properties = feature["properties"]
    assert (properties["source_id"], properties["Tags"]) == (name, kept)
    assert properties["data"].items() >= data.items()
    shown = {each["SourceID"]: each for each in properties["Tiles"]}
    assert shown.keys() == tiles.keys()
    assert (shown[name]["Data"], shown[name]["AnxTime"]) == (kept, 2**53 - 1)
    assert finish(functions) == 5


@pytest.mark.parametrize(
    "path",
    [
        "/aoi/" + "x" * 3_000,
        "/aoi/a%00",
        "/aoi/..",
        "/scene/" + "9" * 3_000,
        "/tile/0",
        "/rejected/__x__",
    ],
)
def test_names_that_no_database_takes_are_not_found(functions: Functions, path: str) -> None:
    """Whatever the database would say of them."""
    answer = functions.clients[path.split("/")[1]].get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def a_large_scene(tiles: int) -> Json:
    """Return a scene of so many tiles, with footprints and data of the usual size."""
    wkt = denmark()[0]["properties"]["Tiles"][0]["GeometryWKT"]
    data = {"swath_id": "IW1", "tile_nr": 1, "graph_name": "S1BackscatterCoherence"}
    named = {f"A44_IW1_{number}": {"wkt": wkt, "data": data} for number in range(tiles)}
    date = {"date": "2022-01-11T17:01:24Z"}
    return {"source_id": "Large", "aoi": AREA, "data": date, "tiles": named}


def test_a_scene_of_ten_thousand_tiles_is_added(functions: Functions) -> None:
    """In several commits, and there as a whole; a second time it is a conflict."""
    body = a_large_scene(10_000)
    number = functions.call("POST", f"/aoi/{AREA}/scene", body)["id"]
    overview = functions.call("GET", f"/aoi/{AREA}")
    assert overview["tiles"] == {**NOTHING, "new": 10_000, "total": 10_000}
    assert overview["scenes"] == {**NOTHING, "pending": 1, "total": 1}
    assert [each["id"] for each in functions.jobs("scene-jobs")] == [number]
    answer = functions.clients["aoi"].post(f"/aoi/{AREA}/scene", json=body)
    assert answer.status_code == 409


def test_a_scene_that_cannot_be_stored_leaves_nothing_behind(functions: Functions) -> None:
    """All of it is refused before the first of its commits."""
    body = a_large_scene(600)
    body["tiles"]["last"] = {"data": {"x": "y" * 1_000_000}}
    answer = functions.clients["aoi"].post(f"/aoi/{AREA}/scene", json=body)
    assert answer.status_code == 422
    assert functions.call("GET", f"/aoi/{AREA}")["tiles"] == NOTHING


# --- what is deployed ---


@pytest.mark.parametrize("main", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_function_only_wires(main: Path) -> None:
    """What it does is in the library."""
    assert len(main.read_text().splitlines()) <= 60


HEAVY = {"shapely", "graphviz", "numpy", "google.cloud.firestore", "google.pubsub_v1", "grpc"}
"""What takes long to import: the calls that need it do that."""

CHECK = """
import importlib.util, socket, sys

def refused(*args, **more):
    raise AssertionError("connected while importing")

socket.socket.connect = socket.create_connection = refused
spec = importlib.util.spec_from_file_location("main", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(*sys.modules)
"""


@pytest.mark.parametrize("main", FUNCTIONS, ids=lambda path: path.parent.name)
def test_a_function_imports_and_connects_no_more_than_it_needs(main: Path) -> None:
    """While it is loaded: so it starts quickly."""
    told = subprocess.run(
        [sys.executable, "-c", CHECK, main], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 0, told.stderr
    assert not HEAVY & set(told.stdout.split())


def test_denmark_without_its_links_makes_the_same_graph(functions: Functions) -> None:
    """Over Firestore, the newest scene first; what is foreseen is what is made."""
    functions.call("POST", "/aoi/Given")
    functions.call("POST", "/aoi/Given/scenes", denmark())
    scenes = denmark()[::-1]
    for tile in (tile for each in scenes for tile in each["properties"]["Tiles"]):
        del tile["Previous"], tile["Reference"]
    path = f"/aoi/{AREA}/scenes?links=auto"
    foreseen = functions.call("POST", f"{path}&dry_run=true", scenes)
    for each in scenes:
        assert functions.call("POST", path, [each])["added"] == 1
    assert functions.call("POST", path, scenes)["known"] == 3
    made = named_links(functions.call("GET", f"/aoi/{AREA}/tiles"))
    assert made == named_links(functions.call("GET", "/aoi/Given/tiles"))
    assert made == named_links(foreseen["graph"])


def named_links(collection: Json) -> dict[tuple[str, str], tuple[Json | None, Json | None]]:
    """Return what each tile names, by names."""
    tiles = [tile for each in collection["features"] for tile in each["properties"]["Tiles"]]
    return {
        (each["SourceID"], each["SceneID"]): (each["Previous"], each["Reference"]) for each in tiles
    }
