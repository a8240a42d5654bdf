"""Every call that goes wrong is answered with a problem: which status, and what it says."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

import pytest

from tests.unit.web.api import (
    AREA,
    Api,
    BrokenPublisher,
    BrokenStore,
    a_client,
    a_request,
    problem_of,
)
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Conflict, IdCollision, TooLarge, Unavailable
from tileweave.domain.model import Scene
from tileweave.domain.status import Status
from tileweave.usecases.ports import ALL, Services, Window
from tileweave.web import aoi
from tileweave.web.routing import MOST_BYTES, http_function

AOI_CALLS = [
    ("GET", "/aoi/Nowhere"),
    ("GET", "/aoi/Nowhere/dot"),
    ("PUT", "/aoi/Nowhere/retry"),
    ("PUT", "/aoi/Nowhere/retry/force"),
    ("POST", "/aoi/Nowhere/scene"),
]

OPERATIONS = [
    "/retry",
    "/retry/force",
    "/fail",
    "/fail/force",
    "/force/new",
    "/force/pending",
    "/force/done",
    "/force/retry",
    "/force/failed",
]

SCENE_AND_TILE_CALLS = [
    ("GET", "/scene/7"),
    ("GET", "/scene/7/tiles"),
    ("GET", "/tile/7"),
    *(("PUT", f"/{kind}/7{each}") for kind in ("scene", "tile") for each in OPERATIONS),
]

TOO_LARGE = {"CONTENT_LENGTH": str(MOST_BYTES + 1)}

EVERY_CALL = [*AOI_CALLS, *SCENE_AND_TILE_CALLS]


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
def test_what_does_not_exist_is_not_found(api: Api, method: str, path: str) -> None:
    """An AOI, scene or tile that is not there is 404 on every path below it."""
    body = a_request(aoi="Nowhere")
    problem = problem_of(api.call(method, path, json=body), 404)
    assert problem["detail"] in {
        "There is no AOI Nowhere.",
        "There is no scene 7.",
        "There is no tile 7.",
    }


@pytest.mark.parametrize("body", ["{", "[]", "{}", json.dumps(a_request(aoi="Other"))])
def test_an_unknown_aoi_is_told_before_what_is_wrong_with_a_scene(api: Api, body: str) -> None:
    """Whoever has the wrong AOI need not mend the request first."""
    answer = api.post("/aoi/Nowhere/scene", data=body, content_type="application/json")
    assert problem_of(answer, 404)["detail"] == "There is no AOI Nowhere."


def test_what_is_wrong_is_told_without_the_totals_of_an_aoi(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are many documents; that the AOI is there is one."""
    api.with_area()
    monkeypatch.setattr(api.store, "totals", None)
    problem_of(api.add({}), 422)
    problem_of(api.get(f"/aoi/{AREA}/scenes?limit=0"), 400)


@pytest.mark.parametrize(
    "path",
    [
        f"/aoi/{AREA}/",
        f"/aoi//{AREA}",
        f"/aoi/{AREA}%2Fscene%2Fx",
        f"/aoi/{AREA}/nothing",
        "/scene",
        "/scene/-1",
        "/scene/1.0",
        "/scene/abc",
        "/scene/1/",
        "/scene/" + "9" * 5_000,
        "/tile/0x10",
        "/nothing",
        "/.env",
        "/%00",
        "/%ff",
    ],
)
def test_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    """It is named in the problem."""
    assert "There is nothing at" in problem_of(api.with_area().get(path), 404)["detail"]


@pytest.mark.parametrize("number", ["0", "9" * 30, str(2**53), str(2**64), "\u0667", "007"])
@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_an_id_that_cannot_be_is_not_found(api: Api, kind: str, number: str) -> None:
    """However large or odd the number."""
    problem_of(api.get(f"/{kind}/{number}"), 404)


@pytest.mark.parametrize("name", ["Den%20mark", "a%00b", "%F0%9F%9B%B0", "x" * 129, "x" * 3_000])
def test_an_aoi_of_an_impossible_name_is_not_found(name: str) -> None:
    """No store is asked for it: not all take every name."""
    api = Api(store=BrokenStore(AssertionError("asked")))
    for method, path in AOI_CALLS:
        problem_of(api.call(method, path.replace("Nowhere", name)), 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"/aoi/{AREA}", "DELETE, GET, HEAD, POST"),
        ("PATCH", f"/aoi/{AREA}", "DELETE, GET, HEAD, POST"),
        ("GET", f"/aoi/{AREA}/scene", "POST"),
        ("PUT", f"/aoi/{AREA}/scene", "POST"),
        ("GET", f"/aoi/{AREA}/retry", "PUT"),
        ("POST", f"/aoi/{AREA}/retry/force", "PUT"),
        ("POST", f"/aoi/{AREA}/dot", "GET, HEAD"),
        ("POST", "/scene/1", "GET, HEAD"),
        ("POST", "/scene/1/tiles", "GET, HEAD"),
        ("GET", "/scene/1/retry", "PUT"),
        ("POST", "/scene/1/fail/force", "PUT"),
        ("DELETE", "/tile/1", "GET, HEAD"),
        ("GET", "/tile/1/force/done", "PUT"),
        ("POST", "/", "GET, HEAD"),
        ("OPTIONS", "/tile/1", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    api: Api, method: str, path: str, allowed: str
) -> None:
    """In the header Allow, and in words."""
    answer = api.call(method, path)
    problem = problem_of(answer, 405)
    assert ", ".join(sorted(answer.headers["Allow"].split(", "))) == allowed
    assert method in problem["detail"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": -1e999}',
        '{"a": 1} {"b": 2}',
        '{"a": 1, "a": 1}',
        '{"a": [{"b": {}, "c": 1, "b": 2}]}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "9" * 5_000 + "}",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        '{"a": 1}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_a_bad_request(api: Api, text: str | bytes) -> None:
    """Numbers that JSON has not, and texts that are not UTF-8, are not JSON."""
    path = f"/aoi/{AREA}/scene"
    answer = api.with_area().post(path, data=text, content_type="application/json")
    assert problem_of(answer, 400)["detail"].startswith("The request is not JSON")


def test_a_number_that_is_too_long_is_told_without_words_of_python(api: Api) -> None:
    """It says how long one may be."""
    path = f"/aoi/{AREA}/scene"
    for digits in ("9" * 5_000, "-" + "9" * 5_000):
        text = f'{{"a": {digits}}}'
        answer = api.with_area() if digits[0] == "9" else api
        detail = problem_of(answer.post(path, data=text, content_type="application/json"), 400)[
            "detail"
        ]
        assert detail == "The request is not JSON: a number has 5000 digits, more than 4300."


def test_a_key_that_is_twice_in_an_object_is_named(api: Api) -> None:
    """Of two values, one would be lost without a word."""
    text = json.dumps(a_request())[:-1] + ', "source_id": "S1A_2"}'
    path = f"/aoi/{AREA}/scene"
    answer = api.with_area().post(path, data=text, content_type="application/json")
    assert "'source_id' is there twice" in problem_of(answer, 400)["detail"]


@pytest.mark.parametrize(
    "mimetype", ["text/csv", "application/x-www-form-urlencoded", "application/xml"]
)
def test_what_says_it_is_something_else_is_unsupported(api: Api, mimetype: str) -> None:
    """Such as what curl says by itself: it is told what to say."""
    answer = api.with_area().post(
        f"/aoi/{AREA}/scene", data=json.dumps(a_request()), content_type=mimetype
    )
    problem = problem_of(answer, 415)
    assert mimetype in problem["detail"]
    assert "application/json" in problem["detail"]


@pytest.mark.parametrize(
    "mimetype",
    [None, "application/json", "application/json; charset=utf-8", "application/geo+json"],
)
def test_json_is_read_under_each_of_its_names(api: Api, mimetype: str | None) -> None:
    """And without a name, with or without a byte order mark."""
    api.with_area()
    for number, mark in enumerate((b"", b"\xef\xbb\xbf")):
        body = mark + json.dumps(a_request(f"S{number}")).encode()
        answer = api.post(f"/aoi/{AREA}/scene", data=body, content_type=mimetype)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("method", "path"), [*EVERY_CALL, ("GET", "/")])
def test_a_request_larger_than_32_mb_is_too_large(api: Api, method: str, path: str) -> None:
    """Whatever it asks for, and before anything is done."""
    answer = api.call(method, path, environ_overrides=TOO_LARGE)
    assert str(MOST_BYTES) in problem_of(answer, 413)["detail"]


def test_a_request_of_unknown_length_is_read_no_further_than_32_mb(api: Api) -> None:
    """Sent in chunks it has no length beforehand."""
    answer = api.with_area().post(
        f"/aoi/{AREA}/scene",
        data=b" " * (MOST_BYTES + 1),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": None, "wsgi.input_terminated": True},
    )
    problem_of(answer, 413)


@pytest.mark.parametrize("status", ["gone", "", "DONE ", "%00", "d\u043ene"])
@pytest.mark.parametrize("kind", ["scene", "tile"])
def test_a_status_that_is_none_is_not_set(api: Api, kind: str, status: str) -> None:
    """The problem lists those there are; what is not there is told before."""
    api.post(f"/aoi/{AREA}")
    id_ = api.added(a_request())
    if kind == "tile":
        id_ = api.get(f"/scene/{id_}/tiles").json["features"][0]["properties"]["Tiles"][0]["ID"]
    answer = api.put(f"/{kind}/{id_}/force/{status}")
    problem = problem_of(answer, 400 if status else 404)
    problem_of(api.put(f"/{kind}/1/force/{status}"), 404)
    assert not status or "NEW, PENDING, DONE, RETRY, FAILED" in problem["detail"]


@pytest.mark.parametrize("kind", ["scene", "tile"])
@pytest.mark.parametrize("body", ["{", "[]"])
def test_what_is_not_there_is_told_before_what_is_wrong_with_its_data(
    api: Api, kind: str, body: str
) -> None:
    """Whoever has the wrong id need not mend the request first."""
    answer = api.put(f"/{kind}/1/data", data=body, content_type="application/json")
    assert problem_of(answer, 404)["detail"] == f"There is no {kind} 1."


@pytest.mark.parametrize(
    "query", ["format=gif", "format=", "format=DOT", "reference=1", "reference=", "reference=True"]
)
def test_a_bad_parameter_is_a_bad_request(api: Api, query: str) -> None:
    """It is named, and what it may be."""
    problem = problem_of(api.with_area().get(f"/aoi/{AREA}/dot?{query}"), 400)
    assert query.split("=", maxsplit=1)[0] in problem["detail"]


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("password: 12345"), 500),
        (KeyError("secret"), 500),
        (RecursionError("password: 12345"), 500),
        (Unavailable("504 Deadline Exceeded"), 503),
        (Conflict("changed"), 503),
        (TooLarge("400 maximum entity size"), 413),
        (IdCollision("two of one id"), 409),
    ],
)
def test_a_store_that_fails_is_a_problem(
    method: str, path: str, error: Exception, status: int
) -> None:
    """Unexpected errors tell nothing of themselves; passing ones say when to come back."""
    answer = Api(store=BrokenStore(error)).call(method, path, json=a_request(aoi="Nowhere"))
    problem = problem_of(answer, status)
    assert "12345" not in answer.text
    assert "secret" not in answer.text
    assert answer.headers.get("Retry-After") == ("1" if status == 503 else None)
    assert problem["title"] != "Error"


class Unreadable(MemoryStore):
    """A store that knows its AOIs, and nothing of what they hold."""

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Raise the error when the first scene is asked for."""
        yield from ()
        raise Unavailable("away")


def test_a_graph_whose_first_read_fails_is_a_problem() -> None:
    """Not half a graph with status 200."""
    answer = Api(store=Unreadable()).with_area().get(f"/aoi/{AREA}/dot")
    assert problem_of(answer, 503)["detail"] == "away"


def test_services_that_cannot_be_made_are_a_problem() -> None:
    """Such as a project that has no credentials: the log has it, not the caller."""

    def none() -> Services:
        raise ValueError("no credentials at /secret")

    answer = a_client(http_function(aoi.ROUTES, none)).get(f"/aoi/{AREA}")
    problem_of(answer, 500)
    assert "/secret" not in answer.text


def test_a_job_that_cannot_be_published_is_left_to_the_janitor() -> None:
    """The scene is there: whoever added it must not add it again."""
    api = Api(publisher=BrokenPublisher(Unavailable("no topic"))).with_area()
    assert api.add(a_request()).status_code == 200
    assert [each.outbox for each in api.store.unpublished()] == [frozenset({"job:1"})]
