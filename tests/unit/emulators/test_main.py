"""`python -m tileweave_emulators`, without emulators."""

import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.emulators.conftest import FileServer
from tileweave_emulators.__main__ import main


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Put the handlers of the test run back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class SignalledWhenFlushed(io.StringIO):
    """A standard output whose reader sends SIGTERM as soon as it gets something."""

    def flush(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_the_variables_are_printed_when_both_answer_and_a_signal_ends_it(
    file_server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They can be pasted into a shell."""
    file_server.files["/"] = b"Ok"
    host = file_server.url.split("/")[2]
    for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"):
        monkeypatch.setenv(name, host)
    monkeypatch.setattr(sys, "stdout", output := SignalledWhenFlushed())

    assert main(["--project", "my project"]) == 0
    assert output.getvalue().splitlines() == [
        f"export FIRESTORE_EMULATOR_HOST={host}",
        f"export PUBSUB_EMULATOR_HOST={host}",
        "export GOOGLE_CLOUD_PROJECT='my project'",
    ]


def test_what_cannot_be_started_is_one_line_and_status_1(
    file_server: FileServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a stack trace."""
    for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "CLOUDSDK_ROOT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TILEWEAVE_EMULATOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TILEWEAVE_EMULATOR_MIRROR", file_server.url)

    assert main([]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: the Firestore emulator is not installed")
    assert told.count("\n") == 1
