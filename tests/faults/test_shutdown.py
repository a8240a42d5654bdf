"""SIGTERM in the middle of a request or a message: it is finished, or comes again; never lost."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
import pytest
from google.pubsub_v1.types import PubsubMessage

from tests.e2e.system import Machine, Up, eventually, up
from tileweave.adapters.pubsub import emulated
from tileweave.cli.state import RunState

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

AREA = "Shutdown"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Where the commands run."""
    return Machine(tmp_path_factory.mktemp("shutdown"))


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    """One `tileweave up`, with Denmark in an AOI."""
    with up(machine) as running:
        running.ingest(AREA)
        yield running


def servers(system: Up, name: str) -> list[psutil.Process]:
    """Return the processes of a function, its master first."""
    found = [
        each
        for each in system.command.children()
        if {"functions_framework", name} <= set(each.cmdline())
    ]
    return sorted(found, key=lambda each: each.create_time())


def answered(system: Up, method: str, path: str) -> httpx.Response:
    """Return the answer to a call, once the function is started again."""

    def check() -> httpx.Response:
        with system.http as http:
            answer = http.request(method, path)
        assert answer.status_code == 200, answer.text
        return answer

    found: httpx.Response = eventually(30, check)
    return found


@contextmanager
def hanging_firestore(system: Up) -> Iterator[None]:
    """Have the Firestore emulator hang, so that whatever asks it is in the middle of something."""
    [firestore] = [
        each
        for each in system.command.children()
        if "java" in each.name() and "firestore" in " ".join(each.cmdline()).lower()
    ]
    firestore.suspend()
    try:
        yield
    finally:
        firestore.resume()


def wait_until_asked(master: psutil.Process) -> None:
    """Return when somebody waits for an answer of this server."""
    [port] = {
        each.laddr.port for each in master.net_connections() if each.status == psutil.CONN_LISTEN
    }

    def check() -> None:
        workers = master.children()
        connections = [each for worker in workers for each in worker.net_connections()]
        assert any(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
            for each in connections
        )

    eventually(10, check)


def terminated(system: Up, name: str, during: Future[Any] | None = None) -> None:
    """Send SIGTERM to a function that is in the middle of something; wait until it is gone."""
    master = servers(system, name)[0]
    wait_until_asked(master)
    master.send_signal(signal.SIGTERM)
    assert during is None or not during.done()


def test_a_call_is_finished(system: Up) -> None:
    """It is answered, and carried out once."""
    scene = system.get(f"/aoi/{AREA}/scenes?limit=1")["features"][0]["id"]
    before = system.get(f"/scene/{scene}")["properties"]
    with ThreadPoolExecutor(1) as threads:
        with hanging_firestore(system):
            call = threads.submit(_retry, system, scene)
            terminated(system, "scene", call)
        answer = call.result(60)
    assert answer.status_code == 200, answer.text
    after = answered(system, "GET", f"/scene/{scene}").json()["properties"]
    assert after["attempt"] == before["attempt"] + 1


def test_a_message_counts_once(system: Up) -> None:
    """Whether its delivery is finished, or it comes again."""
    tile = _a_root(system)
    body = {"type": "tile", "id": tile["ID"], "status": "DONE", "attempt": tile["Attempt"]}
    with hanging_firestore(system):
        _publish(system, body)
        terminated(system, "results")

    def applied() -> None:
        assert system.get(f"/tile/{tile['ID']}")["properties"]["Status"] == "DONE"

    eventually(60, applied)
    history: Any = system.get(f"/tile/{tile['ID']}/history")
    assert [each["to"] for each in history] == ["NEW", "PENDING", "DONE"]


def _retry(system: Up, scene: int) -> httpx.Response:
    with system.http as http:
        return http.put(f"/scene/{scene}/retry/force", timeout=60)


def _a_root(system: Up) -> dict[str, Any]:
    """Return a root tile that is handed out."""
    for each in system.get(f"/aoi/{AREA}/scenes")["features"]:
        answered(system, "PUT", f"/scene/{each['id']}/force/done")

    def pending() -> dict[str, Any]:
        found = system.get(f"/aoi/{AREA}/tiles/pending?view=tile")["features"]
        assert found
        first: dict[str, Any] = found[0]["properties"]
        return first

    found: dict[str, Any] = eventually(30, pending)
    return found


def _publish(system: Up, body: dict[str, Any]) -> None:
    """Publish a result, as a worker does."""
    state = system.machine.home / "state" / "tileweave" / f"up-{system.port}.json"
    environment = RunState.model_validate_json(state.read_bytes()).environment
    topic = f"projects/{environment['GOOGLE_CLOUD_PROJECT']}/topics/results"
    message = PubsubMessage(data=json.dumps(body).encode())
    emulated(environment["PUBSUB_EMULATOR_HOST"]).publish(topic=topic, messages=[message])
