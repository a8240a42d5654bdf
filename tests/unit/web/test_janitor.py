"""The scheduler's call: what it answers, and what may be asked of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import AOI, World, a_new_scene, product
from tests.unit.web.api import Api, problem_of
from tileweave.domain.tally import Increments
from tileweave.usecases import janitor as usecase
from tileweave.web import janitor

KINDS = (
    "unpublished",
    "due",
    "not cut out",
    "ready, not handed out",
    "wrong totals",
    "half deleted",
)
NOTHING = dict.fromkeys(KINDS, 0)


@pytest.fixture
def world() -> World:
    """Two scenes whose leases ran out, and totals that are wrong."""
    world = World(a_new_scene(0), a_new_scene(1))
    world.take_jobs()
    world.now += timedelta(hours=24)
    world.store.commit([], [Increments(AOI, {"roots": 3})])
    return world


def test_a_call_answers_what_was_found(world: World) -> None:
    """How many of each kind, and each of them; the next time there is nothing."""
    api = Api(world.services)

    answer = api.janitor.post("/")

    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["dry_run"], body["more"]) == (False, False)
    assert body["counts"] == NOTHING | {"due": 2}
    assert len(body["findings"]) == 2
    for number in range(2):
        assert {
            "kind": "due",
            "aoi": AOI,
            "said": f"scene {product(number)}: its lease ran out: handed out",
            "type": "scene",
            "id": world.scene(number).id,
        } in body["findings"]
    assert len(world.take_jobs()) == 2
    assert api.janitor.post("/").get_json()["counts"] == NOTHING


def test_a_dry_run_mends_nothing(world: World) -> None:
    """It answers the same as the call that mends."""
    api = Api(world.services)

    dry = [api.janitor.post("/?dry_run=true&audit=true").get_json() for _ in range(2)]

    assert world.take_jobs() == []
    mended = api.janitor.post("/?audit=true").get_json()
    assert dry == [mended | {"dry_run": True}] * 2
    assert mended["counts"] == NOTHING | {"due": 2, "wrong totals": 1}


def test_an_audit_looks_further(world: World) -> None:
    """What it finds of an AOI as a whole names no scene or tile."""
    api = Api(world.services)
    api.janitor.post("/")

    body = api.janitor.post("/?audit=true").get_json()

    said = f"totals of {AOI}: corrected, roots by -3"
    assert body["findings"] == [{"kind": "wrong totals", "aoi": AOI, "said": said}]


def test_more_than_a_visit_does_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one goes on."""
    monkeypatch.setattr(usecase, "MOST", 1)
    api = Api(world.services)

    assert [api.janitor.post("/").get_json()["more"] for _ in range(3)] == [True, False, False]
    assert len(world.take_jobs()) == 2


def test_a_long_list_is_cut_and_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are of all."""
    monkeypatch.setattr(janitor, "SHOWN", 1)

    body = Api(world.services).janitor.post("/").get_json()

    assert (len(body["findings"]), body["counts"]["due"]) == (1, 2)


@pytest.mark.parametrize("name", ["audit", "dry_run"])
@pytest.mark.parametrize("value", ["", "1", "yes", "True"])
def test_a_flag_is_true_or_false(world: World, name: str, value: str) -> None:
    """Anything else does nothing."""
    answer = Api(world.services).janitor.post(f"/?{name}={value}")

    assert name in problem_of(answer, 400)["detail"]
    assert world.take_jobs() == []
