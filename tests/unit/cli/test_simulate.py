"""Simulated work repeats: its outcome depends on seed, names and attempt, and on nothing else."""

import threading

import pytest

from tests.unit.cli.doubles import a_scene_job, a_tile_job
from tileweave.cli.simulate import Simulation
from tileweave.jobs.job import Job

JOBS = [a_tile_job(f"A44_IW1_{number}") for number in range(2_000)]


def test_the_outcomes_do_not_depend_on_the_order_of_the_jobs() -> None:
    simulation = Simulation(fail=0.3, retry=0.3, seed=1)
    forward = {job.source_id: simulation.outcome(job) for job in JOBS}
    backward = {job.source_id: simulation.outcome(job) for job in reversed(JOBS)}
    assert forward == backward


def test_the_rates_are_those_that_were_asked_for() -> None:
    simulation = Simulation(fail=0.2, retry=0.3, seed=5)
    statuses = [simulation.outcome(job).status for job in JOBS]
    assert statuses.count("FAILED") / len(JOBS) == pytest.approx(0.2, abs=0.03)
    assert statuses.count("RETRY") / len(JOBS) == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("fail", "retry", "all_of_them"), [(0, 0, "DONE"), (1, 0, "FAILED"), (0, 1, "RETRY")]
)
def test_a_rate_of_one_is_all_of_them(fail: float, retry: float, all_of_them: str) -> None:
    simulation = Simulation(fail=fail, retry=retry)
    assert {simulation.outcome(job).status for job in JOBS} == {all_of_them}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_tile_job("A44_IW1_8951"), a_tile_job("A44_IW1_8979")),
        (a_tile_job(scene="S1A_1"), a_tile_job(scene="S1A_2")),
        (a_tile_job(attempt=1), a_tile_job(attempt=2)),
        (a_scene_job("S1A_1"), a_scene_job("S1A_2")),
        (a_scene_job("S1A_1"), a_tile_job("S1A_1", scene="S1A_1")),
    ],
)
def test_whatever_names_a_job_makes_a_difference(one: Job, other: Job) -> None:
    differ = [
        simulation.outcome(one).status != simulation.outcome(other).status
        for simulation in (Simulation(fail=0.5, seed=seed) for seed in range(50))
    ]
    assert 5 < sum(differ) < 45


def test_a_job_without_attempt_counts_as_the_first() -> None:
    simulation = Simulation(fail=0.4, retry=0.4, seed=3)
    assert simulation.outcome(a_tile_job(attempt=None)) == simulation.outcome(a_tile_job(attempt=1))


def test_what_does_not_end_well_says_why_and_names_itself() -> None:
    failed = Simulation(fail=1).outcome(a_scene_job("S1A_IW_SLC"))
    assert "S1A_IW_SLC" in failed.message


def test_an_asked_stop_gives_the_job_back_at_once() -> None:
    stop = threading.Event()
    stop.set()
    assert Simulation(seconds=60)(a_tile_job(), stop) is None


def test_it_answers_after_its_time() -> None:
    outcome = Simulation(seconds=0.01)(a_tile_job(), threading.Event())
    assert outcome is not None
    assert outcome.status == "DONE"
