"""`tileweave consume`: it takes the functions' messages, and gives them back however it ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.system import Machine, Up, eventually, up
from tileweave.adapters.pull import Subscription
from tileweave.cli.state import RunState

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

STALL_SECONDS = 30
"""How long a run may stand still when a process is killed (SPEC section 6)."""


@pytest.fixture(scope="module")
def system(machine: Machine) -> Iterator[Up]:
    with up(machine) as running:
        yield running


def environment_of(system: Up) -> dict[str, str]:
    """Return what a worker of the run needs."""
    [path] = (system.machine.home / "state" / "tileweave").glob("up-*.json")
    return dict(RunState.model_validate_json(path.read_bytes()).environment)


def pushed_to(system: Up, topic: str = "results") -> str:
    """Return where messages are pushed to; "" if they are pulled."""
    environment = environment_of(system)
    project = environment["GOOGLE_CLOUD_PROJECT"]
    name = f"projects/{project}/subscriptions/{topic}"
    return Subscription(name, environment["PUBSUB_EMULATOR_HOST"]).pushes_to


def test_a_consumer_takes_the_messages_and_gives_them_back(system: Up) -> None:
    """Denmark runs through it; when it is idle it ends, and the functions run the next one."""
    with (
        system.workers("--seconds", "0.1"),
        system.machine.running("consume", "--port", system.port, "--until-idle", "3") as consumer,
    ):
        consumer.wait_for("Taking results and dependency-updates")
        assert pushed_to(system) == ""
        system.ingest("Consumed")
        system.until_done("Consumed")
        taken = int(consumer.wait_for("").partition(" ")[0])
        assert consumer.process.wait(10) == 0
        assert taken >= 12  # a result of each scene and tile, and updates

        eventually(10, lambda: _is(pushed_to(system) != ""))
        system.ingest("Pushed")
        system.until_done("Pushed")


def test_a_run_goes_on_when_its_consumer_is_killed(system: Up) -> None:
    """Whatever it had taken comes again, to the functions."""
    with (
        system.workers("--seconds", "0.3"),
        system.machine.running("consume", "--port", system.port) as consumer,
    ):
        consumer.wait_for("Taking")
        system.ingest("Killed")
        eventually(20, lambda: _is(system.done("Killed")[0] > 0))

        consumer.process.send_signal(signal.SIGKILL)

        system.until_done("Killed", STALL_SECONDS)


def test_a_consumer_that_is_killed_beside_another_leaves_its_own_messages_only(system: Up) -> None:
    """One takes results, the other updates: the functions get the results again."""
    with (
        system.workers("--seconds", "0.1"),
        system.machine.running("consume", "results", "--port", system.port) as results,
        system.machine.running("consume", "dependency-updates", "--port", system.port) as updates,
    ):
        results.wait_for("Taking results")
        updates.wait_for("Taking dependency-updates")
        results.process.send_signal(signal.SIGKILL)

        eventually(10, lambda: _is(pushed_to(system) != ""))
        assert pushed_to(system, "dependency-updates") == ""
        system.ingest("Split")
        system.until_done("Split", STALL_SECONDS)


def test_a_consumer_without_credentials_says_so(tmp_path: Path) -> None:
    """In a line, not in a stack trace."""
    named = {"GOOGLE_CLOUD_PROJECT": "nobodys-project", "GOOGLE_APPLICATION_CREDENTIALS": "/none"}

    ended = Machine(tmp_path, named).run("consume")

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "/none" in ended.stderr


def test_a_consumer_takes_nothing_away_from_functions_that_are_deployed(
    system: Up, tmp_path: Path
) -> None:
    """Where the environment names the project, it does not change a subscription."""
    ended = Machine(tmp_path, environment_of(system)).run("consume")

    assert ended.returncode == 1
    assert "the messages of results are pushed to http://127.0.0.1" in ended.stderr
    assert pushed_to(system) != ""


def _is(true: object) -> None:
    assert true
