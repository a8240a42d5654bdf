"""Results that are lost, late or sent twice on purpose: as the rates and the seed say."""

from __future__ import annotations

import json

import pytest

from tileweave.cli.troubles import Troubles
from tileweave.jobs.job import Job, read_job


def a_job(number: int, attempt: int = 1) -> Job:
    """Return the job of a scene."""
    body = {"id": number, "source_id": f"S1A_{number}", "aoi": "A", "data": {}, "attempt": attempt}
    return read_job(json.dumps(body).encode())


def test_without_troubles_a_result_is_sent_once_and_at_once() -> None:
    assert Troubles().deliveries(a_job(1)) == [0.0]


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_so_many_results_are_lost(rate: float) -> None:
    troubles = Troubles(drop=rate, duplicate=1.0)
    lost = sum(troubles.deliveries(a_job(number)) == [] for number in range(1, 2_001))
    assert lost / 2_000 == pytest.approx(rate, abs=0.04)


@pytest.mark.parametrize("rate", [0.0, 0.25, 1.0])
def test_so_many_results_are_sent_twice(rate: float) -> None:
    troubles = Troubles(duplicate=rate)
    twice = sum(len(troubles.deliveries(a_job(number))) == 2 for number in range(1, 2_001))
    assert twice / 2_000 == pytest.approx(rate, abs=0.04)


def test_results_are_late_by_up_to_the_delay() -> None:
    """Each by another time, and of two that are the same the earlier one first."""
    troubles = Troubles(duplicate=1.0, delay=3.0)
    late = [troubles.deliveries(a_job(number)) for number in range(1, 201)]
    assert all(0 <= first <= second < 3.0 for first, second in late)
    assert len({first for first, _ in late}) == 200


def test_troubles_are_the_same_in_every_run_and_others_for_another_attempt() -> None:
    troubles = Troubles(0.3, 1.0, 0.3, seed=1)
    assert troubles.deliveries(a_job(1)) == troubles.deliveries(a_job(1))
    other = [troubles.deliveries(a_job(1, attempt)) for attempt in range(1, 6)]
    assert len({tuple(each) for each in other}) > 2
