"""Who made a call and why is kept; a call that is repeated by its name is carried out once."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, TestResponse

from tests.unit.web.api import AREA, Api, a_client, a_request, problem_of
from tileweave.domain.model import ACTORS, Json
from tileweave.usecases import operate as operating
from tileweave.web import aoi, scene, tile
from tileweave.web.access import Access, Role, tokens_of
from tileweave.web.routing import http_function

ANNA = {"Authorization": "Bearer anna-1"}
BERND = {"Authorization": "Bearer bernd-1"}
NOBODY = {"Authorization": "Bearer nameless-1"}
ROUTES = (*aoi.ROUTES, *scene.ROUTES, *tile.ROUTES)


@pytest.fixture
def guarded(api: Api) -> Client:
    """The calls on AOIs, scenes and tiles, for operators with and without names."""
    tokens = "anna:anna-1, bernd:bernd-1, nameless-1"
    access = Access(tokens_of(Role.OPERATOR, tokens))
    return a_client(http_function(ROUTES, lambda: api.services, lambda: access))


@pytest.fixture
def path(api: Api) -> str:
    """The path of a scene of one tile."""
    return f"/scene/{api.with_area().added(a_request())}"


def history(api: Api, path: str) -> list[Json]:
    """Return the history of a scene or tile."""
    found: list[Json] = api.get(f"{path}/history").json
    return found


def keyed(key: str, headers: dict[str, str] | None = None) -> dict[str, str]:
    """Return headers that name a call."""
    return {**(headers or {}), "Idempotency-Key": key}


def fail_for_a_person(api: Api, path: str) -> None:
    """Have a scene wait for a person."""
    result = {"type": "scene", "id": int(path.split("/")[2]), "status": "RETRY"}
    attempt = api.get(path).json["properties"]["attempt"]
    assert api.push(api.results, result, messageId=f"retry {attempt}").status_code == 204


# --- who and why ---


@pytest.mark.parametrize("who", [(ANNA, "anna"), (BERND, "bernd"), (NOBODY, "operator")])
@pytest.mark.parametrize("call", ["retry/force", "fail/force", "force/DONE"])
def test_who_calls_and_why_is_kept(
    guarded: Client, api: Api, path: str, call: str, who: tuple[dict[str, str], str]
) -> None:
    """By the name of the token's owner; one without a name is an operator."""
    headers, actor = who
    answer = guarded.put(f"{path}/{call}?reason=clouds+%26+%C3%B8", headers=headers)

    assert answer.status_code == 200
    last = history(api, path)[-1]
    assert (last["actor"], last["reason"]) == (actor, "clouds & ø")


def test_where_nobody_has_a_token_it_is_an_operator(api: Api, path: str) -> None:
    """The reason is kept all the same; without one there is none."""
    api.put(f"{path}/retry/force?reason=because")
    api.put(f"{path}/retry/force")

    assert [(each["actor"], each["reason"]) for each in history(api, path)[1:]] == [
        ("operator", "because"),
        ("operator", ""),
    ]


def test_what_happens_to_a_tile_has_a_reason_too(api: Api, path: str) -> None:
    """As what happens to a scene."""
    [found] = api.tiles(int(path.split("/")[2]))

    api.put(f"/tile/{found['ID']}/fail/force?reason=sea+only")

    assert history(api, f"/tile/{found['ID']}")[-1]["reason"] == "sea only"


def test_the_retry_of_an_aoi_has_a_reason_too(guarded: Client, api: Api, path: str) -> None:
    """For each scene and tile that it retries."""
    fail_for_a_person(api, path)

    answer = guarded.put(f"/aoi/{AREA}/retry?reason=new+disks", headers=ANNA)

    assert answer.json == {"Scenes": 1, "Tiles": 0}
    last = history(api, path)[-1]
    assert (last["to"], last["actor"], last["reason"]) == ("PENDING", "anna", "new disks")


def test_many_are_retried_for_the_same_reason(
    guarded: Client, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that are retried by messages."""
    monkeypatch.setattr(operating, "PIECE", 1)
    api.with_area()
    paths = [f"/scene/{api.added(a_request(f'S1A_{number}'))}" for number in range(3)]
    api.publisher.take()
    guarded.put(f"/aoi/{AREA}/retry/force?reason=new+disks", headers=ANNA)

    for number, each in enumerate(api.publisher.take()):
        api.push(api.dependencies, each.body, messageId=f"m-{number}")

    found = [history(api, each)[-1] for each in paths]
    assert {(each["attempt"], each["actor"], each["reason"]) for each in found} == {
        (2, "anna", "new disks")
    }


def test_who_deletes_an_aoi_is_logged(
    guarded: Client, api: Api, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its histories are gone with it."""
    with caplog.at_level("INFO"):
        answer = guarded.delete(f"/aoi/{AREA}?reason=was+a+test", headers=ANNA)

    assert answer.status_code == 204
    assert f"AOI {AREA} is deleted by anna: was a test" in caplog.text


def test_who_adds_a_scene_is_kept(guarded: Client, api: Api) -> None:
    """Without tokens, it is the ingestion."""
    api.with_area()
    url = f"/aoi/{AREA}/scene"
    number = guarded.post(url, json=a_request(), headers=ANNA).get_json()["id"]
    other = api.added(a_request("S1A_2"))

    assert history(api, f"/scene/{number}")[0]["actor"] == "anna"
    assert history(api, f"/scene/{other}")[0]["actor"] == "ingestion"


@pytest.mark.parametrize("name", sorted(ACTORS))
@pytest.mark.parametrize("role", Role)
def test_nobody_is_called_as_what_works_by_itself(role: Role, name: str) -> None:
    """A history would tell what was not so; the token is not told."""
    with pytest.raises(ValueError, match=f"{role} token 2 is called {name}") as error:
        list(tokens_of(role, f"anna:x-1,{name}:secret-2"))

    assert "secret" not in str(error.value)


@pytest.mark.parametrize(("length", "status"), [(1_000, 200), (1_001, 400)])
def test_a_reason_has_a_longest_length(api: Api, path: str, length: int, status: int) -> None:
    """In characters, whatever they take; nothing is done for a longer one."""
    answer = api.put(f"{path}/retry/force?reason={'ø' * length}")

    assert answer.status_code == status
    assert len(history(api, path)) == (2 if status == 200 else 1)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("PUT", "/scene/4711/retry"),
        ("PUT", "/tile/4711/fail/force"),
        ("PUT", "/tile/4711/force/DONE"),
        ("PUT", "/aoi/Nowhere/retry"),
        ("DELETE", "/aoi/Nowhere"),
    ],
)
def test_what_is_not_there_is_told_before_a_reason_is_too_long(
    api: Api, method: str, url: str
) -> None:
    """As before anything else that is wrong."""
    problem_of(api.call(method, f"{url}?reason={'x' * 1_001}"), 404)


# --- calls with a name ---


@pytest.mark.parametrize("call", ["retry/force", "force/PENDING", "fail/force", "force/DONE"])
def test_a_call_is_carried_out_once_under_its_key(api: Api, path: str, call: str) -> None:
    """The second time it answers what there is."""
    first = api.put(f"{path}/{call}", headers=keyed("k-1"))
    second = api.put(f"{path}/{call}", headers=keyed("k-1"))

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json == second.json
    assert len(history(api, path)) == 2


def test_a_retry_that_is_repeated_begins_one_attempt(api: Api, path: str) -> None:
    """And publishes one job; without the key, the second is refused."""
    fail_for_a_person(api, path)
    api.publisher.take()

    answers = [api.put(f"{path}/retry", headers=keyed("k-1")) for _ in range(3)]

    assert [each.json["properties"]["attempt"] for each in answers] == [2, 2, 2]
    assert [each.body["attempt"] for each in api.publisher.take()] == [2]
    problem_of(api.put(f"{path}/retry"), 409)


def test_a_key_holds_after_what_happened_since(api: Api, path: str) -> None:
    """The call was carried out, so it is not carried out now."""
    fail_for_a_person(api, path)
    api.put(f"{path}/retry", headers=keyed("k-1"))
    fail_for_a_person(api, path)

    answer = api.put(f"{path}/retry", headers=keyed("k-1"))

    assert answer.json["properties"]["status"] == "RETRY"
    assert answer.json["properties"]["attempt"] == 2


def attempts(answers: list[TestResponse]) -> list[int]:
    """Return the attempts that the answers show."""
    return [each.get_json()["properties"]["attempt"] for each in answers]


def test_another_key_is_another_call(api: Api, path: str) -> None:
    """And so is a call without one."""
    keys = [keyed("k-1"), keyed("k-2"), {}, {}]

    answers = [api.put(f"{path}/retry/force", headers=each) for each in keys]

    assert attempts([*answers]) == [2, 3, 4, 5]


def test_the_same_key_of_another_caller_is_another_call(guarded: Client, path: str) -> None:
    """Nobody can take the place of somebody else's call."""
    callers = [keyed("k-1", each) for each in (ANNA, BERND, ANNA)]

    answers = [guarded.put(f"{path}/retry/force", headers=each) for each in callers]

    assert attempts(answers) == [2, 3, 3]


def test_the_same_key_of_another_call_is_another_call(api: Api, path: str) -> None:
    """What was never carried out is not taken for done."""
    api.put(f"{path}/retry/force", headers=keyed("k-1"))

    answer = api.put(f"{path}/fail/force", headers=keyed("k-1"))

    assert answer.json["properties"]["status"] == "FAILED"


def test_a_key_names_a_call_for_one_scene(api: Api, path: str) -> None:
    """Another scene has calls of its own."""
    other = f"/scene/{api.added(a_request('S1A_2'))}"

    answers = [api.put(f"{each}/retry/force", headers=keyed("k-1")) for each in (path, other)]

    assert attempts([*answers]) == [2, 2]


@pytest.mark.parametrize("piece", [1, 200])
def test_an_aoi_is_retried_by_force_once_under_a_key(
    api: Api, path: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces by messages or at once: no scene begins two attempts, the answer is the same."""
    monkeypatch.setattr(operating, "PIECE", piece)
    other = f"/scene/{api.added(a_request('S1A_2'))}"
    api.publisher.take()

    answers = []
    for _ in range(2):
        answers.append(api.put(f"/aoi/{AREA}/retry/force", headers=keyed("k-1")).json)
        for number, each in enumerate(api.publisher.take()):
            if each.topic == "dependency-updates":
                name = f"{len(answers)}-{number}"
                assert api.push(api.dependencies, each.body, messageId=name).status_code == 204

    assert answers == [{"Scenes": 2, "Tiles": 0}] * 2
    shown = [api.get(each) for each in (path, other)]
    assert attempts([*shown]) == [2, 2]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\u00e9", "\t", "a\tb"])
@pytest.mark.parametrize("call", ["/retry", "/fail/force", "/force/DONE"])
def test_what_is_no_key_is_a_bad_request(api: Api, path: str, key: str, call: str) -> None:
    """Nothing is done."""
    answer = api.put(f"{path}{call}", headers=keyed(key))

    assert "Idempotency-Key" in problem_of(answer, 400)["detail"]
    assert len(history(api, path)) == 1


@pytest.mark.parametrize("key", ["x", "x" * 200, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~!@#"])
def test_a_key_is_anything_printable(api: Api, path: str, key: str) -> None:
    """As the draft has it, a string in quotes, or without."""
    assert api.put(f"{path}/retry/force", headers=keyed(key)).status_code == 200
