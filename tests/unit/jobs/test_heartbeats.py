"""When heartbeats are due: at every third of a lease, from when the job was published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.cli.doubles import a_scene_job, a_tile_job
from tileweave.domain.errors import Unavailable
from tileweave.jobs.heartbeats import Heartbeats, lease_of, waited_since
from tileweave.jobs.job import Job


class Moments:
    """A clock, and what was sent when."""

    def __init__(self, *troubles: Exception) -> None:
        self.now = 0.0
        self.sent: list[tuple[float, int]] = []
        self.troubles = list(troubles)
        self.beats = Heartbeats(self.send, lambda: self.now)

    def send(self, job: Job) -> None:
        if self.troubles:
            raise self.troubles.pop()
        self.sent.append((self.now, job.id))

    def until(self, end: float) -> None:
        while self.now < end:
            self.now += 1
            self.beats.beat()


def test_they_come_at_every_third_of_a_lease() -> None:
    moments = Moments()
    moments.beats.begin("a", a_tile_job(), 90, 0)
    moments.until(100)
    assert moments.sent == [(30, 7), (60, 7), (90, 7)]


def test_a_job_that_waited_for_its_worker_is_told_of_sooner() -> None:
    """At once, if it waited for longer than that."""
    moments = Moments()
    moments.beats.begin("a", a_tile_job(), 90, 20)
    moments.beats.begin("b", a_scene_job(), 90, 80)
    moments.until(32)
    assert moments.sent == [(1, 3), (10, 7), (31, 3)]


def test_they_end_with_the_job() -> None:
    moments = Moments()
    moments.beats.begin("a", a_tile_job(), 3, 0)
    moments.until(2)
    moments.beats.end("a")
    moments.beats.end("never begun")
    moments.until(9)
    assert moments.sent == [(1, 7), (2, 7)]


def test_one_that_was_not_sent_is_due_a_second_later() -> None:
    moments = Moments(Unavailable("no answer"))
    moments.beats.begin("a", a_tile_job(), 90, 0)
    moments.until(29)
    moments.now = 30
    with pytest.raises(Unavailable):
        moments.beats.beat()
    moments.until(62)
    assert moments.sent == [(31, 7), (61, 7)]


@pytest.mark.parametrize(
    ("written", "lease"), [("60.0", 60), ("-1", 0), ("x", 86_400), ("", 86_400)]
)
def test_a_job_says_its_lease(written: str, lease: float) -> None:
    assert lease_of({"lease": written}) == lease


def test_a_job_that_does_not_has_a_day() -> None:
    assert lease_of({"type": "tile"}) == 86_400


def test_how_long_a_job_has_waited() -> None:
    """A clock that is late makes it nothing less than nothing."""
    now = datetime.now(UTC)
    assert waited_since(None) == 0
    assert 59 < waited_since(now - timedelta(minutes=1)) < 70
    assert waited_since(now + timedelta(minutes=1)) == 0
