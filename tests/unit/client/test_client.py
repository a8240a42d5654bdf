"""The Python client, against the real routes over the store in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from werkzeug.wrappers import Request

import tileweave
from tests.builders import date_of, product
from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.adapters.places import AllowedPlaces
from tileweave.client import (
    ApiError,
    Busy,
    Client,
    ClientError,
    Denied,
    Foreseen,
    Missing,
    NotNow,
    Refused,
    Unreachable,
    Unreadable,
    Unsendable,
)
from tileweave.usecases.ports import Services
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import take_result
from tileweave.web import aoi, rejected, scene, tile
from tileweave.web.routing import http_function

DENMARK = json.loads(
    (Path(__file__).parents[2] / "data" / "denmark_tiles.geojson").read_text("utf-8")
)["features"]
AREA = "DenmarkDemo"


@pytest.fixture
def services() -> Services:
    return Services(MemoryStore(), MemoryPublisher())


@pytest.fixture
def wsgi(services: Services) -> httpx.WSGITransport:
    routes = (*aoi.ROUTES, *scene.ROUTES, *tile.ROUTES, *rejected.ROUTES)
    return httpx.WSGITransport(app=Request.application(http_function(routes, lambda: services)))


@pytest.fixture
def client(wsgi: httpx.WSGITransport) -> Iterator[Client]:
    with Client("http://here", transport=wsgi) as found:
        found.create_aoi(AREA)
        yield found


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


def a_request(number: int) -> dict[str, Any]:
    """Return a scene request with one tile."""
    data = {"date": date_of(number).isoformat()}
    tiles = {"A44_IW1_8951": {"data": {"swath_id": "IW1", "tile_nr": 4}}}
    return {"source_id": product(number), "aoi": AREA, "data": data, "tiles": tiles}


def answering(
    *answers: httpx.Response | Exception, patience: float = 30
) -> tuple[Client, list[str]]:
    """Return a client of a server that answers these, one after the other, and its calls."""
    left, calls = list(answers), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    client = Client("http://here", transport=httpx.MockTransport(answer), patience=patience)
    return client, calls


def test_the_client_is_at_the_top_of_the_package() -> None:
    """`from tileweave import Client`; and nothing else that is not there."""
    assert tileweave.Client is Client
    with pytest.raises(AttributeError):
        tileweave.Nothing  # noqa: B018


def test_an_aoi_is_created_looked_at_listed_and_deleted(client: Client) -> None:
    """By its name."""
    assert client.create_aoi("a:b").name == "a:b"
    assert [each.name for each in client.aois()] == [AREA, "a:b"]
    assert [each.name for each in client.aois("?:*")] == ["a:b"]
    assert client.aois("a:b") == client.aois("a:?")
    assert client.aois()[0].status == "NEW"
    client.delete_aoi("a:b")
    with pytest.raises(Missing):
        client.overview("a:b")


def test_scenes_are_added_one_by_one_or_all_at_once(client: Client) -> None:
    """What is known is told with its id."""
    id_ = client.add_scene(AREA, DENMARK[-1])
    with pytest.raises(NotNow) as known:
        client.add_scene(AREA, DENMARK[-1])
    outcomes = client.add_scenes(AREA, DENMARK)
    overview = client.overview(AREA)
    assert known.value.id == id_
    assert (outcomes.added, outcomes.known, outcomes.refused) == (2, 1, 0)
    assert (overview.scenes.pending, overview.tiles.new, overview.root_tiles) == (3, 9, 3)
    assert overview.first is not None
    assert overview.first.year == 2022
    assert not overview.settled


def test_a_wrong_scene_is_refused_with_every_wrong_field(client: Client) -> None:
    """Path and message of each."""
    with pytest.raises(Refused) as refused:
        client.add_scene(AREA, {"source_id": "", "aoi": AREA, "data": {}})
    assert refused.value.status == 422
    assert "source_id" in {each.path for each in refused.value.errors}


def test_lists_are_read_page_by_page(client: Client) -> None:
    """To their end, whatever the size of a page."""
    client.add_scenes(AREA, [a_request(number) for number in range(7)])
    names = [each["properties"]["source_id"] for each in client.scenes(AREA, page=3)]
    assert names == [product(number) for number in range(7)]
    assert len(list(client.tiles(AREA, page=2))) == 7
    assert len(list(client.scenes(AREA, "pending"))) == 7
    assert list(client.tiles(AREA, "done")) == []


def test_tiles_by_scene_make_the_same_graph_elsewhere(client: Client) -> None:
    """In pages of any size; tiles by themselves cannot be added."""
    client.add_scenes(AREA, DENMARK)
    client.create_aoi("Copy")
    found = list(client.tiles_by_scene(AREA, page=2))
    assert [len(each["properties"]["Tiles"]) for each in found] == [3, 3, 3]
    assert client.add_scenes("Copy", found).added == 3
    assert client.overview("Copy").root_tiles == client.overview(AREA).root_tiles == 3
    assert list(client.tiles_by_scene(AREA, "done")) == []
    with pytest.raises(Refused):
        client.add_scene("Copy", next(client.tiles(AREA)))


def test_roots_leaves_and_the_graph_are_there(client: Client) -> None:
    """Each as the API answers it."""
    client.add_scenes(AREA, DENMARK)
    roots = client.root_tiles(AREA)
    assert len(roots) == len(client.leaf_tiles(AREA)) == 3
    assert {each.scene.source_id for each in roots} == {DENMARK[-1]["properties"]["source_id"]}
    assert roots[0].data["swath_id"] == roots[0].source_id.split("_")[1]
    assert client.graph(AREA, reference=True).startswith(b"digraph")


def test_a_part_of_the_graph_is_drawn(client: Client) -> None:
    """By names, statuses and dates."""
    client.add_scenes(AREA, DENMARK)
    burst = "A44_IW1_8951"
    assert client.graph(AREA, tiles=[burst]).count(b"shape=box") == 3
    assert client.graph(AREA, tiles=[burst], statuses=["DONE"]).count(b"shape=box") == 0
    assert client.graph(AREA, statuses=["NEW", "done"]).count(b"group=") == 9
    newest = max(each["properties"]["data"]["date"] for each in DENMARK)
    day = datetime.fromisoformat(newest)
    assert client.graph(AREA, first=day.date()).count(b"shape=box") == 1
    assert client.graph(AREA, last=day - timedelta(days=1)).count(b"shape=box") == 2


def test_scenes_and_tiles_are_operated_on(client: Client) -> None:
    """Retried, failed, forced, and given other data."""
    id_ = client.add_scene(AREA, DENMARK[-1])
    [feature] = client.scene_tiles(id_)["features"]
    tile_id = feature["properties"]["Tiles"][0]["ID"]
    with pytest.raises(NotNow):
        client.retry("scene", id_)
    assert client.retry("scene", id_, force=True)["properties"]["attempt"] == 2
    assert client.force("tile", tile_id, "RETRY")["properties"]["Status"] == "RETRY"
    assert client.fail("tile", tile_id)["properties"]["Status"] == "FAILED"
    client.replace_data("tile", tile_id, {"swath_id": "IW2"})
    assert client.get("tile", tile_id)["properties"]["Data"] == {"swath_id": "IW2"}
    assert client.fail("scene", id_, force=True)["properties"]["status"] == "FAILED"


def test_an_aoi_is_retried(client: Client) -> None:
    """What is in RETRY, and with force what is PENDING too."""
    client.add_scenes(AREA, DENMARK)
    assert client.retry_aoi(AREA).scenes == 0
    assert client.retry_aoi(AREA, force=True).scenes == 3


def test_a_call_that_was_not_taken_is_repeated() -> None:
    """503 and 429 and refused connections, whatever the method."""
    fine = httpx.Response(200, json={"id": 7})
    refused = httpx.ConnectError("refused", request=httpx.Request("POST", "http://here"))
    client, calls = answering(httpx.Response(503), refused, httpx.Response(429), fine)
    assert client.add_scene(AREA, {}) == 7
    assert calls == ["POST"] * 4


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("3", 3, 3.2),
        (format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True), 3600, 86401),
        (format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 0, 0.2),
        ("soon", 0, 0.2),
    ],
    # Named, since names that hold the time differ between processes that run tests side by side.
    ids=["seconds", "a date to come", "a date gone by", "neither"],
)
def test_what_asks_to_wait_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: str, least: float, most: float
) -> None:
    """So many seconds, or until a date (RFC 9110); a pause of our own comes on top."""
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    busy = httpx.Response(503, headers={"Retry-After": said})
    client, calls = answering(busy, httpx.Response(200, json=[]), patience=2 * 86400)
    assert client.aois() == []
    assert calls == ["GET"] * 2
    assert least <= pauses[0] <= most


def test_what_asks_to_wait_for_longer_than_patience_is_told_at_once() -> None:
    """Waiting would not help."""
    client, calls = answering(httpx.Response(503, headers={"Retry-After": "31"}))
    with pytest.raises(Busy):
        client.aois()
    assert calls == ["GET"]


def test_a_call_that_may_have_been_carried_out_is_not_repeated() -> None:
    """Unless it reads or deletes."""
    cut = httpx.ReadError("cut", request=httpx.Request("PUT", "http://here"))
    client, calls = answering(cut)
    with pytest.raises(Unreachable):
        client.retry_aoi(AREA)
    assert calls == ["PUT"]
    again, calls = answering(cut, httpx.Response(200, json={"type": "Feature"}))
    assert again.get("tile", 1) == {"type": "Feature"}
    assert calls == ["GET"] * 2


@pytest.mark.parametrize(
    ("said", "calls"), [({"carried_out": False}, ["PUT", "PUT"]), ({}, ["PUT"])]
)
def test_a_retry_is_repeated_only_if_it_was_not_carried_out(
    said: dict[str, bool], calls: list[str]
) -> None:
    """Twice carried out it would hand the job out twice."""
    client, made = answering(httpx.Response(503, json=said), httpx.Response(503, json={}))
    with pytest.raises(Busy):
        client.retry_aoi(AREA, force=True)
    assert made == calls


def test_an_operator_s_call_is_repeated_under_the_same_name(
    client: Client, wsgi: httpx.WSGITransport
) -> None:
    """The answer to the first try is lost: the job is handed out once."""
    scene = client.add_scene(AREA, a_request(0))
    lost = ["once"]

    def answer(request: httpx.Request) -> httpx.Response:
        found = wsgi.handle_request(request)
        if lost:
            lost.clear()
            raise httpx.ReadError("cut", request=request)
        return found

    with Client("http://here", transport=httpx.MockTransport(answer)) as deaf:
        after = deaf.retry("scene", scene, force=True, reason="the disk is full")
    assert after["properties"]["attempt"] == 2
    assert [each.reason for each in client.history("scene", scene)] == ["", "the disk is full"]
    assert client.retry("scene", scene, force=True)["properties"]["attempt"] == 3


def test_leases_and_settings_are_seen_to(client: Client) -> None:
    """A heartbeat has the lease begin anew; a stale one is told."""
    scene = client.add_scene(AREA, a_request(0))
    assert client.change_settings(AREA, lease_seconds=60).lease_seconds == 60
    assert client.settings(AREA).retry_delay_seconds == 0
    lease = client.heartbeat("scene", scene, 1)
    assert lease.attempt == 1
    assert lease.lease_until > datetime.now(UTC)
    with pytest.raises(NotNow):
        client.heartbeat("scene", scene, 2)
    with pytest.raises(Refused):
        client.change_settings(AREA, lease_seconds=0)


def test_rejected_messages_are_read_and_replayed(client: Client, services: Services) -> None:
    """Page by page; one that is still wrong is told."""
    for number in range(5):
        body = b'{"type": "scene", "id": %d, "status": "DONE"}' % (number + 1)
        take_result(services, Delivery(f"m-{number}", body, attributes={"aoi": AREA}))
    assert len(list(client.rejected(AREA, "unknown", page=2))) == 5
    assert list(client.rejected("Other")) == []
    [first, *_] = client.rejected()
    with pytest.raises(NotNow):
        client.replay(first.id)
    with pytest.raises(Missing):
        client.replay("none")


def test_a_replay_whose_answer_was_lost_is_no_error() -> None:
    """The message says that it was replayed."""
    kept = dict.fromkeys(("id", "kind", "error", "aoi", "topic", "message_id", "body"), "x")
    moments = dict.fromkeys(("received_at", "expires_at", "replayed_at"), "2022-01-11T17:01:24Z")
    found = httpx.Response(200, json=kept | moments)
    client, calls = answering(httpx.Response(503, json={}), httpx.Response(409, json={}), found)
    assert client.replay("x").replayed_at is not None
    assert calls == ["POST", "POST", "GET"]
    never = httpx.Response(200, json=kept | moments | {"replayed_at": None})
    client, _ = answering(httpx.Response(503, json={}), httpx.Response(409, json={}), never)
    with pytest.raises(NotNow):
        client.replay("x")


def test_what_a_first_call_did_is_no_error_of_the_second() -> None:
    """A deletion finds nothing left, an addition finds its own scene."""
    cut = httpx.ReadError("cut", request=httpx.Request("DELETE", "http://here"))
    client, _ = answering(cut, httpx.Response(404, json={}))
    client.delete_aoi(AREA)
    client, _ = answering(cut, httpx.Response(409, json={"id": 7}))
    assert client.add_scene(AREA, {}) == 7


@pytest.mark.parametrize("first", [503, 429])
def test_what_was_there_before_a_call_is_not_taken_for_its_own(first: int) -> None:
    """If the first try was not carried out, somebody else's was."""
    client, calls = answering(*not_taken(first), httpx.Response(409, json={"id": 7}))
    with pytest.raises(NotNow) as known:
        client.add_scene(AREA, {})
    assert (known.value.id, calls) == (7, ["POST", "POST"])
    client, _ = answering(*not_taken(first), httpx.Response(404, json={}))
    with pytest.raises(Missing):
        client.delete_aoi(AREA)
    client, _ = answering(*not_taken(first), httpx.Response(409, json={}))
    with pytest.raises(NotNow):
        client.create_aoi(AREA)


def not_taken(status: int) -> list[httpx.Response]:
    """Return the answer to a call that was not carried out."""
    return [httpx.Response(status, json={"carried_out": False})]


def test_one_try_that_may_have_been_carried_out_is_enough() -> None:
    """Whatever came after it."""
    again = [httpx.Response(503, json={}), *not_taken(503)]
    client, calls = answering(*again, httpx.Response(409, json={"id": 7}))
    assert client.add_scene(AREA, {}) == 7
    assert calls == ["POST"] * 3


def test_a_repeated_addition_that_meets_no_scene_is_an_error() -> None:
    """A 409 that names none is no success."""
    client, _ = answering(httpx.Response(503, json={}), httpx.Response(409, json={}))
    with pytest.raises(NotNow):
        client.add_scene(AREA, {})


def test_data_is_replaced_again() -> None:
    """Twice is the same as once."""
    cut = httpx.ReadError("cut", request=httpx.Request("PUT", "http://here"))
    client, calls = answering(httpx.Response(503, json={}), cut, httpx.Response(204))
    client.replace_data("tile", 1, {})
    assert calls == ["PUT"] * 3


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_without_an_answer_is_asked_again(status: int) -> None:
    """For what may be repeated; a retry may have been carried out."""
    feature = httpx.Response(200, json={"type": "Feature"})
    client, calls = answering(httpx.Response(status), feature)
    assert client.get("tile", 1) == {"type": "Feature"}
    assert calls == ["GET"] * 2
    client, calls = answering(httpx.Response(status))
    with pytest.raises(Busy) as busy:
        client.retry_aoi(AREA)
    assert (busy.value.status, calls) == (status, ["PUT"])


@pytest.mark.parametrize("name", ["", ".", "..", "*", "?", "Denmark*", "\ud800"])
def test_what_is_no_name_leads_to_no_other_call(name: str) -> None:
    """Such as a list of AOIs, or whether the service is there; nothing is sent."""
    client, calls = answering()
    for call in (client.overview, client.create_aoi, client.delete_aoi, client.root_tiles):
        with pytest.raises(Unsendable):
            call(name)
    assert calls == []


@pytest.mark.parametrize("name", ["", ".", "..", "Nowhere", "not a name", "\ud800"])
def test_a_pattern_that_is_no_aois_name_matches_none(client: Client, name: str) -> None:
    """It is no other call either."""
    assert client.aois(name) == []


@pytest.mark.parametrize("status", [".", "..", "\ud800"])
def test_what_is_no_status_is_not_sent(status: str) -> None:
    """It would name another path."""
    client, calls = answering()
    with pytest.raises(Unsendable):
        list(client.scenes(AREA, status))
    with pytest.raises(Unsendable):
        client.force("tile", 1, status)
    assert calls == []


NOT_JSON = [float("nan"), float("inf"), datetime.now(UTC), {1, 2}, "\ud800", b"x"]


@pytest.mark.parametrize("value", NOT_JSON, ids=map(repr, range(len(NOT_JSON))))
def test_what_is_not_json_is_not_sent(value: object) -> None:
    """In a scene, in many, in data."""
    client, calls = answering()
    scene = {"data": {"value": value}}
    for call in (
        lambda: client.add_scene(AREA, scene),
        lambda: client.add_scenes(AREA, [scene]),
        lambda: client.replace_data("tile", 1, scene),
    ):
        with pytest.raises(Unsendable, match="not JSON"):
            call()
    assert calls == []


PAGE = httpx.Response(200, html="<html>Sign in</html>")
CALLS: list[Callable[[Client], object]] = [
    lambda client: client.aois(),
    lambda client: client.create_aoi(AREA),
    lambda client: client.overview(AREA),
    lambda client: client.add_scene(AREA, {}),
    lambda client: client.add_scenes(AREA, []),
    lambda client: list(client.scenes(AREA)),
    lambda client: list(client.tiles_by_scene(AREA)),
    lambda client: client.root_tiles(AREA),
    lambda client: client.retry_aoi(AREA),
    lambda client: client.get("tile", 1),
    lambda client: client.scene_tiles(1),
    lambda client: client.force("scene", 1, "done"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "answer",
    [
        {"html": "<html>Sign in</html>"},
        {"text": "fine"},
        {"content": b"\xff"},
        {"content": b"[" * 100_000},
        {"json": "fine"},
        {"json": {"type": "Other", "features": []}},
        {"json": [{}]},
        {"content": b"no gzip, but text", "headers": {"Content-Encoding": "gzip"}},
    ],
)
def test_what_is_no_answer_of_tileweave_is_an_error_of_the_client(
    call: Callable[[Client], object], answer: dict[str, Any]
) -> None:
    """Somebody in between may answer anything."""

    def respond(request: httpx.Request) -> httpx.Response:
        headers = answer.get("headers", {})
        stream = httpx.ByteStream(answer["content"]) if headers else None
        if stream is not None:
            return httpx.Response(200, headers=headers, stream=stream)
        return httpx.Response(200, **answer)

    client = Client("http://here", transport=httpx.MockTransport(respond))
    with pytest.raises(Unreadable):
        call(client)


def test_a_page_in_place_of_a_deletion_or_a_graph_is_an_error() -> None:
    """Nothing was deleted, nothing drawn."""
    client, _ = answering(PAGE, PAGE)
    with pytest.raises(Unreadable):
        client.delete_aoi(AREA)
    with pytest.raises(Unreadable):
        client.graph(AREA)


@pytest.mark.parametrize(
    "problem",
    [
        {"errors": ["wrong"]},
        {"errors": {"path": "x"}},
        {"errors": [{"path": "x"}]},
        {"errors": 5, "id": "x", "detail": ["y"], "title": 7},
    ],
)
def test_somebody_elses_problem_is_an_error_of_its_kind(problem: dict[str, Any]) -> None:
    """With what can be read of it."""
    client, _ = answering(httpx.Response(422, json=problem))
    with pytest.raises(Refused) as refused:
        client.add_scene(AREA, {})
    assert (refused.value.errors, refused.value.id) == ((), None)


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://here", "http://[::", "here"])
def test_what_is_no_url_of_a_service_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """No patience makes it one."""
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)
    with pytest.raises(Unreachable, match="no URL of a service"), Client(url) as client:
        client.overview(AREA)
    assert pauses == []


@pytest.mark.parametrize("token", ["secret\nvalue", "s\u00e9cret"])
def test_a_token_that_no_header_can_hold_is_told_without_it(token: str) -> None:
    """White space around it is no part of it."""
    with pytest.raises(ClientError) as raised:
        Client("http://here", token)
    assert "secret" not in str(raised.value)
    assert "cret" not in str(raised.value)
    Client("http://here", " token\n").close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: httpx.Response(503, json={"detail": "away"}), Busy),
        (
            lambda: httpx.ConnectError("refused", request=httpx.Request("GET", "http://x")),
            Unreachable,
        ),
    ],
)
def test_patience_ends(answer: Callable[[], httpx.Response | Exception], error: type) -> None:
    """Then the last answer is told."""

    def always(_: httpx.Request) -> httpx.Response:
        found = answer()
        if isinstance(found, Exception):
            raise found
        return found

    client = Client("http://here", transport=httpx.MockTransport(always), patience=0)
    with pytest.raises(error):
        client.overview(AREA)


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, Denied), (403, Denied), (404, Missing), (413, Refused), (500, ApiError)],
)
@pytest.mark.parametrize("body", [b'{"detail": "said"}', b"<html>", b"[1]"])
def test_every_problem_is_an_error_of_its_kind(status: int, error: type, body: bytes) -> None:
    """Also where somebody in between answers something that is no problem."""
    client, _ = answering(httpx.Response(status, content=body))
    with pytest.raises(error) as raised:
        client.overview(AREA)
    assert ("said" in str(raised.value)) == (b"said" in body)


def test_the_token_is_sent_and_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a bearer token; the URL too is read from there."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    monkeypatch.setenv("TILEWEAVE_TOKEN", "secret")
    monkeypatch.setenv("TILEWEAVE_URL", "http://elsewhere")
    Client(transport=httpx.MockTransport(answer)).aois()
    assert seen[0].headers["Authorization"] == "Bearer secret"
    assert seen[0].url.host == "elsewhere"


def test_ids_follow_from_names(client: Client) -> None:
    """Also those of an AOI that was deleted before."""
    assert client.add_scene(AREA, DENMARK[-1]) == client.scene_id(AREA, name_of(DENMARK[-1]))
    client.delete_aoi(AREA)
    client.create_aoi(AREA)
    id_ = client.add_scene(AREA, DENMARK[-1])
    tile = DENMARK[-1]["properties"]["Tiles"][0]["SourceID"]
    named = client.tile_id(AREA, name_of(DENMARK[-1]), tile)
    assert id_ == client.scene_id(AREA, name_of(DENMARK[-1]))
    assert client.get("tile", named)["properties"]["SourceID"] == tile


def test_lines_of_json_are_added_as_they_are(client: Client) -> None:
    """With the parameters of the call; a dry run tells the graph."""
    lines = "\n".join(map(json.dumps, DENMARK)).encode()
    foreseen = client.add_lines(AREA, lines, {"dry_run": "true"})
    added = client.add_lines(AREA, lines, {"retry_count": 2})
    assert isinstance(foreseen, Foreseen)
    assert len(foreseen.graph["features"]) == (foreseen.added, added.added)[0] == 3
    assert [each.source_id for each in added.scenes] == list(map(name_of, DENMARK))
    assert not isinstance(added, Foreseen)


def name_of(feature: dict[str, Any]) -> str:
    """Return the source id of a scene's Feature."""
    name: str = feature["properties"]["source_id"]
    return name


def test_scenes_of_a_file_are_added_by_the_service(services: Services, tmp_path: Path) -> None:
    (tmp_path / "a").write_text(json.dumps(DENMARK))
    there = replace(services, places=AllowedPlaces.of(f"file://{tmp_path}"))
    served = http_function(aoi.ROUTES, lambda: there)
    transport = httpx.WSGITransport(app=Request.application(served))
    with Client("http://here", transport=transport) as client:
        client.create_aoi(AREA)

        found = client.add_scenes_from(
            AREA, f"file://{tmp_path}/a", media_type="application/json", tiles="annotations"
        )

        assert (found.added, found.refused) == (3, 0)
        with pytest.raises(Refused) as raised:
            client.add_scenes_from(AREA, "s3://archive/a")
        assert [each.path for each in raised.value.errors] == ["href"]


def test_automatic_links_are_foreseen_and_made(client: Client) -> None:
    """What would be made can be added; a tile in between has the one after it linked anew."""
    scenes = [a_request(number) for number in (0, 2)]
    foreseen = client.foresee_scenes(AREA, scenes, links="auto")
    assert (foreseen.added, len(foreseen.graph["features"]), foreseen.relinked) == (2, 2, ())
    assert client.overview(AREA).scenes.total == 0
    assert client.add_scenes(AREA, scenes, links="auto").added == 2
    between = a_request(1)
    [moved] = client.foresee_scenes(AREA, [between], links="auto").relinked
    assert moved.before.previous is not None
    assert moved.after.previous is not None
    assert moved.before.previous.scene_source_id == scenes[0]["source_id"]
    assert moved.after.previous.scene_source_id == between["source_id"]
    client.add_scene(AREA, between, links="auto")
    assert len(client.leaf_tiles(AREA)) == 1
    assert client.foresee_scenes(AREA, [between]).known == 1
