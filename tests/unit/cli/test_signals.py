"""The first signal asks, the second one kills, and what is stopped is not interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from tileweave.cli import signals

pytestmark = pytest.mark.usefixtures("own_signals")


def ask(number: signal.Signals) -> None:
    """Get a signal in a block that it may interrupt."""
    with signals.asking():
        os.kill(os.getpid(), number)
        signal.pause()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_stops_the_block(number: signal.Signals) -> None:
    with pytest.raises(signals.Asked):
        ask(number)


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note with which exit code this process would have been ended."""
    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    return codes


def test_a_signal_after_the_block_does_not_interrupt_the_clean_up(killed: list[int]) -> None:
    with signals.asking():
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    assert killed == []


def test_the_next_signal_kills(killed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "SAME_SECONDS", 0)
    with pytest.raises(signals.Asked):
        ask(signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    assert killed == [128 + signal.SIGINT]


def test_a_signal_that_comes_twice_at_once_is_one(killed: list[int]) -> None:
    with pytest.raises(signals.Asked):
        ask(signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert killed == []


def test_a_signal_can_call_something_else() -> None:
    called: list[bool] = []
    signals.on_first(lambda: called.append(True))
    os.kill(os.getpid(), signal.SIGINT)
    assert called == [True]


CODE = """
import os, signal, subprocess, sys, time
from tileweave.cli import signals
signals.on_first(lambda: print("asked", flush=True))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
while True:
    time.sleep(1)
"""


def test_the_second_signal_kills_everything_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "asked\n"

        @retry(stop=stop_after_delay(10), wait=wait_fixed(0.1))
        def until_killed() -> int:
            process.send_signal(signal.SIGTERM)
            return process.wait(0)

        assert until_killed() == 128 + signal.SIGTERM
    gone, _ = psutil.wait_procs([child], timeout=5)
    assert gone == [child]
