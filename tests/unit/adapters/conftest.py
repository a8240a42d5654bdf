from types import SimpleNamespace

import pytest
import tenacity.nap


@pytest.fixture(autouse=True)
def no_pauses_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries follow each other at once: nobody else is at work while a test waits."""
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))
