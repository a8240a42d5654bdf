"""What an AOI says of its jobs: shown, changed in part, and refused field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import AOI, World, a_new_scene
from tests.unit.web.api import AREA, Answer, Api, problem_of, wrong_paths
from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.policy import Policy
from tileweave.domain.queues import AllowedQueues
from tileweave.usecases.ports import Services

URL = f"/aoi/{AREA}/settings"
DEFAULTS = {
    "lease_seconds": 86_400.0,
    "retry_delay_seconds": 0.0,
    "retry_delay_factor": 2.0,
    "retry_delay_cap_seconds": 3_600.0,
    "scene_jobs_queue": None,
    "tile_jobs_queue": None,
}
THIRTY_DAYS = 30 * 86_400


@pytest.fixture
def area(api: Api) -> Api:
    """All functions, over an AOI."""
    return api.with_area()


def put(api: Api, body: object) -> Answer:
    """Change settings."""
    return api.put(URL, json=body)


def test_an_aoi_has_settings_from_the_first(area: Api) -> None:
    """Those of geocube-ingester, and a lease of a day."""
    answer = area.get(URL)
    assert (answer.status_code, answer.json) == (200, DEFAULTS)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lease_seconds": 3_600},
        {"retry_delay_seconds": 60, "retry_delay_factor": 1.5},
        {"lease_seconds": 1, "retry_delay_seconds": 0.5, "retry_delay_cap_seconds": 0},
        {name: THIRTY_DAYS for name in DEFAULTS if name.endswith("_seconds")},
        {"retry_delay_factor": 100},
    ],
)
def test_what_is_given_is_changed(area: Api, body: dict[str, float]) -> None:
    """What is not stays as it is; the answer tells all."""
    answer = put(area, body)
    assert (answer.status_code, answer.json) == (200, DEFAULTS | body)
    assert area.get(URL).json == DEFAULTS | body


def test_changes_add_up(area: Api) -> None:
    """Each leaves alone what it does not name."""
    put(area, {"lease_seconds": 60})
    put(area, {"retry_delay_seconds": 5})
    assert area.get(URL).json == DEFAULTS | {"lease_seconds": 60, "retry_delay_seconds": 5}


def test_settings_hold_for_the_next_job(area: Api) -> None:
    """They are what the AOI does."""
    put(area, {"lease_seconds": 60, "retry_delay_seconds": 5, "retry_delay_factor": 3})
    found = area.store.find_aoi(AREA)
    assert found is not None
    assert found.policy == Policy(timedelta(minutes=1), timedelta(seconds=5), 3.0)


def test_settings_reach_other_functions_within_half_a_minute() -> None:
    """A job that is handed out then has the new lease."""
    world = World(a_new_scene(0))
    api = Api(replace(world.services, policies={}))
    assert api.put(f"/aoi/{AOI}/settings", json={"lease_seconds": 60}).status_code == 200
    world.now += timedelta(seconds=30)
    world.add(a_new_scene(1))
    assert world.scene(1).due_at == world.now + timedelta(minutes=1)


WRONG: list[tuple[Any, list[str]]] = [
    ({"lease_seconds": 0}, ["lease_seconds"]),
    ({"lease_seconds": 0.5}, ["lease_seconds"]),
    ({"lease_seconds": THIRTY_DAYS + 1}, ["lease_seconds"]),
    ({"lease_seconds": "60"}, ["lease_seconds"]),
    ({"lease_seconds": True}, ["lease_seconds"]),
    ({"lease_seconds": None}, ["lease_seconds"]),
    ({"lease_seconds": 10**400}, ["lease_seconds"]),
    ({"retry_delay_seconds": -1}, ["retry_delay_seconds"]),
    ({"retry_delay_factor": 0.99}, ["retry_delay_factor"]),
    ({"retry_delay_factor": 101}, ["retry_delay_factor"]),
    ({"retry_delay_cap_seconds": -0.1}, ["retry_delay_cap_seconds"]),
    ({"lease": 60}, ["lease"]),
    ({"Lease_Seconds": 60}, ["Lease_Seconds"]),
    (
        {"lease_seconds": 0, "retry_delay_factor": "x", "other": 1, "retry_delay_seconds": 5},
        ["lease_seconds", "other", "retry_delay_factor"],
    ),
    ([], ["body"]),
    ("x", ["body"]),
]


@pytest.mark.parametrize(("body", "paths"), WRONG)
def test_every_wrong_field_is_told(area: Api, body: object, paths: list[str]) -> None:
    """And nothing is changed, not even what is right."""
    answer = put(area, body)
    assert sorted(wrong_paths(answer)) == paths
    assert area.get(URL).json == DEFAULTS


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(area: Api, number: str) -> None:
    """JSON has no such number, or nobody can wait so long."""
    text = f'{{"lease_seconds": {number}}}'
    answer = area.put(URL, data=text, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert area.get(URL).json == DEFAULTS


def test_what_is_not_json_is_a_bad_request(area: Api) -> None:
    """Or of another type."""
    problem_of(area.put(URL, data="{", content_type="application/json"), 400)
    problem_of(area.put(URL, data="{}", content_type="text/csv"), 415)


@pytest.mark.parametrize("name", ["Nowhere", "no name", "x" * 129])
@pytest.mark.parametrize("body", ["{}", "{", '{"lease_seconds": 0}'])
def test_an_aoi_that_is_not_there_has_no_settings(area: Api, name: str, body: str) -> None:
    """Whatever else is wrong with the request."""
    url = f"/aoi/{name}/settings"
    problem_of(area.get(url), 404)
    problem_of(area.put(url, data=body, content_type="application/json"), 404)


def test_settings_are_gone_with_their_aoi(area: Api) -> None:
    """One of the same name begins with its own."""
    put(area, {"lease_seconds": 60})
    area.call("DELETE", f"/aoi/{AREA}")
    problem_of(area.get(URL), 404)
    assert area.with_area().get(URL).json == DEFAULTS


# --- queues ---

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/tile-jobs"
ARN = "arn:aws:sqs:eu-central-1:123456789012:scene-jobs"


@pytest.fixture
def listing() -> Api:
    """The same, with queues that may be contacted."""
    allowed = AllowedQueues.of("https://sqs.eu-central-1.amazonaws.com/123456789012/,arn:aws:sqs")
    services = Services(MemoryStore(), MemoryPublisher(), queues=allowed)
    return Api(services).with_area()


def test_an_aoi_may_name_queues_that_are_listed(listing: Api) -> None:
    """By URL or ARN; null takes one back."""
    given = {"scene_jobs_queue": ARN, "tile_jobs_queue": QUEUE}
    assert put(listing, given).json == DEFAULTS | given
    found = listing.services.store.find_aoi(AREA)
    assert found is not None
    assert (found.policy.queue_of("scene"), found.policy.queue_of("tile")) == (ARN, QUEUE)

    assert put(listing, {"tile_jobs_queue": None}).json == DEFAULTS | {"scene_jobs_queue": ARN}


@pytest.mark.parametrize(
    "address",
    [
        "https://sqs.eu-central-1.amazonaws.com/210987654321/tile-jobs",
        "https://sqs.eu-central-1.amazonaws.com.example.org/123456789012/tile-jobs",
        "http://169.254.169.254/123456789012/tile-jobs",
        "tile-jobs",
        "",
        7,
        "https://sqs.eu-central-1.amazonaws.com/123456789012/" + "x" * 500,
    ],
)
def test_any_other_queue_is_refused(listing: Api, address: object) -> None:
    """With its field, and what may be done about it."""
    answer = put(listing, {"tile_jobs_queue": address, "lease_seconds": 60})
    assert wrong_paths(answer) == ["tile_jobs_queue"]
    assert listing.get(URL).json == DEFAULTS


def test_without_a_list_no_queue_may_be_named(area: Api) -> None:
    """The answer says what lists them."""
    answer = put(area, {"scene_jobs_queue": ARN, "tile_jobs_queue": QUEUE})
    assert wrong_paths(answer) == ["scene_jobs_queue", "tile_jobs_queue"]
    assert "TILEWEAVE_QUEUES lists nothing" in answer.json["detail"]


@pytest.mark.parametrize("first", ["scene_jobs_queue", "tile_jobs_queue"])
def test_one_queue_is_not_that_of_scenes_and_of_tiles(listing: Api, first: str) -> None:
    """By URL and by ARN it is the same; of two regions it is not."""
    same = "arn:aws:sqs:eu-central-1:123456789012:tile-jobs"
    second = {"scene_jobs_queue": "tile_jobs_queue"}.get(first, "scene_jobs_queue")
    assert put(listing, {first: QUEUE}).status_code == 200
    for address in (QUEUE, same):
        answer = put(listing, {second: address})
        assert (answer.status_code, wrong_paths(answer)) == (422, ["tile_jobs_queue"])
    assert put(listing, {second: same.replace("central", "west")}).status_code == 200
