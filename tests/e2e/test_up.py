"""`tileweave up`: what is deployed, on this machine, behind one URL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import grpc
import pytest
from google.pubsub_v1 import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.e2e.system import Machine, Up, eventually, up
from tileweave.cli.state import RunState


class Jobs:
    """Sees every tile's job, and when it was published, beside the workers."""

    def __init__(self, system: Up) -> None:
        state = system.machine.home / "state" / "tileweave" / f"up-{system.port}.json"
        environment = RunState.model_validate_json(state.read_bytes()).environment
        channel = grpc.insecure_channel(environment["PUBSUB_EMULATOR_HOST"])
        self._client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        project = f"projects/{environment['GOOGLE_CLOUD_PROJECT']}"
        self._path = f"{project}/subscriptions/seen"
        self._client.create_subscription(name=self._path, topic=f"{project}/topics/tile-jobs")

    def take(self, count: int) -> list[tuple[datetime, dict[str, Any]]]:
        """Return so many jobs, each with the time of its publication."""
        pulled = self._client.pull(subscription=self._path, max_messages=count + 1, timeout=10)
        messages = [each.message for each in pulled.received_messages]
        assert len(messages) == count
        return [(cast("datetime", each.publish_time), json.loads(each.data)) for each in messages]


def done_at(system: Up, job: dict[str, Any]) -> list[datetime]:
    """Return when each of those was DONE that a tile depends on; nothing has changed since."""
    scene = system.get(f"/scene/{job['scene']['id']}")["properties"]
    linked = [job[name]["id"] for name in ("tile_previous", "tile_reference") if job[name]["id"]]
    tiles = [system.get(f"/tile/{each}")["properties"] for each in linked]
    assert {scene["status"], *(each["Status"] for each in tiles)} == {"DONE"}
    moments = [scene["updated_at"], *(each["UpdatedAt"] for each in tiles)]
    return [datetime.fromisoformat(each) for each in moments]


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    """One `tileweave up` for the tests of this module."""
    with up(machine) as running:
        yield running


def test_it_is_ready_when_it_says_so(system: Up) -> None:
    assert system.get("/")["status"] == "ok"
    with system.http as http:
        missing = [http.get(path) for path in ("/aoi/none", "/scene/1", "/tile/1", "/nothing")]
    assert [each.status_code for each in missing] == [404] * 4
    assert {each.headers["content-type"] for each in missing} == {"application/problem+json"}


def test_a_port_in_use_is_one_line_and_leaves_nothing(machine: Machine, system: Up) -> None:
    began = time.monotonic()
    second = machine.run("up", "--port", system.port)
    assert second.returncode == 1
    assert second.stdout == ""
    said = "stop what listens there, or choose another with --port"
    assert second.stderr == f"tileweave: port {system.port} is in use: {said}\n"
    assert time.monotonic() - began < 5
    assert system.get("/")["status"] == "ok"


def test_a_function_that_was_killed_is_unavailable_until_it_is_back(system: Up) -> None:
    system.command.child("--target", "scene").kill()

    def told() -> None:
        assert any("scene ended and is started again" in line for line in system.command.err)

    def back() -> None:
        with system.http as http:
            answer = http.get("/scene/1")
        assert answer.headers["content-type"] == "application/problem+json"
        if answer.status_code != 404:
            statuses.append(answer.status_code)
        assert answer.status_code == 404

    statuses: list[int] = []
    eventually(5, told)
    eventually(5, back)
    assert set(statuses) <= {503}


def test_denmark_comes_to_its_end_and_no_tile_is_handed_out_early(system: Up) -> None:
    jobs = Jobs(system)
    system.ingest("Denmark")
    with (
        system.machine.running("work", "scenes", "--exec", "cat"),
        system.machine.running("work", "tiles", "--simulate", "--seconds", "0.2"),
    ):
        system.until_done("Denmark")
    handed_out = jobs.take(9)
    assert len({job["id"] for _, job in handed_out}) == 9
    for published, job in handed_out:
        assert all(each < published for each in done_at(system, job))


def test_a_run_goes_on_when_the_function_that_takes_results_is_killed(system: Up) -> None:
    system.ingest("Killed")
    with system.workers("--seconds", "0.3"):

        def check() -> None:
            assert system.done("Killed") >= (3, 1)

        eventually(30, check)
        system.command.child("--target", "results").kill()
        assert system.done("Killed") < (3, 9)
        system.until_done("Killed", 30)


def test_a_worker_ends_by_itself_when_it_was_idle(machine: Machine, system: Up) -> None:
    idle = machine.run("work", "tiles", "--simulate", "--until-idle", "0.5", "--port", system.port)
    assert (idle.returncode, idle.stdout, idle.stderr) == (0, "", "")


def test_a_worker_that_is_asked_to_stop_gives_its_job_back(machine: Machine, system: Up) -> None:
    system.ingest("Stopped")
    with machine.running("work", "scenes", "--simulate", "--seconds", "600") as slow:
        assert slow.wait_for("scene S1A").endswith("taken")
        assert slow.stop() == 0
        assert slow.wait_for("scene S1A").endswith("given back")
    with system.workers("--seconds", "0"):
        system.until_done("Stopped")
