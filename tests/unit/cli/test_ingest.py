"""`tileweave ingest`: files in every form, sorted, sent in parts, and what became of each scene."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.aws import Aws
from tests.builders import date_of, product
from tests.unit.cli.calling import Service, features
from tests.unit.web.api import a_feature
from tests.unit.web.test_bulk import BURSTS, a_chain
from tests.unit.web.test_stac import NAMES, an_item
from tileweave.cli.errors import CommandError
from tileweave.cli.ingestion import parts, reading, sources, streams
from tileweave.cli.ingestion.reading import Reader
from tileweave.cli.ingestion.spool import UNDATED, Record, spooling
from tileweave.client import Client, Unreachable
from tileweave.client.errors import error_of
from tileweave.domain.model import Json

SIXTY = 60


@pytest.fixture
def here() -> Service:
    """A service without AOIs."""
    return Service()


def requests_of(length: int, aoi: str = "Denmark") -> list[Json]:
    """Return a chain of scene requests for an AOI."""
    return [{**each, "aoi": aoi} for each in a_chain(length)]


def written(path: Path, body: object, **how: Any) -> Path:  # noqa: ANN401 - json's own
    """Write a JSON file."""
    path.write_text(json.dumps(body, **how))
    return path


def as_lines(path: Path, scenes: list[Json]) -> Path:
    """Write a file of a scene a line."""
    path.write_text("".join(f"{json.dumps(each)}\n" for each in scenes))
    return path


def collection(scenes: list[Json], **members: object) -> Json:
    """Return a FeatureCollection."""
    return {"type": "FeatureCollection", "features": scenes, **members}


def sent(here: Service) -> list[list[str]]:
    """Return the names of the scenes that each request added."""
    bodies = [
        each.content.splitlines() for each in here.requests if each.url.path.endswith("/scenes")
    ]
    return [[json.loads(line)["source_id"] for line in body] for body in bodies]


def graph(here: Service, aoi: str = "Denmark") -> list[Json]:
    """Return the links of all tiles of an AOI, by their names."""
    names = ("SceneID", "SourceID", "Previous", "Reference")
    found = here.run("tiles", aoi, "--json").lines
    tiles = ({name: each["properties"][name] for name in names} for each in found)
    return sorted(tiles, key=lambda tile: (tile["SceneID"], tile["SourceID"]))


@pytest.mark.parametrize("form", ["collection", "spread", "list", "lines", "one line", "packed"])
def test_scenes_come_in_every_form(here: Service, tmp_path: Path, form: str) -> None:
    """Denmark's newest first; the AOI is created, and the graph is the same."""
    scenes, file = features(), tmp_path / "denmark.geojson"
    if form == "packed":
        file.write_bytes(gzip.compress(json.dumps(collection(scenes)).encode()))
    elif form.endswith("line") or form == "lines":
        as_lines(file.with_suffix(".ndjson") if form == "lines" else file, scenes)
        file = file.with_suffix(".ndjson") if form == "lines" else file
    else:
        body = scenes if form == "list" else collection(scenes)
        written(file, body, indent=1 if form == "spread" else None)
    ran = here.run("ingest", "Denmark", file)
    assert (ran.code, ran.out, ran.err) == (0, "Denmark: 3 added, 0 known, 0 refused\n", "")
    here.with_denmark("Same")
    assert graph(here) == graph(here, "Same")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_scene_is_read(here: Service, tmp_path: Path, indent: int | None) -> None:
    """On one line or on many: a Feature, a request, a STAC Item."""
    bodies = {"feature": a_feature("A"), "request": requests_of(1)[0], "item": an_item()}
    for name, body in bodies.items():
        file = written(tmp_path / f"{name}.json", body, indent=indent)
        assert here.run("ingest", "Denmark", file).out.startswith("Denmark: 1 added")


def test_several_files_and_standard_input_are_read(here: Service, tmp_path: Path) -> None:
    """As if they were one: a chain may be spread over them."""
    scenes = requests_of(4)
    first = as_lines(tmp_path / "late.ndjson", scenes[2:])
    second = written(tmp_path / "early.json", scenes[1:2])
    ran = here.run("ingest", "Denmark", first, "-", second, stdin=json.dumps(scenes[0]))
    assert ran.out == "Denmark: 4 added, 0 known, 0 refused\n"
    assert sent(here) == [[product(number) for number in range(4)]]


def test_stac_is_read(here: Service, tmp_path: Path) -> None:
    """An ItemCollection of Sentinel-1, Sentinel-2 and Landsat; with what it does not say."""
    file = written(tmp_path / "items.json", collection([an_item(each) for each in NAMES]))
    said = ("--graph-name", "Copy", "--tile-graph-name", "Cut", "--retry-count", "2")
    ran = here.run("ingest", "All", file, *said, "--retriable")
    assert ran.out == "All: 4 added, 0 known, 0 refused\n"
    scenes = [each["properties"] for each in here.run("scenes", "All", "--json").lines]
    assert {each["data"]["graph_name"] for each in scenes} == {"Copy"}
    assert {each["retry_countdown"] for each in scenes} == {2}
    assert {each["data"]["is_retriable"] for each in scenes} == {True}


@pytest.mark.parametrize("seed", range(2))
def test_every_order_makes_the_same_graph(here: Service, tmp_path: Path, seed: int) -> None:
    """Of sixty dates, in requests of a few scenes each."""
    scenes = requests_of(SIXTY)
    shuffled = random.Random(seed).sample(scenes, len(scenes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "MOST_BYTES", 7 * parts.LEAST_BYTES)
        ran = here.run("ingest", "Denmark", as_lines(tmp_path / "scenes.ndjson", shuffled))
    assert ran.out == "Denmark: 60 added, 0 known, 0 refused\n"
    names = [name for request in sent(here) for name in request]
    assert names == [product(number) for number in range(SIXTY)]
    assert len(sent(here)) == 9
    for number, tile in enumerate(each for each in graph(here) if each["SourceID"] == BURSTS[0]):
        before = product(number - 1) if number else None
        assert (tile["Previous"] or {}).get("SceneID") == before


def test_again_adds_what_is_missing(here: Service, tmp_path: Path) -> None:
    """A second run of the same input finds all known."""
    scenes = requests_of(4)
    here.run("ingest", "Denmark", as_lines(tmp_path / "two.ndjson", scenes[:2]))
    all_of_them = as_lines(tmp_path / "four.ndjson", scenes)
    ran = here.run("ingest", "Denmark", all_of_them)
    assert ran.out == "Denmark: 2 added, 2 known, 0 refused\n"
    assert here.run("ingest", "Denmark", all_of_them).out.startswith("Denmark: 0 added, 4 known")


def test_a_run_that_broke_off_is_gone_on_with(here: Service, tmp_path: Path) -> None:
    """What was added stays; the exit code is that of a service that is not there."""
    file = as_lines(tmp_path / "scenes.ndjson", requests_of(9))
    whole, calls = Client.add_lines, iter([None, Unreachable("the connection broke")])

    def breaking(self: Client, *arguments: Any) -> Any:  # noqa: ANN401 - the client's own
        if error := next(calls):
            raise error
        return whole(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "MOST_BYTES", 3 * parts.LEAST_BYTES)
        patch.setattr(Client, "add_lines", breaking)
        broken = here.run("ingest", "Denmark", file, "--report", tmp_path / "report.ndjson")
    assert broken.code == 3
    left = "3 of 9 scenes were sent: run the same command again for the rest"
    assert broken.err == f"tileweave: the connection broke; {left}\n"
    assert len((tmp_path / "report.ndjson").read_text().splitlines()) == 3
    assert here.run("ingest", "Denmark", file).out == "Denmark: 6 added, 3 known, 0 refused\n"


def test_what_is_refused_is_told_and_has_an_exit_code(here: Service, tmp_path: Path) -> None:
    """With its name, its place, and why; the rest is added."""
    wrong = a_feature("B", data={"date": "yesterday"})
    unnamed = {"type": "Feature", "properties": {}}
    file = written(tmp_path / "scenes.json", collection([a_feature("A"), wrong, unnamed]))
    ran = here.run("ingest", "Denmark", file)
    assert (ran.code, ran.out) == (1, "Denmark: 1 added, 0 known, 2 refused\n")
    assert f"refused: B ({file}, feature 1): properties.data.date: must be" in ran.err
    assert f"refused: ({file}, feature 2): properties.source_id: is missing" in ran.err


def test_of_many_that_are_refused_a_few_are_told(here: Service, tmp_path: Path) -> None:
    """And where the others are found."""
    scenes = [a_feature(str(number), data={}) for number in range(30)]
    file, report = as_lines(tmp_path / "scenes.ndjson", scenes), tmp_path / "report.csv"
    last = here.run("ingest", "A", file).err.splitlines()[-1]
    assert last == "tileweave: ... and 10 more: --report FILE lists them"
    last = here.run("ingest", "A", file, "--report", report).err.splitlines()[-1]
    assert last == f"tileweave: ... and 10 more: listed in {report}"


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_report_tells_what_became_of_each_scene(
    here: Service, tmp_path: Path, ending: str
) -> None:
    """As CSV, or as JSON a line; which --json writes too."""
    scenes = [a_feature("A"), a_feature("B", data={"date": 3}), a_feature("C")]
    here.run("ingest", "Denmark", as_lines(tmp_path / "one.ndjson", scenes[:1]))
    file, report = as_lines(tmp_path / "all.ndjson", scenes), tmp_path / f"report.{ending}"
    ran = here.run("ingest", "Denmark", file, "--report", report, "--json")
    rows: list[dict[str, Any]]
    if ending == "csv":
        rows = list(csv.DictReader(io.StringIO(report.read_text())))
    else:
        rows = [json.loads(each) for each in report.read_text().splitlines()]
        assert rows == ran.lines
    found = {each["source_id"]: each for each in rows}
    assert [found[name]["outcome"] for name in "ABC"] == ["known", "refused", "added"]
    assert found["B"]["place"] == "line 2"
    assert "properties.data.date" in str(found["B"]["errors"])
    assert ran.err.splitlines()[-1] == "Denmark: 1 added, 1 known, 1 refused"


def test_a_report_of_another_form_is_refused_first(here: Service, tmp_path: Path) -> None:
    """Before anything is sent."""
    file = as_lines(tmp_path / "scenes.ndjson", requests_of(1))
    ran = here.run("ingest", "Denmark", file, "--report", tmp_path / "report.txt")
    assert (ran.code, here.requests) == (1, [])
    assert "a report is .csv, .ndjson" in ran.err


def test_an_aoi_is_created_unless_it_is_said(here: Service, tmp_path: Path) -> None:
    """One that is there is taken as it is."""
    file = as_lines(tmp_path / "scenes.ndjson", requests_of(1))
    missing = here.run("ingest", "Denmark", file, "--no-create")
    assert (missing.code, missing.err) == (1, "tileweave: There is no AOI Denmark.\n")
    here.run("create", "Denmark")
    assert here.run("ingest", "Denmark", file, "--no-create").code == 0
    assert here.run("ingest", "no name!", file).code == 1


def test_options_are_parameters_of_each_request(here: Service, tmp_path: Path) -> None:
    """A dry run creates nothing."""
    file = as_lines(tmp_path / "scenes.ndjson", [a_feature("A")])
    here.run("create", "Denmark")
    options = ("--links", "auto", "--tiles", "annotations", "--dry-run", "--not-retriable")
    ran = here.run("ingest", "Denmark", file, *options)
    assert ran.out.endswith("(dry run: nothing was done)\n")
    params = dict(here.requests[-1].url.params)
    expected = {"links": "auto", "tiles": "annotations", "dry_run": "true"}
    assert params == {**expected, "is_retriable": "false"}
    assert here.run("ingest", "Nowhere", file, "--dry-run").code == 1


def test_a_dry_run_draws_the_graph_that_would_be_made(here: Service, tmp_path: Path) -> None:
    """As GeoJSON, with its links; nothing is made."""
    here.run("create", "Denmark")
    file, drawn = as_lines(tmp_path / "scenes.ndjson", requests_of(3)), tmp_path / "graph.json"
    assert here.run("ingest", "Denmark", file, "--dry-run", "--graph", drawn).code == 0
    scenes = json.loads(drawn.read_text())["features"]
    links = [each["properties"]["Tiles"][0]["Previous"] for each in scenes]
    assert [each and each["SceneID"] for each in links] == [None, product(0), product(1)]
    assert here.api.overview("Denmark")["scenes"]["total"] == 0
    assert here.run("ingest", "Denmark", file, "--graph", drawn).code == 2


def test_a_scene_in_two_parts_is_sent_in_one_request(here: Service, tmp_path: Path) -> None:
    """As pages of a list end within it."""
    newest, *others = features()
    tiles = newest["properties"]["Tiles"]
    halves = [
        {**newest, "properties": {**newest["properties"], "Tiles": each}}
        for each in (tiles[:1], tiles[1:])
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "MOST_BYTES", 2 * parts.LEAST_BYTES)
        file = as_lines(tmp_path / "scenes.ndjson", [halves[0], *others, halves[1]])
        ran = here.run("ingest", "Denmark", file)
    assert ran.out == "Denmark: 4 added, 0 known, 0 refused\n"
    assert here.api.overview("Denmark")["tiles"]["total"] == 9


def test_what_is_too_much_for_one_request_is_sent_in_two(here: Service, tmp_path: Path) -> None:
    """One that is too much by itself is refused; the others are added."""
    whole = Client.add_lines

    def limited(self: Client, aoi: str, lines: bytes, *rest: Any) -> Any:  # noqa: ANN401
        if lines.count(b"\n") > 1 or b'"C"' in lines:
            raise_413()
        return whole(self, aoi, lines, *rest)

    def raise_413() -> None:
        raise error_of(httpx.Response(413, json={"detail": "too large"}))

    file = as_lines(tmp_path / "scenes.ndjson", [a_feature(each) for each in "ABCD"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "add_lines", limited)
        ran = here.run("ingest", "Denmark", file)
    assert (ran.code, ran.out) == (1, "Denmark: 3 added, 0 known, 1 refused\n")
    assert "refused: C" in ran.err


def test_a_service_may_read_the_file_itself(here: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its address; a file of this machine has none."""
    asked: list[object] = []

    def add_scenes_from(client: Client, aoi: str, href: str, *, options: object) -> Any:  # noqa: ANN401
        asked.append((href, options))
        return client.add_scenes(aoi, [a_feature("A"), a_feature("B")])

    monkeypatch.setattr(Client, "add_scenes_from", add_scenes_from)
    address = "s3://archive/scenes.ndjson"
    ran = here.run("ingest", "Denmark", address, "--server", "--links", "auto", "--json")
    assert asked == [(address, {"links": "auto"})]
    assert [(each["source_id"], each["file"]) for each in ran.lines] == [
        ("A", address),
        ("B", address),
    ]
    local = here.run("ingest", "Denmark", "scenes.ndjson", "--server")
    assert (local.code, "s3://" in local.err) == (1, True)


# --- files that are wrong: nothing is sent ---

WRONG = [
    ("empty.json", b"", "holds no scenes"),
    ("text.json", b"once upon a time", "holds no scenes"),
    ("number.json", b"7", "holds no scenes"),
    ("line.ndjson", b'{"a": 1}\n\n{"a": 1,}\n', "line 3 is not JSON"),
    ("twice.ndjson", b'{"a": 1, "a": 2}', "the key 'a' is there twice"),
    ("nan.ndjson", b'{"a": NaN}', "NaN"),
    ("surrogate.ndjson", rb'{"a": "\ud800"}', "line 1: a: holds half"),
    ("list.json", b'[{"a": 1},\n {"a": 1},\n {"a" 1}]', "line 3, column 8"),
    (
        "features.json",
        b'{"type": "FeatureCollection",\n"features": [{"a": 1}}',
        "line 2, column 22",
    ),
    ("cut.json", b'[{"a": 1}, {"a"', "its end: it is not all there"),
    ("twice.json", b'[{"a": 1}, {"a": 1, "a": 2}]', "scene 1: the key 'a' is there twice"),
    ("large.json", b'[{"a": 1e999}]', "line 1, column 13: "),
    ("spread.json", b'{\n"a": 1,\n}', "the scene is not JSON: "),
    ("crs.json", b'{"features": [], "crs": {"properties": {"name": "EPSG:32632"}}}', "has a crs"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG, ids=[name for name, *_ in WRONG])
def test_a_file_that_is_wrong_is_told_in_a_line(
    here: Service, tmp_path: Path, name: str, text: bytes, said: str
) -> None:
    """With its name and the place; nothing is sent, not even of other files."""
    good = as_lines(tmp_path / "good.ndjson", requests_of(1))
    file = tmp_path / name
    file.write_bytes(text)
    ran = here.run("ingest", "Denmark", good, file)
    assert (ran.code, ran.out, here.requests) == (1, "", [])
    assert ran.err.startswith(f"tileweave: {file}")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_file_that_is_not_there_is_told(here: Service, tmp_path: Path) -> None:
    """Or cannot be read."""
    ran = here.run("ingest", "Denmark", tmp_path / "none.json")
    assert ran.err == f"tileweave: {tmp_path}/none.json: No such file or directory\n"
    assert here.run("ingest", "Denmark", tmp_path).code == 1
    assert here.run("ingest", "Denmark").code == 2


def test_a_page_of_a_list_is_told_to_be_one(here: Service, tmp_path: Path) -> None:
    """Its link to the next page may come after its features."""
    links = [{"rel": "next", "href": "/aoi/A/scenes?cursor=x"}, "odd"]
    file = written(tmp_path / "page.json", collection([a_feature("A")], links=links, crs=None))
    ran = here.run("ingest", "Denmark", file)
    assert (ran.code, ran.out) == (0, "Denmark: 1 added, 0 known, 0 refused\n")
    assert (
        ran.err == f"tileweave: {file} is a page of a list: its link `next` leads to more scenes\n"
    )


def test_a_byte_order_mark_is_read_over(here: Service, tmp_path: Path) -> None:
    """As some editors write it."""
    file = tmp_path / "scenes.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps([a_feature("A")]).encode())
    assert here.run("ingest", "Denmark", file).code == 0


def test_one_object_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request could hold it."""
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    file = written(tmp_path / "scene.json", a_feature("A"), indent=1)
    with file.open("rb") as opened, pytest.raises(CommandError, match="one object of more than"):
        list(Reader(opened, "scene.json", print).scenes())


# --- order and size ---


def a_record(name: str, day: int = 0, size: int = 1, named: tuple[str, ...] = ()) -> Record:
    """Return a scene as it is kept while it waits."""
    return Record(name, date_of(day), named, 0, size, "f", "line 1")


def names_of(records: list[Record]) -> list[list[str]]:
    """Return the names in each request."""
    return [[each.source_id for each in request] for request in parts.requests(records)]


def test_chains_are_sent_by_their_first_dates() -> None:
    """What has no links is in the order of its dates."""
    records = [a_record("C", 5, named=("B",)), a_record("D", 2), a_record("B", 1), a_record("A", 3)]
    assert names_of(records) == [["B", "C", "D", "A"]]


def test_a_chain_is_in_one_request_if_it_fits() -> None:
    """Else in several, each scene after those that it names."""
    third = parts.MOST_BYTES // 3
    chain = [a_record("Z", 9, third, ("Y",)), a_record("Y", 8, third)]
    alone = [a_record("A", 0, third), a_record("B", 1, third)]
    assert names_of(chain + alone) == [["A", "B"], ["Y", "Z"]]
    long = [a_record(str(n), n, third, (str(n - 1),) if n else ()) for n in range(5)]
    assert names_of(long[::-1]) == [["0", "1", "2"], ["3", "4"]]


def test_a_request_has_a_largest_number_of_scenes() -> None:
    """However small they are; one without a name is by itself."""
    records = [a_record("") for _ in range(parts.ENOUGH_SCENES + 1)]
    assert [len(each) for each in names_of(records)] == [parts.ENOUGH_SCENES, 1]
    count = parts.MOST_SCENES + 1
    chain = [a_record(str(n), n, 1, (str(n - 1),) if n else ()) for n in range(count)]
    assert [len(each) for each in names_of(chain)] == [parts.MOST_SCENES, 1]


def test_dates_that_are_none_come_first() -> None:
    """The service refuses them; nothing else waits for it."""
    with spooling() as spool:
        for date in (
            "yesterday",
            "0001-01-01T00:00:00+01:00",
            "2022-01-11",
            "2022-01-11T00:00:00Z",
        ):
            body = a_feature("A", data={"date": date})
            spool.keep(reading.Found(body, json.dumps(body).encode(), "line 1"), "f")
        bare = reading.Found(7, b"7", "line 5")
        spool.keep(bare, "f")
        assert [each.date == UNDATED for each in spool.records] == [True, True, False, False, True]
        assert list(spool.lines(spool.records[-1:])) == [b"7\n"]


def large_file(path: Path, size: int) -> int:
    """Write a FeatureCollection of so many bytes, on one line; return how many scenes it has."""
    feature = json.dumps(a_feature("NAME", data={"date": "2022-01-11T17:01:24Z", "x": "y" * 9000}))
    with path.open("w") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        count = size // len(feature)
        for number in range(count):
            file.write(("," if number else "") + feature.replace("NAME", f"S{number:09}"))
        file.write("]}")
    return count


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Only with the number of scenes, by some hundred bytes each."""
    size = 20_000_000
    count = large_file(tmp_path / "large.geojson", size)
    tracemalloc.start()
    try:
        with sources.opened(str(tmp_path / "large.geojson")) as file, spooling() as spool:
            for found in Reader(file, "large.geojson", print).scenes():
                spool.keep(found, "large.geojson")
            peak = tracemalloc.get_traced_memory()[1]
            requests = list(parts.requests(spool.records))
            assert sum(map(len, requests)) == count
            body = b"".join(spool.lines(requests[0]))
    finally:
        tracemalloc.stop()
    assert len(body) <= parts.MOST_BYTES
    assert peak < size // 8


def test_objects_refuse_a_second_value() -> None:
    """Of the same name."""
    once = streams.Once()
    once["a"] = 1
    with pytest.raises(streams.Twice):
        once["a"] = 2


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


def test_links_are_made_by_the_service(here: Service, tmp_path: Path) -> None:
    """Denmark without its links is the same graph."""
    bare = features()
    for feature in bare:
        for tile in feature["properties"]["Tiles"]:
            del tile["Previous"], tile["Reference"]
    ran = here.run("ingest", "Denmark", as_lines(tmp_path / "bare.ndjson", bare), "--links", "auto")
    assert ran.out == "Denmark: 3 added, 0 known, 0 refused\n"
    here.with_denmark("Same")
    assert graph(here) == graph(here, "Same")


def test_a_file_may_be_in_object_storage(here: Service, aws: Aws) -> None:
    """Read with the credentials of whoever calls; one that is not there is told."""
    address = aws.put("lists/scenes.ndjson.gz", gzip.compress(json.dumps(a_feature("A")).encode()))
    assert here.run("ingest", "Denmark", address).out == "Denmark: 1 added, 0 known, 0 refused\n"
    missing = here.run("ingest", "Denmark", "s3://archive/none.json")
    assert (missing.code, missing.err) == (
        1,
        "tileweave: s3://archive/none.json: there is no such file.\n",
    )
    assert here.run("ingest", "Denmark", "ftp://archive/none.json").code == 1
