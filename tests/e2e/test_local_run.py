"""The local run as the commands use it: jobs leased, given back, and handed out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.e2e.system import eventually
from tileweave.adapters.pull import Subscription
from tileweave.cli import denmark
from tileweave.cli.api import Api
from tileweave.cli.app import app
from tileweave.cli.kept import hand_out_again
from tileweave.cli.local_run import LocalRun, local_run
from tileweave.client import Client
from tileweave.usecases.received import Received

pytestmark = pytest.mark.usefixtures("own_process")


def names(received: list[Received]) -> list[str]:
    """Return the names of the scenes of these jobs."""
    return sorted(json.loads(each.data)["source_id"] for each in received)


def pulled(jobs: Subscription, count: int) -> list[Received]:
    """Return so many jobs, as soon as they are there."""
    found: list[Received] = []

    def check() -> None:
        found.extend(jobs.pull(count - len(found)))
        assert len(found) == count

    eventually(10, check)
    return found


def worked(kind: str) -> list[str]:
    """Work on all jobs there are; return what the worker said."""
    options = ["--simulate", "--seconds", "0", "--parallel", "3", "--until-idle", "1.5"]
    result = CliRunner().invoke(app, ["work", kind, *options])
    assert result.exit_code == 0
    return [line for line in result.stdout.splitlines() if line.endswith("DONE")]


def test_jobs_are_leased_given_back_and_worked_on(tmp_path: Path) -> None:
    with local_run(0, tmp_path / "data") as run, Client(run.url) as client:
        api = Api(client, denmark.AOI)
        api.create()
        for feature in denmark.features():
            api.add_scene(feature)
        look_at_the_subscription(run)
        assert hand_out_again() == 3
        assert len(worked("scenes")) >= 3
        assert len(worked("tiles")) == 9
        assert api.overview().settled
        assert hand_out_again() == 0


def look_at_the_subscription(run: LocalRun) -> None:
    """Take all jobs, give two of them back, and be done with one."""
    path = f"projects/{run.emulators.project}/subscriptions/scene-jobs"
    jobs = Subscription(path, run.emulators.pubsub_host)
    first = pulled(jobs, 3)
    assert jobs.pull(3) == []
    jobs.acknowledge(first[0].ack_id)
    jobs.give_back([each.ack_id for each in first[1:]])
    again = pulled(jobs, 2)
    assert names(again) == names(first[1:])
    jobs.extend([each.ack_id for each in again])
    jobs.give_back([each.ack_id for each in again])
