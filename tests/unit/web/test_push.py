"""Functions that Pub/Sub pushes messages to: what is acknowledged, and what comes again."""

from __future__ import annotations

import json
import logging

import pytest
from werkzeug.test import Client

from tests.builders import AOI, World, a_chain
from tests.unit.web.api import (
    Api,
    BrokenPublisher,
    BrokenStore,
    an_envelope,
    problem_of,
    recorded,
)
from tileweave.domain.errors import Conflict, TooLarge, Unavailable
from tileweave.domain.model import Json
from tileweave.domain.status import Status
from tileweave.usecases.ports import Services


@pytest.fixture
def world() -> World:
    """Two dates of one burst, of which nothing has been answered yet."""
    return World(*a_chain(2))


def a_result(world: World, **fields: object) -> Json:
    """Return the result of the first scene, as a worker sends it."""
    return {**recorded("result"), "type": "scene", "id": world.scene(0).id, **fields}


@pytest.mark.parametrize("status", ["DONE", "done", "Done"])
def test_a_result_is_applied_and_acknowledged(world: World, status: str) -> None:
    """With 204; what follows from it is published as a step of its own."""
    api = Api(world.services)
    answer = api.push(api.results, a_result(world, status=status))
    assert (answer.status_code, answer.get_data()) == (204, b"")
    assert world.scene(0).status is Status.DONE
    assert [each.body for each in world.updates] == [{"type": "scene", "id": world.scene(0).id}]
    assert world.tile(0).status is Status.NEW


def test_an_update_hands_out_what_is_ready(world: World) -> None:
    """Pushed to the function `dependencies`."""
    api = Api(world.services)
    api.push(api.results, a_result(world))
    answer = api.push(api.dependencies, {"type": "scene", "id": world.scene(0).id})
    assert answer.status_code == 204
    assert world.tile(0).status is Status.PENDING


@pytest.mark.parametrize(
    "names", [{"messageId": "7"}, {"message_id": "7"}, {"messageId": "7", "message_id": "7"}]
)
def test_a_message_is_known_by_its_id_in_either_spelling(
    world: World, names: dict[str, str]
) -> None:
    """The service sends both, the emulator one."""
    api = Api(world.services)
    envelope = an_envelope(json.dumps(a_result(world)).encode())
    for name in ("messageId", "message_id"):
        del envelope["message"][name]
    envelope["message"] |= names
    assert api.results.post("/", json=envelope).status_code == 204
    assert world.scene(0).history[-1].cause.message_id == "7@2022-02-26T19:13:55.749Z"


def test_a_message_that_comes_twice_is_applied_once(world: World) -> None:
    """Two messages of two attempts are two."""
    api = Api(world.services)
    for _ in range(2):
        body = a_result(world, status="RETRY", message="no disk")
        assert api.push(api.results, body, messageId="1").status_code == 204
    assert [each.after for each in world.scene(0).history] == [Status.PENDING, Status.RETRY]


@pytest.mark.parametrize("attempts", [{}, {"deliveryAttempt": 1}, {"deliveryAttempt": 7}])
@pytest.mark.parametrize("path", ["/", "/projects/p/topics/results", "/x?__GCP_CloudEventsMode=y"])
def test_a_push_comes_to_any_path_for_the_first_or_seventh_time(
    world: World, attempts: Json, path: str
) -> None:
    """Whatever the subscription's endpoint is."""
    envelope = {**an_envelope(json.dumps(a_result(world)).encode()), **attempts}
    assert Api(world.services).results.post(path, json=envelope).status_code == 204
    assert world.scene(0).status is Status.DONE


@pytest.mark.parametrize("count", [{}, {"deliveryAttempt": 2}])
def test_an_update_that_is_delivered_again_publishes_what_was_left(
    world: World, count: Json
) -> None:
    """A job that was handed out and not published: its publisher died."""
    broken = Api(Services(world.store, BrokenPublisher(Unavailable("no topic"))))
    api = Api(world.services)
    api.push(api.results, a_result(world))
    update = {"type": "scene", "id": world.scene(0).id}
    problem_of(broken.push(broken.dependencies, update), 503)
    assert world.tile(0).status is Status.PENDING
    envelope = {**an_envelope(json.dumps(update).encode()), **count}
    assert api.dependencies.post("/", json=envelope).status_code == 204
    jobs = [each for each in world.take_jobs() if each.attributes["type"] == "tile"]
    assert [each.body["id"] for each in jobs] == ([world.tile(0).id] if count else [])


REJECTED: list[tuple[bytes, str]] = [
    (b"", "malformed"),
    (b"{", "malformed"),
    (b"\xff\xfe", "malformed"),
    (b"null", "malformed"),
    (b"[]", "malformed"),
    (b"{}", "malformed"),
    (b"[" * 100_000, "malformed"),
    (b'{"type": "scene", "id": 1, "status": "GONE"}', "malformed"),
    (b'{"type": "scene", "id": 1, "status": "NEW"}', "malformed"),
    (b'{"type": "aoi", "id": 1, "status": "DONE"}', "malformed"),
    (b'{"type": "scene", "id": 0, "status": "DONE"}', "malformed"),
    (b'{"type": "scene", "id": "1", "status": "DONE"}', "malformed"),
    (b'{"type": "scene", "id": 1e3, "status": "DONE"}', "malformed"),
    (b'{"type": "scene", "id": 99999999999999999999, "status": "DONE"}', "malformed"),
    (b'{"type": "scene", "id": 1, "status": "DONE", "message": "\\ud800"}', "malformed"),
    (b'{"type": "scene", "id": 1, "status": "DONE"}', "unknown"),
    (b'{"type": "tile", "id": 1, "status": "FAILED"}', "unknown"),
]


@pytest.mark.parametrize(("body", "kind"), REJECTED, ids=[repr(each[0][:50]) for each in REJECTED])
def test_a_result_that_says_nothing_is_acknowledged_and_kept(
    api: Api, caplog: pytest.LogCaptureFixture, body: bytes, kind: str
) -> None:
    """No later delivery would make it better; operators see it."""
    with caplog.at_level(logging.WARNING):
        answer = api.results.post("/", json=an_envelope(body, messageId="m-1"))
    assert answer.status_code == 204
    kept = api.rejected["m-1"]
    assert (kept.kind, kept.body) == (kind, body.decode(errors="replace"))
    assert f"{kind} message m-1" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b'{"type": "scene"}', b'{"type": "x", "id": 1}'])
def test_an_update_that_says_nothing_is_acknowledged_and_kept(api: Api, body: bytes) -> None:
    """The same."""
    answer = api.dependencies.post("/", json=an_envelope(body, messageId="m-1"))
    assert answer.status_code == 204
    assert api.rejected["m-1"].kind == "malformed"


def test_a_result_that_changes_nothing_is_acknowledged_and_kept(world: World) -> None:
    """Such as that of an older attempt."""
    api = Api(world.services)
    answer = api.push(api.results, a_result(world, attempt=9), messageId="m-1")
    assert answer.status_code == 204
    assert world.scene(0).status is Status.PENDING
    assert (api.rejected["m-1"].kind, api.rejected["m-1"].aoi) == ("stale", AOI)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a Pub/Sub push"),
        ("{", "not a Pub/Sub push"),
        ("[]", "not a Pub/Sub push"),
        ("{}", "message"),
        ('{"message": null}', "message"),
        ('{"message": {}}', "message"),
        ('{"message": {"data": "e30="}}', "message"),
        ('{"message": {"data": "e30=", "messageId": ""}}', "message"),
        ('{"message": {"data": "e30=", "messageId": 7}}', "message"),
        ('{"message": {"data": 5, "messageId": "7"}}', "message.data"),
        ('{"message": {"data": "not base64", "messageId": "7"}}', "not a Pub/Sub push"),
        ('{"message": {"data": "e30", "messageId": "7"}}', "not a Pub/Sub push"),
        ('{"message": {"data": "\\u00e9", "messageId": "7"}}', "not a Pub/Sub push"),
        ('{"message": {"data": "e30=", "messageId": "7"}, "deliveryAttempt": "x"}', "delivery"),
        ("[" * 100_000, "not a Pub/Sub push"),
    ],
)
def test_what_is_no_push_is_a_bad_request(api: Api, text: str, said: str) -> None:
    """It was not Pub/Sub that sent it: there is nothing to keep."""
    answer = api.results.post("/", data=text, content_type="application/json")
    assert said in problem_of(answer, 400)["detail"]
    assert not api.rejected


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_push_is_a_post(api: Api, method: str) -> None:
    """Every other method is told so."""
    for function in (api.results, api.dependencies):
        answer = function.open("/", method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_a_message_of_attributes_alone_is_kept(api: Api) -> None:
    """Pub/Sub leaves out data that is empty."""
    envelope = an_envelope(b"", messageId="m-1")
    del envelope["message"]["data"]
    assert api.results.post("/", json=envelope).status_code == 204
    assert api.rejected["m-1"].body == ""


def pushed(function: Client) -> int:
    """Push the recorded result; return the status of the answer, which must be a problem."""
    answer = function.post("/", json=an_envelope(json.dumps(recorded("result")).encode()))
    problem = problem_of(answer, answer.status_code)
    assert "12345" not in json.dumps(problem)
    return answer.status_code


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Conflict("changed"), 503),
        (Unavailable("away"), 503),
        (TooLarge("400 maximum entity size"), 413),
        (RuntimeError("password: 12345"), 500),
    ],
)
def test_what_a_later_delivery_may_mend_is_delivered_again(error: Exception, status: int) -> None:
    """Any answer that is not 2xx has Pub/Sub deliver it again."""
    api = Api(store=BrokenStore(error))
    assert [pushed(api.results), pushed(api.dependencies)] == [status, status]


def test_what_could_not_be_published_is_delivered_again(world: World) -> None:
    """The change is there; the next delivery publishes what follows from it."""
    broken = Services(world.store, BrokenPublisher(Unavailable("no topic")))
    answer = Api(broken).push(Api(broken).results, a_result(world), messageId="1")
    problem_of(answer, 503)
    assert answer.headers["Retry-After"] == "1"
    assert world.scene(0).status is Status.DONE
    assert world.updates == []
    api = Api(world.services)
    assert api.push(api.results, a_result(world), messageId="1").status_code == 204
    assert len(world.updates) == 1
