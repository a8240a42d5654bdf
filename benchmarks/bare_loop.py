"""The floor of a closed loop: results in, the documents that must change, the next jobs out.

Nothing is decided here and nothing is safe: which tile follows which is known beforehand, from a
file. `python -m benchmarks.bare_loop chains.json`
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from google.cloud.firestore import Client, Increment

from tileweave import compose
from tileweave.domain.messages import Message, Topic
from tileweave.usecases.received import Received

MOST = 250
STATUS_CHANGE = '{"at":"2026-01-01T00:00:00+00:00","before":"NEW","after":"PENDING","attempt":1}'


class BareLoop:
    """Reads and writes the documents of results, and of the tiles that follow, in one batch."""

    def __init__(self, aoi: str, following: Mapping[int, int]) -> None:
        self._following = following
        self._client = Client(project=compose.settings().project)
        self._shard = self._client.document(f"aois/aoi-{aoi}/totals/0-0")
        self._publisher = compose.publisher()

    def handle(self, received: Sequence[Received]) -> None:
        """Change what these results change, and publish the jobs of what follows."""
        ids = [json.loads(each.data)["id"] for each in received]
        jobs = [self._following[each] for each in ids if each in self._following]
        versions = self._versions({*ids, *jobs})
        batch = self._client.batch()
        now = datetime.now(UTC)
        for id_, status in [
            *((each, "DONE") for each in ids),
            *((each, "PENDING") for each in jobs),
        ]:
            option = self._client.write_option(last_update_time=versions[id_])
            fields = {
                "status": status,
                "attempt": 1,
                "updated_at": now,
                "due_at": now,
                "outbox": [],
                "history": [STATUS_CHANGE, STATUS_CHANGE],
            }
            batch.update(self._client.document(f"tiles/{id_}"), fields, option=option)
        counts = {"tiles_DONE": Increment(len(ids)), "tiles_NEW": Increment(-len(jobs))}
        batch.update(self._shard, counts)
        batch.commit()
        self._publisher.publish([_job(each) for each in jobs])

    def _versions(self, ids: set[int]) -> dict[int, object]:
        references = [self._client.document(f"tiles/{each}") for each in ids]
        return {int(each.id): each.update_time for each in self._client.get_all(references)}


def _job(id_: int) -> Message:
    filler = "x" * 2_000  # a job with its scene, previous and reference takes some 2 kB
    attributes = {"type": "tile", "aoi": "Floor", "id": str(id_), "attempt": "1"}
    return Message(Topic.TILE_JOBS, {"id": id_, "attempt": 1, "data": filler}, attributes)


def main() -> None:
    """Take results until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    described = json.loads(Path(sys.argv[1]).read_text())
    following = {int(each): other for each, other in described["following"].items()}
    loop = BareLoop(described["aoi"], following)
    source = compose.subscription(Topic.RESULTS)
    while not stop.is_set():
        if received := source.pull(MOST, leased=False):
            loop.handle(received)
            source.acknowledge(*[each.ack_id for each in received])
        else:
            stop.wait(0.003)


if __name__ == "__main__":
    main()
