"""However `tileweave up` ends, nothing of it is left running, and `--data` keeps the documents."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

from tests.e2e.system import STOP_SECONDS, Machine, up


def test_one_signal_stops_every_process(machine: Machine) -> None:
    with up(machine) as running:
        everyone = running.command.children()
        assert running.command.stop(signal.SIGTERM) == 0
        _, left = psutil.wait_procs(everyone, timeout=0.5)
    assert len(everyone) >= 10
    assert left == []
    assert list((machine.home / "state" / "tileweave").glob("up-*.json")) == []


def test_nothing_outlives_a_killed_run(machine: Machine) -> None:
    with up(machine) as running:
        everyone = running.command.children()
        running.command.stop(signal.SIGKILL)
        _, left = psutil.wait_procs(everyone, timeout=STOP_SECONDS)
    assert left == []


def test_an_emulator_that_ends_ends_the_run(machine: Machine) -> None:
    with up(machine) as running:
        everyone = running.command.children()
        firestore = [each for each in everyone if "firestore" in " ".join(each.cmdline())]
        firestore[0].kill()
        assert running.command.process.wait(STOP_SECONDS) == 1
        _, left = psutil.wait_procs(everyone, timeout=0.5)
    assert left == []
    assert [line for line in running.command.err if "the firestore emulator ended" in line]


def test_with_data_a_run_goes_on_where_the_last_one_stopped(
    machine: Machine, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path))
    with up(machine, *data) as first:
        first.ingest("Kept")
        before = first.get("/aoi/Kept")
        assert first.command.stop(signal.SIGINT) == 0
    with up(machine, *data) as second:
        assert second.get("/aoi/Kept") == before
        assert [line for line in second.command.err if "3 jobs" in line]
        with second.workers("--seconds", "0"):
            second.until_done("Kept")
