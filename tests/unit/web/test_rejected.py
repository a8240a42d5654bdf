"""Rejected messages over HTTP: listed, shown, replayed; and dead letters, pushed to be kept."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import AOI, NOW, World, a_new_scene, product
from tests.unit.web.api import Answer, Api, an_envelope, problem_of
from tileweave.domain.identity import scene_id
from tileweave.domain.model import Json
from tileweave.usecases.ports import Rejected

SECOND = timedelta(seconds=1)
OTHER = "Other"


def a_rejected(number: int, **fields: Any) -> Rejected:  # noqa: ANN401 - of its kind each
    """Return a rejected message, received so many seconds after the first."""
    known = {"kind": "stale", "aoi": AOI, "raw": b"{}", "error": "attempt 1 is over"} | fields
    return Rejected(message_id=f"m-{number}", received_at=NOW + number * SECOND, **known)


@pytest.fixture
def kept(api: Api) -> list[str]:
    """Twelve rejected messages: the ids of them, the latest first."""
    found = [
        a_rejected(
            number,
            kind=("stale", "unknown", "malformed")[number % 3],
            aoi=(AOI, OTHER)[number % 2],
        )
        for number in range(12)
    ]
    for each in found:
        api.store.keep_rejected(each)
    return [each.id for each in reversed(found)]


def pages(api: Api, url: str) -> list[list[str]]:
    """Return the ids on each page of a list, along its links."""
    found = []
    while url:
        answer = api.get(url)
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        found.append([each["id"] for each in answer.json["rejected"]])
        assert all(each["type"] == "application/json" for each in answer.json["links"])
        url = next((each["href"] for each in answer.json["links"] if each["rel"] == "next"), "")
    return found


def test_nothing_was_rejected(api: Api) -> None:
    """An empty list, and no link."""
    answer = api.get("/rejected")
    assert (answer.status_code, answer.json) == (200, {"rejected": [], "links": []})


def test_the_latest_come_first(api: Api, kept: list[str]) -> None:
    """All of them on one page."""
    assert pages(api, "/rejected") == [kept]


@pytest.mark.parametrize("limit", [1, 4, 5, 11, 12, 13])
def test_pages_hold_each_once(api: Api, kept: list[str], limit: int) -> None:
    """No page is empty, and only the last may be short."""
    found = pages(api, f"/rejected?limit={limit}")
    assert [each for page in found for each in page] == kept
    assert {len(page) for page in found[:-1]} <= {limit}
    assert found[-1]


def test_what_is_rejected_meanwhile_shifts_no_page(api: Api, kept: list[str]) -> None:
    """It is before what was seen."""
    first = api.get("/rejected?limit=5").json
    api.store.keep_rejected(a_rejected(99))
    assert pages(api, first["links"][0]["href"])[0] == kept[5:10]


def test_messages_of_the_same_moment_are_told_apart(api: Api) -> None:
    """By their ids."""
    for number in range(7):
        same = a_rejected(0)
        moment = same.received_at
        api.store.keep_rejected(Rejected("stale", "", b"", f"m-{number}", moment))
    assert len({each for page in pages(api, "/rejected?limit=2") for each in page}) == 7


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (f"aoi={AOI}", [10, 8, 6, 4, 2, 0]),
        (f"aoi={OTHER}&kind=stale", [9, 3]),
        ("kind=unknown", [10, 7, 4, 1]),
        ("kind=undeliverable", []),
        ("aoi=Nowhere", []),
        ("aoi=&kind=", [*range(11, -1, -1)]),
    ],
)
def test_a_list_is_of_an_aoi_or_of_a_kind(
    api: Api, kept: list[str], query: str, numbers: list[int]
) -> None:
    """Or of both; its pages too."""
    wanted = [kept[11 - number] for number in numbers]
    found = pages(api, f"/rejected?{query}&limit=3")
    assert [each for page in found for each in page] == wanted


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=late", "kind"),
        ("kind=Stale", "kind"),
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("limit=x", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
    ],
)
def test_a_wrong_parameter_is_a_bad_request(api: Api, query: str, said: str) -> None:
    """It is named."""
    assert said in problem_of(api.get(f"/rejected?{query}"), 400)["detail"]


def a_cursor(*place: object) -> str:
    """Return a cursor that somebody made up."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("2022-03-01T12:00:00Z",),
        ("2022-03-01T12:00:00", "c0c3f21016c5bd1a131a4466"),
        ("0001-01-01T00:00:00+14:00", "c0c3f21016c5bd1a131a4466"),
        ("9999-12-31T23:59:59-14:00", "c0c3f21016c5bd1a131a4466"),
        ("2022-03-01T12:00:00Z", ""),
        ("2022-03-01T12:00:00Z", "a/b"),
        ("2022-03-01T12:00:00Z", "__x__"),
        ("2022-03-01T12:00:00Z", "C0C3F21016C5BD1A131A4466"),
        ("2022-03-01T12:00:00Z", "c0c3f21016c5bd1a131a4466\n"),
        ("2022-03-01T12:00:00Z", 7),
    ],
)
def test_a_cursor_that_was_made_up_is_a_bad_request(api: Api, place: tuple[object, ...]) -> None:
    """No database is asked for it."""
    problem_of(api.get(f"/rejected?cursor={a_cursor(*place)}"), 400)


# --- one message ---


def a_scene_result(status: str = "DONE") -> Json:
    """Return a result for a scene that need not be there."""
    return {"type": "scene", "id": scene_id(AOI, product(0)), "status": status}


@pytest.fixture
def world() -> World:
    """An empty AOI."""
    return World()


def push(api: Api, body: Json, **more: object) -> str:
    """Push a result that is rejected; return the id of what is kept."""
    known = {"messageId": "m-1", "attributes": {"aoi": AOI}, **more}
    assert api.push(api.results, body, **known).status_code == 204
    [found] = api.get("/rejected").json["rejected"]
    id_: str = found["id"]
    return id_


def replay(api: Api, id_: str) -> Answer:
    """Replay a message."""
    return api.post(f"/rejected/{id_}/replay")


def test_a_rejected_message_is_shown(world: World) -> None:
    """What it was, why it was rejected, when, and how long it is kept."""
    api = Api(world.services)
    id_ = push(api, a_scene_result())

    answer = api.get(f"/rejected/{id_}")

    assert answer.status_code == 200
    assert answer.json == {
        "id": id_,
        "kind": "unknown",
        "error": f"There is no scene {a_scene_result()['id']}.",
        "aoi": AOI,
        "topic": "results",
        "message_id": "m-1",
        "body": json.dumps(a_scene_result()),
        "received_at": "2022-03-01T12:00:00Z",
        "expires_at": "2022-03-31T12:00:00Z",
        "replayed_at": None,
    }
    assert api.get("/rejected").json["rejected"] == [answer.json]


def test_the_aoi_of_a_rejected_message_is_that_of_its_job(world: World) -> None:
    """Whatever the message names; where nobody knows it, it is empty."""
    api = Api(world.services)
    world.add(a_new_scene(0))

    id_ = push(api, a_scene_result() | {"attempt": 7}, attributes={"aoi": OTHER})

    assert api.get(f"/rejected/{id_}").json["aoi"] == AOI
    other = Api()
    id_ = push(other, a_scene_result(), attributes={})
    assert other.get(f"/rejected/{id_}").json["aoi"] == ""


def test_a_message_is_replayed_once_its_cause_is_mended(world: World) -> None:
    """Here the scene was added after its result came; a second replay is refused."""
    api = Api(world.services)
    id_ = push(api, a_scene_result())
    world.add(a_new_scene(0))
    world.now += SECOND

    answer = replay(api, id_)

    assert answer.status_code == 200
    assert answer.json["replayed_at"] == "2022-03-01T12:00:01Z"
    assert answer.json == api.get(f"/rejected/{id_}").json
    assert world.scene(0).status == "DONE"
    assert "was replayed at" in problem_of(replay(api, id_), 409)["detail"]


def test_a_message_that_is_still_wrong_is_a_conflict(world: World) -> None:
    """It says what is wrong now, and so does what is kept."""
    api = Api(world.services)
    id_ = push(api, a_scene_result())

    detail = problem_of(replay(api, id_), 409)["detail"]

    assert f"as unknown: There is no scene {a_scene_result()['id']}." in detail
    shown = api.get(f"/rejected/{id_}").json
    assert (shown["kind"], shown["aoi"], shown["replayed_at"]) == ("unknown", AOI, None)


def test_a_message_that_is_not_whole_is_a_conflict(api: Api) -> None:
    """It must be sent again."""
    part = a_rejected(1, raw=b"{", whole=False)
    api.store.keep_rejected(part)
    assert "send it again" in problem_of(replay(api, part.id), 409)["detail"]


@pytest.mark.parametrize("id_", ["4711", "c0c3f21016c5bd1a131a4466", "__x__", "x" * 2_000, "%00"])
def test_what_is_not_kept_is_not_found(api: Api, id_: str) -> None:
    """Whatever it is called."""
    problem_of(api.get(f"/rejected/{id_}"), 404)
    problem_of(replay(api, id_), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/rejected"), ("PUT", "/rejected/1"), ("GET", "/rejected/1/replay")],
)
def test_other_methods_are_refused(api: Api, method: str, path: str) -> None:
    """They say which there are."""
    problem_of(api.call(method, path), 405)


# --- dead letters ---


def test_a_dead_letter_is_kept_and_acknowledged(world: World) -> None:
    """As undeliverable, with the topic that it comes from; replayed it is taken."""
    api = Api(world.services)
    world.add(a_new_scene(0))
    source = {
        "CloudPubSubDeadLetterSourceSubscription": "eu-results",
        "CloudPubSubDeadLetterSourceDeliveryCount": "100",
    }

    answer = api.push(api.dead_letters, a_scene_result(), attributes={"aoi": AOI, **source})

    assert (answer.status_code, answer.get_data()) == (204, b"")
    [shown] = api.get("/rejected?kind=undeliverable").json["rejected"]
    assert shown["error"] == "given up after 100 deliveries"
    assert (shown["topic"], shown["aoi"]) == ("results", AOI)
    assert replay(api, shown["id"]).status_code == 200
    assert world.scene(0).status == "DONE"


def test_a_dead_letter_that_comes_twice_is_kept_once(api: Api) -> None:
    """Pub/Sub delivers at least once."""
    for _ in range(2):
        assert api.push(api.dead_letters, a_scene_result()).status_code == 204
    assert len(api.get("/rejected").json["rejected"]) == 1


def test_what_is_no_push_is_no_dead_letter(api: Api) -> None:
    """It was not Pub/Sub that sent it."""
    problem_of(api.dead_letters.post("/", data="{"), 400)
    envelope = an_envelope(b"{}")
    envelope["message"]["data"] = "no base64!"
    problem_of(api.dead_letters.post("/", json=envelope), 400)
    assert api.get("/rejected").json["rejected"] == []
