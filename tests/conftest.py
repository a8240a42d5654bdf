"""What all tests share: the emulators, started once, and a project of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from google.cloud.firestore import Client

from tileweave_emulators import Emulators, Running


@pytest.fixture(scope="session")
def emulators() -> Iterator[Running]:
    """The official Firestore and Pub/Sub emulators, for the whole run."""
    with Emulators(project="tileweave-tests").start() as running:
        yield running


@pytest.fixture
def project() -> str:
    """The name of a project that no other test uses: the emulators keep projects apart."""
    return f"tests-{uuid4().hex[:12]}"


@pytest.fixture
def firestore_client(
    emulators: Running, project: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    """A client of the Firestore emulator, in the test's own project."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulators.firestore_host)
    client = Client(project=project)
    yield client
    client.close()
