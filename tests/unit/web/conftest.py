from types import SimpleNamespace

import pytest
import tenacity.nap

from tests.unit.web.api import Api


@pytest.fixture
def api() -> Api:
    """All functions, over one empty store in memory."""
    return Api()


@pytest.fixture(autouse=True)
def no_pauses_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow each other at once: nobody else is at work while a test waits."""
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))
