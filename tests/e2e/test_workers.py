"""Workers beside the data: jobs go to a queue on AWS, and results come back by one."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.aws import Aws
from tests.e2e.system import Machine, Up, up

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LEASE_SECONDS = 3

TAKEN = re.compile(r"(?P<tile>\S+) of (?P<scene>\S+), attempt (?P<attempt>\d+): taken")

HANGS = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"

PYTHON = """
from tileweave.worker import SceneJob, scenes

@scenes(parallel=2)
def download(job: SceneJob) -> str:
    return f"downloaded {job.datetime:%Y-%m-%d}"

download.run()
"""


@pytest.fixture
def queues(aws: Aws) -> tuple[str, str]:
    """Two queues: of jobs, and of results."""
    sqs = boto3.client("sqs")
    jobs, results = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("jobs", "results"))
    return jobs, results


def test_tiles_are_worked_on_beside_the_data(
    aws: Aws, queues: tuple[str, str], tmp_path: Path
) -> None:
    """A job that outlasts its lease stays with its worker; once that is killed others get it."""
    jobs, results = queues
    places = {"TILEWEAVE_QUEUES": aws.url, "TILEWEAVE_RESULTS_QUEUE": results}
    machine = Machine(tmp_path, {**aws.environment, **places})
    script = tmp_path / "worker.py"
    script.write_text(PYTHON)
    beside = ("work", "tiles", "--queue", jobs, "--results-queue", results, "--exec")
    with up(machine, "--janitor", "0.5") as system:
        _prepare(system, jobs)
        hangs = machine.running(*beside, f'{sys.executable} -c "{HANGS}"')
        # It waits for jobs before there are any: none has lost its lease when it is taken.
        with hangs as doomed, machine.process([sys.executable, str(script)]):
            taken = TAKEN.fullmatch(doomed.wait_for("tile "))
            assert taken is not None
            time.sleep(1.5 * LEASE_SECONDS)  # nothing tells of what does not happen
            tile = _tile(system, taken)
            assert (tile["Status"], tile["Attempt"]) == ("PENDING", int(taken["attempt"]))
            doomed.process.kill()
            doomed.process.wait()
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

            with machine.running(*beside, "true", "--parallel", "3") as others:
                again = others.wait_for(f"tile {taken['tile']} of {taken['scene']}, attempt ")
                system.until_done("Beside", 40)
                others.process.kill()  # a clean end would wait for the queue
        tile = _tile(system, taken)
        # A queue delivers at least once: it may be the same attempt, but never an older one.
        assert tile["Attempt"] >= int(again.removesuffix(": taken")) >= int(taken["attempt"])
        scenes = system.get("/aoi/Beside/scenes")["features"]
        assert {each["properties"]["message"][:11] for each in scenes} == {"downloaded "}
        assert system.get("/rejected?kind=malformed")["rejected"] == []


def _prepare(system: Up, jobs: str) -> None:
    """Have jobs of tiles go to a queue, with a short lease."""
    system.ingest("Beside")
    with system.http as http:
        settings = {"lease_seconds": LEASE_SECONDS, "tile_jobs_queue": jobs}
        http.put("/aoi/Beside/settings", json=settings).raise_for_status()


def _tile(system: Up, taken: re.Match[str]) -> dict[str, Any]:
    """Return the tile that a worker has taken."""
    tiles = system.get("/aoi/Beside/tiles?view=tile")["features"]
    named = taken["tile"], taken["scene"]
    [found] = [
        each["properties"]
        for each in tiles
        if (each["properties"]["SourceID"], each["properties"]["SceneID"]) == named
    ]
    properties: dict[str, Any] = found
    return properties
