"""Both emulators from start to stop, with a false Java in their place."""

from pathlib import Path

import psutil
import pytest

from tests.unit.emulators.conftest import a_jar, a_serving_java, an_executable
from tileweave_emulators import (
    DataDamaged,
    DataError,
    DataInUse,
    EmulatorDied,
    Emulators,
    NotReady,
    PortInUse,
    Running,
    SaveFailed,
)
from tileweave_emulators.kinds import FIRESTORE, PUBSUB


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Return an environment with both jars installed, and a false Java that serves."""
    sdk = tmp_path / "sdk"
    a_jar(sdk / "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
    a_jar(sdk / "platform/pubsub-emulator/lib/cloud-pubsub-emulator-1-all.jar")
    a_serving_java(tmp_path / "jdk" / "bin")
    return {"CLOUDSDK_ROOT_DIR": str(sdk), "JAVA_HOME": str(tmp_path / "jdk")}


@pytest.fixture
def emulators(environ: dict[str, str], tmp_path: Path) -> Emulators:
    """Describe both emulators, with their logs kept."""
    return Emulators(environ=environ, log_dir=tmp_path / "logs")


def calls(running: Running, host: str) -> list[str]:
    """Return what was asked of the emulator at this host."""
    log = running.firestore.log
    assert log is not None
    return log.with_name(f"calls-{host.split(':')[1]}").read_text().splitlines()


def arguments(running: Running) -> str:
    """Return the command line that the Firestore emulator got."""
    log = running.firestore.log
    assert log is not None
    return log.read_text()


def test_both_answer_when_start_returns_and_are_gone_after_the_block(emulators: Emulators) -> None:
    """Their environment is what Google's clients read."""
    with emulators.start() as running:
        assert running.alive()
        assert running.environment() == {
            "FIRESTORE_EMULATOR_HOST": running.firestore_host,
            "PUBSUB_EMULATOR_HOST": running.pubsub_host,
            "GOOGLE_CLOUD_PROJECT": "tileweave-local",
        }
        assert running.firestore_host != running.pubsub_host
        assert len(running.processes) == 2
        running.check()
        assert "--project_id=tileweave-local" in arguments(running)

    assert running.died() == ("firestore", "pubsub")
    assert not any(psutil.pid_exists(process.pid) for process in running.processes)
    running.stop()


def test_without_a_place_for_logs_none_are_left(environ: dict[str, str]) -> None:
    """The temporary directory goes with the processes."""
    with Emulators(environ=environ).start() as running:
        assert running.firestore.log is not None
        folder = running.firestore.log.parent
        assert folder.is_dir()

    assert not folder.exists()


def test_an_emulator_that_dies_is_named_with_the_end_of_its_log(emulators: Emulators) -> None:
    """The other one still runs."""
    with emulators.start() as running:
        pubsub = running.processes[1]
        pubsub.kill()
        psutil.wait_procs([pubsub], timeout=10)

        assert running.died() == ("pubsub",)
        assert not running.alive()
        with pytest.raises(EmulatorDied, match=r"the Pub/Sub emulator ended; .*\narguments"):
            running.check()


def test_one_that_dies_at_start_takes_the_other_with_it(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """The error shows the last lines of its log, and nothing is left running."""
    script = """\
        #!/bin/sh
        [ "$1" = -version ] && { echo 'openjdk version "21"' >&2; exit; }
        echo "pid $$"
        case "$*" in *pubsub*) echo cannot bind >&2; exit 1;; esac
        exec sleep 60
        """
    an_executable(tmp_path / "other" / "bin" / "java", script)
    environ["JAVA_HOME"] = str(tmp_path / "other")
    logs = tmp_path / "logs"

    with pytest.raises(EmulatorDied, match=r"the Pub/Sub emulator ended(?s:.*)cannot bind"):
        Emulators(environ=environ, log_dir=logs, start_seconds=100).start()

    first = int((logs / "firestore.log").read_text().split()[1])
    assert not psutil.pid_exists(first)


def test_one_that_never_answers_is_given_up_after_the_time_allowed(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """It is told which one, where, and after how long."""
    script = """\
        #!/bin/sh
        [ "$1" = -version ] && { echo 'openjdk version "21"' >&2; exit; }
        exec sleep 60
        """
    an_executable(tmp_path / "other" / "bin" / "java", script)
    environ["JAVA_HOME"] = str(tmp_path / "other")

    with pytest.raises(NotReady, match=r"the Firestore emulator at .* did not answer within 0"):
        Emulators(environ=environ, start_seconds=0.3).start()


def test_a_port_in_use_is_told_before_anything_is_started(emulators: Emulators) -> None:
    """The one that has it goes on."""
    with emulators.start() as running:
        port = int(running.pubsub_host.split(":")[1])
        environ = emulators.environ
        with pytest.raises(PortInUse, match=str(port)):
            Emulators(environ=environ, pubsub_port=port).start()
        assert running.alive()


def test_hosts_of_the_environment_are_used_and_not_stopped(
    emulators: Emulators, environ: dict[str, str]
) -> None:
    """No process is started for them, and they outlive the block."""
    with emulators.start() as running:
        with Emulators(environ=environ | running.environment()).start() as user:
            assert user.processes == ()
            assert user.environment() == running.environment()
            assert user.firestore.origin == "FIRESTORE_EMULATOR_HOST"
        assert user.alive()
        assert running.alive()


def test_a_host_of_the_environment_that_does_not_answer_is_an_error(
    environ: dict[str, str],
) -> None:
    """It is never replaced in silence by one of our own."""
    environ["FIRESTORE_EMULATOR_HOST"] = "127.0.0.1:9"

    with pytest.raises(NotReady, match=r"Firestore emulator at 127.0.0.1:9"):
        Emulators(environ=environ, start_seconds=0.2).start()


def test_documents_are_saved_at_the_stop_and_read_at_the_next_start(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """One export is kept: the last complete one."""
    emulators = Emulators(environ=environ, data_dir=tmp_path / "data", log_dir=tmp_path / "logs")
    with emulators.start() as running:
        assert "--seed_from_export" not in arguments(running)
        running.save()
        first = list((tmp_path / "data").glob("export-*"))
    exports = list((tmp_path / "data").glob("export-*"))

    assert len(first) == len(exports) == 1
    assert first != exports
    with emulators.start() as running:
        seed = f"--seed_from_export={exports[0]}/firestore/firestore.overall_export_metadata"
        assert seed in arguments(running)


def test_a_failed_save_is_told_after_everything_has_ended(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """What was saved before still counts, and nothing half-written stays."""
    emulators = Emulators(environ=environ, data_dir=tmp_path / "data")
    running = emulators.start()
    running.save()
    before = sorted((tmp_path / "data").iterdir())
    running.processes[0].kill()
    psutil.wait_procs(running.processes[:1], timeout=10)

    with pytest.raises(SaveFailed, match="those saved before are kept"):
        running.stop()

    assert running.died() == ("firestore", "pubsub")
    assert sorted((tmp_path / "data").iterdir()) == before


def test_a_save_without_a_place_for_it_is_refused(emulators: Emulators) -> None:
    """Rather than lost."""
    with emulators.start() as running, pytest.raises(SaveFailed, match="without a data directory"):
        running.save()


def test_two_runs_cannot_have_the_same_data(environ: dict[str, str], tmp_path: Path) -> None:
    """The later one would overwrite what the earlier one saves."""
    emulators = Emulators(environ=environ, data_dir=tmp_path / "data")
    with emulators.start(), pytest.raises(DataInUse, match="in use by another run"):
        emulators.start()
    with emulators.start() as running:
        assert running.alive()


def test_data_that_is_named_but_gone_is_never_taken_for_none(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """An empty database would be saved over it at the end."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "current").write_text("export-gone")

    with pytest.raises(DataDamaged, match=r"export-gone.* is missing"):
        Emulators(environ=environ, data_dir=tmp_path / "data").start()


def test_an_export_that_was_killed_half_way_is_swept_up(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """The older one counts until the newer one is complete."""
    data = tmp_path / "data"
    with Emulators(environ=environ, data_dir=data).start():
        pass
    saved = (data / "current").read_text()
    (data / "export-half" / "firestore").mkdir(parents=True)

    with Emulators(environ=environ, data_dir=data).start():
        assert [one.name for one in data.glob("export-*")] == [saved]


def test_documents_of_somebody_elses_emulator_are_not_ours_to_keep(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """It can neither be started from them nor be known to hold only ours."""
    environ["FIRESTORE_EMULATOR_HOST"] = "127.0.0.1:9"

    with pytest.raises(DataError, match="started by somebody else"):
        Emulators(environ=environ, data_dir=tmp_path / "data").start()


def test_a_reset_asks_both_emulators_to_forget(emulators: Emulators) -> None:
    """All documents of the default database; what is listed of subscriptions and topics."""
    with emulators.start() as running:
        running.reset()

        project = "projects/tileweave-local"
        assert f"DELETE /emulator/v1/{project}/databases/(default)/documents" in calls(
            running, running.firestore_host
        )
        asked = calls(running, running.pubsub_host)
        assert f"GET /v1/{project}/subscriptions?pageToken=" in asked
        assert f"GET /v1/{project}/topics?pageToken=" in asked


def test_the_install_commands_are_those_of_each_package() -> None:
    """The component and the Debian package are named differently."""
    assert "components install pubsub-emulator`" in PUBSUB.how_to_install
    assert "google-cloud-cli-pubsub-emulator`" in PUBSUB.how_to_install
    assert "components install cloud-firestore-emulator`" in FIRESTORE.how_to_install
