"""SPEC section 4 over HTTP, row by row and status by status, against `tileweave up`."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest
from pyogrio import list_layers
from pyogrio.raw import read

from tests.builders import date_of, product
from tests.e2e.system import Machine, Up, eventually, up
from tileweave.cli.denmark import features
from tileweave.client import Client

AREA = "Conformance"
PROBLEM = "application/problem+json"
GEOJSON = "application/geo+json"
UNKNOWN = 2**53 - 1


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    """One `tileweave up` for the tests of this module."""
    with up(machine) as running:
        yield running


@pytest.fixture(scope="module")
def http(system: Up) -> Iterator[httpx.Client]:
    """Calls to it, with Denmark in an AOI."""
    with system.http as client:
        assert client.post(f"/aoi/{AREA}").status_code == 200
        assert client.post(f"/aoi/{AREA}/scenes", json=features()).json()["added"] == 3
        yield client


@pytest.fixture(scope="module")
def ids(http: httpx.Client) -> dict[str, int]:
    """A scene and one of its tiles: `{scene}` and `{tile}` in the paths below."""
    [*_, feature] = http.get(f"/aoi/{AREA}/tiles").json()["features"]
    return {"scene": feature["id"], "tile": feature["properties"]["Tiles"][0]["ID"]}


class Row(NamedTuple):
    """One call, and its answer: status and media type."""

    method: str
    path: str
    status: int
    mimetype: str = PROBLEM
    options: dict[str, Any] = {}  # noqa: RUF012 - a named tuple's, never changed


JSON = "application/json"
BAD_SCENE = {"json": {"source_id": "", "aoi": AREA, "data": {}}}
NOT_JSON = {"content": b"{", "headers": {"Content-Type": JSON}}
CSV = {"content": b"a,b", "headers": {"Content-Type": "text/csv"}}
LARGE = {"content": b" " * (32 * 1024 * 1024 + 1), "headers": {"Content-Type": JSON}}
TEXT = {"headers": {"Accept": "text/plain"}}
KNOWN = {"json": features()[0]}
LINES = {
    "content": "\n".join(map(json.dumps, features())).encode(),
    "headers": {"Content-Type": "application/x-ndjson"},
}

LARGE_LINES = {**LARGE, "headers": {"Content-Type": "application/x-ndjson"}}
NEWEST = max((each["properties"]["data"] for each in features()), key=lambda data: data["date"])
SCENE_DATA = {"json": NEWEST | {"nested": [[1], [2.5]]}}

ROWS = (
    Row("GET", "/", 200, JSON),
    Row("GET", "/health", 200, JSON),
    Row("GET", "/openapi.json", 200, JSON),
    Row("GET", "/docs", 200, "text/html"),
    Row("HEAD", "/", 200, JSON),
    Row("HEAD", f"/aoi/{AREA}", 200, JSON),
    Row("HEAD", f"/aoi/{AREA}/scenes", 200, GEOJSON),
    Row("HEAD", f"/aoi/{AREA}/tiles", 200, GEOJSON),
    Row("HEAD", f"/aoi/{AREA}/dot", 200, "text/vnd.graphviz"),
    Row("HEAD", "/scene/{scene}", 200, GEOJSON),
    Row("HEAD", "/tile/{tile}", 200, GEOJSON),
    Row("POST", "/", 405),
    Row("GET", "/nothing/here", 404),
    Row("GET", "/aoi/", 200, JSON),
    Row("GET", "/aoi/Conf*", 200, JSON),
    Row("GET", "/aoi/%3Fonformance", 200, JSON),
    Row("POST", f"/aoi/{AREA}", 409),
    Row("POST", "/aoi/not a name", 422),
    Row("GET", f"/aoi/{AREA}", 200, JSON),
    Row("GET", f"/aoi/{AREA}", 200, "text/plain", TEXT),
    Row("GET", "/aoi/Nowhere", 404),
    Row("PATCH", f"/aoi/{AREA}", 405),
    Row("DELETE", "/aoi/Nowhere", 404),
    Row("POST", f"/aoi/{AREA}/scene", 409, PROBLEM, KNOWN),
    Row("POST", "/aoi/Nowhere/scene", 404, PROBLEM, KNOWN),
    Row("POST", f"/aoi/{AREA}/scene", 422, PROBLEM, BAD_SCENE),
    Row("POST", f"/aoi/{AREA}/scene", 400, PROBLEM, NOT_JSON),
    Row("POST", f"/aoi/{AREA}/scene", 415, PROBLEM, CSV),
    Row("POST", f"/aoi/{AREA}/scene", 413, PROBLEM, LARGE),
    Row("GET", f"/aoi/{AREA}/scene", 405),
    Row("POST", f"/aoi/{AREA}/scenes", 200, JSON, {"json": features()}),
    Row("POST", f"/aoi/{AREA}/scenes", 200, JSON, LINES),
    Row("POST", f"/aoi/{AREA}/scenes", 400, PROBLEM, NOT_JSON),
    Row("POST", f"/aoi/{AREA}/scenes", 413, PROBLEM, LARGE),
    Row("POST", f"/aoi/{AREA}/scenes", 413, PROBLEM, LARGE_LINES),
    Row("POST", f"/aoi/{AREA}/scenes", 415, PROBLEM, CSV),
    Row("POST", f"/aoi/{AREA}/scenes", 422, PROBLEM, {"json": {"type": "Feature"}}),
    Row("POST", f"/aoi/{AREA}/scenes", 422, PROBLEM, {"json": "scenes"}),
    Row("GET", f"/aoi/{AREA}/scenes/nonsense", 400),
    Row("POST", "/aoi/Nowhere/scenes", 404, PROBLEM, {"json": features()}),
    Row("PUT", f"/aoi/{AREA}/retry", 204, ""),
    Row("PUT", "/aoi/Nowhere/retry", 404),
    Row("PUT", "/aoi/Nowhere/retry/force", 404),
    Row("GET", f"/aoi/{AREA}/dot", 200, "text/vnd.graphviz"),
    Row("GET", f"/aoi/{AREA}/dot?reference=true&format=svg", 200, "image/svg+xml"),
    Row("GET", f"/aoi/{AREA}/dot?format=png", 200, "image/png"),
    Row("GET", f"/aoi/{AREA}/dot?format=pdf", 200, "application/pdf"),
    Row("GET", f"/aoi/{AREA}/dot?format=gif", 400),
    Row("GET", "/aoi/Nowhere/dot", 404),
    Row("GET", f"/aoi/{AREA}/scenes", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/scenes/done", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/scenes?limit=2", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/scenes?limit=1&page=1", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/scenes?limit=10001", 400),
    Row("GET", f"/aoi/{AREA}/scenes?cursor=nonsense", 400),
    Row("GET", "/aoi/Nowhere/scenes", 404),
    Row("GET", f"/aoi/{AREA}/tiles", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/tiles/new?view=tile", 200, GEOJSON),
    Row("GET", f"/aoi/{AREA}/tiles/nonsense", 400),
    Row("GET", "/aoi/Nowhere/tiles", 404),
    Row("GET", f"/aoi/{AREA}/roottiles", 200, JSON),
    Row("GET", f"/aoi/{AREA}/leaftiles", 200, JSON),
    Row("GET", "/aoi/Nowhere/roottiles", 404),
    Row("GET", "/scene/{scene}", 200, GEOJSON),
    Row("GET", f"/scene/{UNKNOWN}", 404),
    Row("GET", "/scene/{scene}/tiles", 200, GEOJSON),
    Row("GET", f"/scene/{UNKNOWN}/tiles", 404),
    Row("PUT", "/scene/{scene}/retry", 409),
    Row("PUT", f"/scene/{UNKNOWN}/retry", 404),
    Row("PUT", "/scene/{scene}/fail", 409),
    Row("PUT", f"/scene/{UNKNOWN}/fail/force", 404),
    Row("PUT", "/scene/{scene}/retry/force", 200, GEOJSON),
    Row("PUT", "/scene/{scene}/force/RETRY", 200, GEOJSON),
    Row("PUT", "/scene/{scene}/retry", 200, GEOJSON),
    Row("PUT", "/scene/{scene}/force/nonsense", 400),
    Row("PUT", "/scene/{scene}/data", 422, PROBLEM, {"json": {"date": "2000-01-01T00:00:00Z"}}),
    Row("PUT", f"/scene/{UNKNOWN}/data", 404, PROBLEM, {"json": {"date": "2000-01-01T00:00:00Z"}}),
    Row("PUT", "/scene/{scene}/data", 400, PROBLEM, NOT_JSON),
    Row("PUT", "/scene/{scene}/data", 415, PROBLEM, CSV),
    Row("PUT", "/scene/{scene}/data", 413, PROBLEM, LARGE),
    Row("PUT", "/scene/{scene}/data", 204, "", SCENE_DATA),
    Row("GET", "/scene/nonsense", 404),
    Row("GET", "/tile/{tile}", 200, GEOJSON),
    Row("GET", f"/tile/{UNKNOWN}", 404),
    Row("DELETE", "/tile/{tile}", 405),
    Row("PUT", "/tile/{tile}/retry", 409),
    Row("PUT", "/tile/{tile}/fail", 409),
    Row("PUT", f"/tile/{UNKNOWN}/retry/force", 404),
    Row("PUT", "/tile/{tile}/force/retry", 200, GEOJSON),
    Row("PUT", "/tile/{tile}/data", 204, "", {"json": {"swath_id": "IW2", "nested": [[1]]}}),
    Row("PUT", "/tile/{tile}/data", 422, PROBLEM, {"json": [1]}),
    Row("PUT", "/tile/{tile}/data", 400, PROBLEM, NOT_JSON),
    Row("PUT", "/tile/{tile}/data", 415, PROBLEM, CSV),
    Row("PUT", f"/tile/{UNKNOWN}/data", 404, PROBLEM, {"json": {}}),
    Row("PUT", "/tile/{tile}/force/nonsense", 400),
    Row("PUT", "/tile/{tile}/fail", 200, GEOJSON),
    Row("PUT", "/tile/{tile}/retry/force", 200, GEOJSON),
    Row("PUT", "/tile/{tile}/fail/force", 200, GEOJSON),
    Row("PUT", "/scene/{scene}/fail/force", 200, GEOJSON),
    Row("PUT", f"/aoi/{AREA}/retry/force", 200, JSON),
    Row("GET", f"/aoi/{AREA}/settings", 200, JSON),
    Row("PUT", f"/aoi/{AREA}/settings", 200, JSON, {"json": {"lease_seconds": 3600}}),
    Row("PUT", f"/aoi/{AREA}/settings", 422, PROBLEM, {"json": {"lease_seconds": 0, "x": 1}}),
    Row("PUT", f"/aoi/{AREA}/settings", 400, PROBLEM, NOT_JSON),
    Row("PUT", f"/aoi/{AREA}/settings", 415, PROBLEM, CSV),
    Row("GET", "/aoi/Nowhere/settings", 404),
    Row("PUT", "/aoi/Nowhere/settings", 404, PROBLEM, {"json": {}}),
    Row("GET", "/scene/{scene}/history", 200, JSON),
    Row("GET", "/tile/{tile}/history", 200, JSON),
    Row("GET", f"/scene/{UNKNOWN}/history", 404),
    Row("GET", f"/tile/{UNKNOWN}/history", 404),
    Row("PUT", "/scene/{scene}/retry/force?reason=the+disk+is+back", 200, GEOJSON),
    Row("PUT", "/scene/{scene}/retry/force?reason=" + "x" * 1_001, 400),
    Row("PUT", "/scene/{scene}/retry/force", 400, PROBLEM, {"headers": {"Idempotency-Key": ""}}),
    Row("POST", "/scene/{scene}/heartbeat", 200, JSON),
    Row("POST", "/scene/{scene}/heartbeat?attempt=99", 409),
    Row("POST", "/scene/{scene}/heartbeat?attempt=x", 400),
    Row("POST", f"/scene/{UNKNOWN}/heartbeat", 404),
    Row("POST", "/tile/{tile}/heartbeat", 409),
    Row("POST", f"/tile/{UNKNOWN}/heartbeat", 404),
    Row("GET", "/rejected", 200, JSON),
    Row("GET", f"/rejected?aoi={AREA}&kind=stale", 200, JSON),
    Row("GET", "/rejected?kind=nonsense", 400),
    Row("GET", "/rejected?cursor=nonsense", 400),
    Row("GET", "/rejected/none", 404),
    Row("POST", "/rejected/none/replay", 404),
    Row("DELETE", "/rejected", 405),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.status} {row.method} {row.path}")
def test_each_call_answers_as_the_contract_says(
    http: httpx.Client, ids: dict[str, int], row: Row
) -> None:
    """With its status and its media type, and problem details for every error."""
    path = row.path.replace("{scene}", str(ids["scene"])).replace("{tile}", str(ids["tile"]))
    answer = http.request(row.method, path, timeout=60, **row.options)
    assert answer.status_code == row.status, answer.text
    assert answer.headers.get("Content-Type", "").partition(";")[0] in (row.mimetype, "text/plain")
    if row.method == "HEAD":
        assert answer.content == b""
    if row.mimetype == PROBLEM:
        assert answer.headers["Content-Type"] == PROBLEM
        assert answer.json()["status"] == row.status
    if row.status == 405:
        assert answer.headers["Allow"]


CHUNKS = b"POST /aoi/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
UNREADABLE = [
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    (b"GET\r\n\r\n", 400),
    (b"G\x00T / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
    (b"POST /aoi/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /aoi/x HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
    (CHUNKS + b"many\r\nx\r\n0\r\n\r\n", 400),
    (CHUNKS.replace(b"chunked", b"gzip"), 400),
]


@pytest.mark.parametrize(("sent", "status"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_request_is_answered_by_a_problem(system: Up, sent: bytes, status: int) -> None:
    """By the server itself, before any function sees it."""
    with socket.create_connection(("127.0.0.1", int(system.port)), timeout=10) as connection:
        connection.sendall(sent)
        answer = HTTPResponse(connection)
        answer.begin()
        body = json.loads(answer.read())
    assert (answer.status, body["status"]) == (status, status)
    assert answer.headers["Content-Type"] == PROBLEM
    assert body["title"] != "Error"
    assert "html" not in body["detail"]


def test_a_deleted_aoi_is_gone_with_all_it_held(http: httpx.Client) -> None:
    """And one of the same name begins anew, with other ids."""
    with Client(str(http.base_url)) as client:
        client.create_aoi("Deleted")
        before = {each.id for each in client.add_scenes("Deleted", features()).scenes}
    assert http.delete("/aoi/Deleted").status_code == 204
    assert {http.get(f"/scene/{each}").status_code for each in before} == {404}
    assert http.get("/aoi/Deleted/tiles").status_code == 404
    with Client(str(http.base_url)) as client:
        client.create_aoi("Deleted")
        after = {each.id for each in client.add_scenes("Deleted", features()).scenes}
    assert not before & after


def test_a_scene_of_the_last_moment_there_is_breaks_nothing(http: httpx.Client) -> None:
    """Neither its AOI, nor the list of all, nor what is said of a wrong request."""
    http.post("/aoi/Last").raise_for_status()
    scene = {"source_id": "S", "aoi": "Last", "data": {"date": "9999-12-31T23:59:59.999999Z"}}
    http.post("/aoi/Last/scene", json=scene).raise_for_status()
    assert http.get("/aoi/Last").json()["to"] == "9999-12-31T23:59:59.999Z"
    assert "Last" in {each["ID"] for each in http.get("/aoi/").json()}
    assert http.post("/aoi/Last/scene", json={}).status_code == 422
    assert http.get("/aoi/Last/scenes?limit=0").status_code == 400


@pytest.mark.parametrize("what", ["scenes", "tiles", "tiles?view=tile"])
def test_gdal_opens_what_the_lists_answer(http: httpx.Client, tmp_path: Path, what: str) -> None:
    """One layer, in EPSG:4326, a geometry for each Feature."""
    answer = http.get(f"/aoi/{AREA}/{what}")
    file = tmp_path / "list.geojson"
    file.write_bytes(answer.content)
    layers = list_layers(file)
    meta, _, geometries, _ = read(file)
    assert len(layers) == 1
    assert meta["crs"] == "EPSG:4326"
    assert len(geometries) == len(answer.json()["features"]) > 0
    assert all(geometries)


@pytest.mark.parametrize(
    ("scenes", "paged"), [("denmark", False), ("chain", False), ("chain", True)]
)
def test_what_a_get_answers_makes_the_same_graph_elsewhere(
    http: httpx.Client, scenes: str, *, paged: bool
) -> None:
    """Denmark, and a chain of 50 dates, from one AOI to another: as a whole, or page by page."""
    original, copy = (f"{each}-{scenes}-{paged}" for each in ("Original", "Copy"))
    added = features() if scenes == "denmark" else a_chain_of(50, original)
    with Client(str(http.base_url)) as client:
        client.create_aoi(original)
        client.create_aoi(copy)
        assert client.add_scenes(original, added).added == len(added)
    url = f"/aoi/{original}/tiles?limit={7 if paged else 1_000}"
    requests = 0
    while url:
        listed = http.get(url).json()
        outcomes = http.post(f"/aoi/{copy}/scenes", json=listed).json()["scenes"]
        assert {each["outcome"] for each in outcomes} == {"added"}
        url = next((each["href"] for each in listed["links"]), "")
        requests += 1
    assert requests == (25 if paged else 1)
    graphs = [_graph(http, name) for name in (original, copy)]
    assert graphs[0] == graphs[1]
    assert len(graphs[0]) == 3 * len(added)


def test_a_store_that_hangs_is_503_with_retry_after(system: Up, http: httpx.Client) -> None:
    """Until it answers again: nobody has to start anything anew."""
    [firestore] = [each for each in system.command.children() if _is_firestore(each)]
    firestore.suspend()
    try:
        answer = http.get(f"/aoi/{AREA}", timeout=60)
    finally:
        firestore.resume()
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == PROBLEM
    assert int(answer.headers["Retry-After"]) > 0
    assert eventually(30, lambda: http.get(f"/aoi/{AREA}").raise_for_status()).status_code == 200


def test_a_picture_without_graphviz_is_501(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what is missing, and what works without it."""
    found = {name: shutil.which(name) for name in ("java", "gcloud")}
    for name in filter(found.get, found):
        (tmp_path / name).symlink_to(str(found[name]))
    monkeypatch.setenv("PATH", str(tmp_path))
    with up(machine) as bare, bare.http as http:
        http.post("/aoi/Bare").raise_for_status()
        answer = http.get("/aoi/Bare/dot?format=svg")
        assert (answer.status_code, answer.headers["Content-Type"]) == (501, PROBLEM)
        assert "Graphviz" in answer.json()["detail"]
        assert http.get("/aoi/Bare/dot").status_code == 200


def test_a_retry_of_many_is_carried_out_by_messages(http: httpx.Client) -> None:
    """The call says how many it started; soon all of them are at their next attempt."""
    with Client(str(http.base_url)) as client:
        client.create_aoi("Many")
        request = {"aoi": "Many", "data": {"date": "2022-01-11T17:01:24Z"}}
        client.add_scenes("Many", [{"source_id": f"S{n}", **request} for n in range(450)])
        assert client.retry_aoi("Many", force=True).scenes == 450

        def all_retried() -> None:
            found = client.scenes("Many")
            assert {each["properties"]["attempt"] for each in found} == {2}

        eventually(30, all_retried)


def _graph(http: httpx.Client, aoi: str) -> set[tuple[str, ...]]:
    """Return the names of all tiles of an AOI with those of their links."""
    found = http.get(f"/aoi/{aoi}/tiles?view=tile").json()["features"]
    tiles = [each["properties"] for each in found]
    return {
        (each["SceneID"], each["SourceID"], str(each["Previous"]), str(each["Reference"]))
        for each in tiles
    }


def a_chain_of(length: int, aoi: str) -> list[dict[str, Any]]:
    """Return scene requests of so many dates of three bursts, each after those it names."""
    bursts = [f"A44_IW{swath}_8951" for swath in (1, 2, 3)]
    return [
        {
            "source_id": product(number),
            "aoi": aoi,
            "data": {"date": date_of(number).isoformat()},
            "tiles": {each: {"data": {}, **_links(number, each)} for each in bursts},
        }
        for number in range(length)
    ]


def _links(number: int, burst: str) -> dict[str, str]:
    if number == 0:
        return {}
    names = {"previous": number - 1, "reference": 0}
    return {
        f"{name}_{what}": value
        for name, of in names.items()
        for what, value in (("tile_id", burst), ("scene_id", product(of)))
    }


def _is_firestore(process: psutil.Process) -> bool:
    command = " ".join(process.cmdline())
    return "java" in process.name() and "firestore" in command.lower()
