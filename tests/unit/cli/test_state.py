"""Workers find a run by its file, as long as the run holds it."""

from pathlib import Path

import pytest

from tileweave.cli import connect, state
from tileweave.cli.errors import CommandError
from tileweave.cli.state import claimed

ENVIRONMENT = {"PUBSUB_EMULATOR_HOST": "127.0.0.1:1", "GOOGLE_CLOUD_PROJECT": "here"}


def test_a_run_is_found_once_it_is_ready_and_until_it_ends(state_folder: Path) -> None:
    with claimed(8080) as claim:
        assert state.running() == []
        claim.publish("http://127.0.0.1:8080", ENVIRONMENT)
        (found,) = state.running()
        assert (found.port, found.environment) == (8080, ENVIRONMENT)
        assert state.is_running(found)
    assert state.running() == []
    assert not state.is_running(found)
    assert list(state_folder.iterdir()) == []


def test_what_a_killed_run_left_is_stale(state_folder: Path) -> None:
    with claimed(8080) as claim:
        claim.publish("http://127.0.0.1:8080", ENVIRONMENT)
        left = (state_folder / "up-8080.json").read_text()
    (state_folder / "up-8080.json").write_text(left)
    assert state.running() == []
    with claimed(8080) as claim:
        claim.publish("http://127.0.0.1:8080", {})
        assert [each.environment for each in state.running()] == [{}]


def test_two_runs_cannot_have_the_same_port() -> None:
    with claimed(8080), pytest.raises(CommandError, match="port 8080"), claimed(8080):
        pass


def test_without_any_state_folder_nothing_runs() -> None:
    assert state.running() == []


@pytest.mark.parametrize("name", connect.NAMING)
def test_a_worker_goes_by_its_environment(name: str) -> None:
    with claimed(8080) as claim:
        claim.publish("http://127.0.0.1:8080", ENVIRONMENT)
        assert connect.find_run({name: "set"}, None) is None


def test_a_worker_finds_the_only_run() -> None:
    with claimed(8080) as claim:
        claim.publish("http://127.0.0.1:8080", ENVIRONMENT)
        run = connect.find_run({}, None)
        assert run is not None
        assert run.environment == ENVIRONMENT
        connect.check(run)
    with pytest.raises(CommandError, match="has ended"):
        connect.check(run)


def test_a_worker_must_choose_among_several_runs() -> None:
    with claimed(8080) as one, claimed(8081) as other:
        one.publish("http://127.0.0.1:8080", {})
        other.publish("http://127.0.0.1:8081", ENVIRONMENT)
        with pytest.raises(CommandError, match="8080, 8081"):
            connect.find_run({}, None)
        chosen = connect.find_run({"GOOGLE_CLOUD_PROJECT": "elsewhere"}, 8081)
        assert chosen is not None
        assert chosen.environment == ENVIRONMENT


def test_a_worker_is_told_that_nothing_runs_on_the_port() -> None:
    with pytest.raises(CommandError, match="no `tileweave up` runs on port 8081"):
        connect.find_run({}, 8081)


def test_a_worker_by_its_environment_has_no_run_to_check() -> None:
    connect.check(None)
    assert state.running() == []
