"""What is composed of the environment: queues, where they are configured."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tileweave import compose
from tileweave.domain.errors import NotAccepted
from tileweave.domain.messages import Message, Topic
from tileweave.settings import Settings

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/results"
MADE = (compose.settings, compose.queue_publisher, compose.results_inbox)


@pytest.fixture(autouse=True)
def made_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have everything made anew, and nothing that this machine knows of AWS."""
    for name in ("TILEWEAVE_QUEUES", "TILEWEAVE_RESULTS_QUEUE", "TILEWEAVE_QUEUE_BYTES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    for each in MADE:
        each.cache_clear()
    yield
    for each in MADE:
        each.cache_clear()


def test_without_a_queue_of_results_there_is_none() -> None:
    assert compose.results_inbox() is None


def test_results_are_taken_from_the_queue_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEWEAVE_RESULTS_QUEUE", QUEUE)
    inbox = compose.results_inbox()
    assert inbox is not None
    assert inbox.path == QUEUE


def test_no_queue_is_published_to_that_is_not_listed() -> None:
    """By default none is."""
    job = Message(Topic.TILE_JOBS, {"id": 1}, {"type": "tile", "aoi": "A"}, QUEUE)
    with pytest.raises(NotAccepted, match="TILEWEAVE_QUEUES"):
        compose.queue_publisher().publish([job])


@pytest.mark.parametrize(("written", "size"), [("", 1_048_576), ("262144", 262_144)])
def test_the_size_of_a_message_is_what_is_said(written: str, size: int) -> None:
    assert Settings.of({"TILEWEAVE_QUEUE_BYTES": written}).queue_bytes == size


@pytest.mark.parametrize("written", ["1023", "1048577", "1 MiB", "-1", "²"])
def test_a_size_that_cannot_be_is_told(written: str) -> None:
    with pytest.raises(ValueError, match="TILEWEAVE_QUEUE_BYTES"):
        Settings.of({"TILEWEAVE_QUEUE_BYTES": written})
