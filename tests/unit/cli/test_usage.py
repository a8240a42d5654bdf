"""What is asked wrongly is answered with a usage error and exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from tileweave import __version__
from tileweave.cli.app import app
from tileweave.cli.errors import CommandError, told
from tileweave_emulators import JavaNotFound

pytestmark = pytest.mark.usefixtures("own_signals")


QUEUES = ("--queue", "https://a", "--results-queue", "https://a")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["work"], "Missing argument"),
        (["work", "bursts", "--simulate"], "bursts"),
        (["work", "tiles"], "either --simulate, or --exec"),
        (["work", "tiles", "--simulate", "--exec", "true"], "either --simulate, or --exec"),
        (["work", "tiles", "--simulate", "--fail", "1.5"], "--fail"),
        (["work", "tiles", "--simulate", "--retry", "-0.1"], "--retry"),
        (["work", "tiles", "--simulate", "--fail", "0.6", "--retry", "0.6"], "more than 1"),
        (["work", "tiles", "--simulate", "--seconds", "-1"], "--seconds"),
        (["work", "tiles", "--simulate", "--parallel", "0"], "--parallel"),
        (["work", "tiles", "--exec", "no-such-program-here"], "no program"),
        (["work", "tiles", "--exec", ""], "no program"),
        (["work", "tiles", "--exec", "'open"], "cannot be read"),
        (["work", "tiles", "--exec", "true", "--timeout", "0"], "--timeout"),
        (["work", "tiles", "--exec", "true", "--queue", "https://a"], "go together"),
        (["work", "tiles", "--exec", "true", "--results-queue", "https://a"], "go together"),
        (
            [*("work", "tiles", "--exec", "true", "--port", "1"), *QUEUES],
            "without --port",
        ),
        (["up", "--port", "70000"], "--port"),
        (["demo", "--fail", "0.6", "--retry", "0.6"], "more than 1"),
        (["nothing"], "nothing"),
    ],
)
def test_a_usage_error(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_worker_without_anything_to_work_for_ends_with_one_line() -> None:
    result = CliRunner().invoke(app, ["work", "tiles", "--exec", sys.executable])
    assert result.exit_code == 1
    assert result.stderr.startswith("tileweave: no `tileweave up` runs, and neither PUBSUB_")
    assert result.stderr.count("\n") == 1


def test_a_worker_on_what_is_no_queue_ends_with_one_line() -> None:
    result = CliRunner().invoke(app, ["work", "tiles", "--exec", sys.executable, *QUEUES])
    assert result.exit_code == 1
    assert result.stderr.startswith("tileweave: 'https://a' is neither the URL of an SQS queue")
    assert result.stderr.count("\n") == 1


def test_the_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.strip() == __version__


def test_an_error_of_the_emulators_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught, told():
        raise JavaNotFound("the emulators need Java 11 or newer")
    assert caught.value.exit_code == 1
    assert capsys.readouterr().err == "tileweave: the emulators need Java 11 or newer\n"


def test_an_error_while_stopping_comes_after_the_one_that_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def saving() -> Iterator[None]:
        try:
            yield
        finally:
            raise CommandError("nothing was saved")

    with pytest.raises(typer.Exit), told(), saving():
        raise CommandError("the emulator ended")
    assert (
        capsys.readouterr().err == "tileweave: the emulator ended\ntileweave: nothing was saved\n"
    )


def test_a_file_that_cannot_be_used_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), told():
        raise PermissionError(13, "Permission denied", "/data/lock")
    assert capsys.readouterr().err == "tileweave: /data/lock: Permission denied\n"


def test_an_error_that_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ConnectionError), told():
        raise ConnectionError("from the program itself")
