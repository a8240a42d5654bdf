"""The overview of an AOI: as JSON, and as the text that existing tools parse."""

from __future__ import annotations

import pytest

from tests.builders import AOI, NOW, World, a_chain
from tests.unit.web.api import AREA, Api, a_request
from tileweave.domain.status import Event

NOTHING = {"new": 0, "pending": 0, "done": 0, "retry": 0, "failed": 0, "total": 0}

EMPTY_TEXT = """\
Scenes:
  new:     0
  pending: 0
  done:    0
  retry:   0
  failed:  0
  Total:   0
Tiles:
  new:     0
  pending: 0
  done:    0
  retry:   0
  failed:  0
  Total:   0
Root tiles : 0
"""

RUNNING_TEXT = """\
Scenes:
  new:     0
  pending: 2
  done:    1
  retry:   1
  failed:  0
  Total:   4
Tiles:
  new:     3
  pending: 0
  done:    1
  retry:   0
  failed:  0
  Total:   4
Root tiles : 1
  From: 2022-01-11
  To:   2022-02-16
"""


@pytest.fixture
def running() -> Api:
    """Four dates of one burst: one is done with its tile, one waits for a person."""
    world = World(*a_chain(4))
    world.answer(world.scene(0))
    world.settle()
    world.answer(world.tile(0))
    world.settle()
    world.operate(world.scene(3), Event.FORCE_STATUS_RETRY)
    return Api(world.services)


def test_an_empty_aoi_has_an_overview(api: Api) -> None:
    """No dates, no progress, NEW."""
    overview = api.with_area().overview()
    created = overview.pop("created_at")
    assert created.endswith("Z")
    assert overview == {
        "name": AREA,
        "status": "NEW",
        "scenes": NOTHING,
        "tiles": NOTHING,
        "root_tiles": 0,
        "from": None,
        "to": None,
        "progress": 0.0,
        "generation": 0,
    }


def test_the_overview_counts_scenes_and_tiles(running: Api) -> None:
    """By status, with the dates of the first and the last scene."""
    assert running.overview(AOI) == {
        "name": AOI,
        "status": "RETRY",
        "scenes": {**NOTHING, "pending": 2, "done": 1, "retry": 1, "total": 4},
        "tiles": {**NOTHING, "new": 3, "done": 1, "total": 4},
        "root_tiles": 1,
        "from": "2022-01-11T17:01:24Z",
        "to": "2022-02-16T17:01:24Z",
        "progress": 0.25,
        "created_at": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "generation": 0,
    }


@pytest.mark.parametrize(
    "accept", ["text/plain", "text/*", "text/plain, */*;q=0.1", "TEXT/PLAIN", "text/plain;q=0.5"]
)
def test_the_overview_is_text_for_whom_asks_for_it(running: Api, accept: str) -> None:
    """In the layout that existing tools parse."""
    answer = running.get(f"/aoi/{AOI}", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.text == RUNNING_TEXT


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/*", "text/html", "", "nonsense", "text/plain;q=0"],
)
def test_the_overview_is_json_for_everyone_else(running: Api, accept: str) -> None:
    """Also for those who would rather have something that there is not."""
    answer = running.get(f"/aoi/{AOI}", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")


def test_the_text_of_an_empty_aoi_has_no_dates(api: Api) -> None:
    """There are none to show."""
    answer = api.with_area().get(f"/aoi/{AREA}", headers={"Accept": "text/plain"})
    assert answer.text == EMPTY_TEXT


def test_creating_an_aoi_answers_text_too(api: Api) -> None:
    """To whom asks for it."""
    assert api.post(f"/aoi/{AREA}", headers={"Accept": "text/plain"}).text == EMPTY_TEXT


def test_dates_of_any_zone_and_year_are_shown_in_utc_with_four_digits(api: Api) -> None:
    """The first second of the calendar, and a day that begins earlier in the east."""
    api.with_area()
    for number, date in enumerate(("0001-01-01T00:00:00Z", "2022-01-12T01:30:00+05:00")):
        api.added(a_request(f"S{number}", data={"date": date}))
    overview = api.overview()
    assert (overview["from"], overview["to"]) == ("0001-01-01T00:00:00Z", "2022-01-11T20:30:00Z")
    text = api.get(f"/aoi/{AREA}", headers={"Accept": "text/plain"}).text
    assert text.endswith("  From: 0001-01-01\n  To:   2022-01-11\n")


def test_progress_counts_what_was_given_up(running: Api) -> None:
    """A run with failures comes to its end, too: here four scenes are, and one of four tiles."""
    for scene in list(running.services.store.scenes(AOI)):
        assert running.put(f"/scene/{scene.id}/fail/force").status_code == 200
    assert running.overview(AOI)["progress"] == 0.625
