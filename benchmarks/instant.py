"""A worker that answers every job DONE at once, by the hundred: `python -m benchmarks.instant`."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Mapping

from tileweave import compose
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Json
from tileweave.usecases.received import Received

MOST = 1_000


def result_of(job: Json, attributes: Mapping[str, str]) -> Message:
    """Return the result DONE of a job."""
    body = {
        "type": attributes["type"],
        "id": job["id"],
        "status": "DONE",
        "message": "",
        "attempt": job["attempt"],
    }
    return Message(Topic.RESULTS, body, attributes)


def answer(received: Received) -> Message:
    """Return the result of a job as it came."""
    return result_of(json.loads(received.data), received.attributes)


def work(topic: Topic, stop: threading.Event) -> None:
    """Answer the jobs of a topic until asked to stop."""
    source, publisher = compose.subscription(topic), compose.publisher()
    while not stop.is_set():
        if received := source.pull(MOST, leased=False):
            publisher.publish([answer(each) for each in received])
            source.acknowledge(*[each.ack_id for each in received])
        else:
            stop.wait(0.008)


def main() -> None:
    """Answer jobs of tiles until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    work(Topic.TILE_JOBS, stop)


if __name__ == "__main__":
    main()
