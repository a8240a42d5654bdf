"""A machine for each module: commands that know nothing of each other's states."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.e2e.system import Machine, environment
from tileweave import compose

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Where a module's commands run."""
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture
def own_process(tmp_path: Path) -> Iterator[None]:
    """Let a command run in the tests' own process, and put back what it changes there."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with mock.patch.dict(os.environ, environment(tmp_path), clear=True):
        _forget_services()
        yield
    _forget_services()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _forget_services() -> None:
    for made in (compose.for_calls, compose.for_messages, compose.settings):
        made.cache_clear()
    for client in (compose.store, compose.publisher):
        client.cache_clear()
