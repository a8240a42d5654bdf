"""Jobs of a subscription: what goes wrong is told as every worker understands it."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import NotFound, ServiceUnavailable

from tileweave import compose
from tileweave.domain.errors import Unavailable
from tileweave.jobs.errors import WorkerError
from tileweave.jobs.sources import PubSubJobs, of_project


class Broken:
    """A subscription that answers everything with an error."""

    path = "projects/here/subscriptions/tile-jobs"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method
        def call(*_: object) -> None:
            raise self.error

        return call


@pytest.mark.parametrize(
    ("error", "told", "said"),
    [
        (NotFound("no such thing"), WorkerError, "there is no projects/here/subscriptions/tile"),
        (ServiceUnavailable("restarting"), Unavailable, "restarting"),
    ],
)
def test_an_error_of_pubsub_is_translated(
    error: Exception, told: type[Exception], said: str
) -> None:
    broken: Any = Broken(error)
    jobs = PubSubJobs(broken)
    for call in (
        lambda: jobs.pull(1),
        lambda: jobs.extend(["a"]),
        lambda: jobs.give_back(["a"]),
        lambda: jobs.acknowledge("a"),
    ):
        with pytest.raises(told, match=said):
            call()


def test_a_topic_that_is_misnamed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWEAVE_TILE_JOBS_TOPIC", "!")
    with pytest.raises(WorkerError, match="TILEWEAVE_TILE_JOBS_TOPIC"):
        of_project("tile")


def test_a_worker_without_credentials_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line, not in a stack trace."""
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/none")
    compose.publisher.cache_clear()
    with pytest.raises(WorkerError, match="/none"):
        of_project("tile")
