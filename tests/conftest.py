"""What all tests share: the emulators, started once, and a project of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from google.cloud.firestore import Client

from tileweave_emulators import Emulators, Running

if TYPE_CHECKING:
    from tests.aws import Aws


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


@pytest.fixture(scope="session")
def moto() -> Iterator[Aws]:
    """S3 and SQS on a loopback port, for the whole run."""
    from tests import aws as served  # noqa: PLC0415 - moto takes seconds to import: who uses it waits

    with served.serving() as running:
        yield running


@pytest.fixture
def aws(moto: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """S3 and SQS with nothing in them but the bucket `archive`, found by every client."""
    moto.reset()
    for name, value in moto.environment.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"):
        monkeypatch.delenv(name, raising=False)
    return moto
