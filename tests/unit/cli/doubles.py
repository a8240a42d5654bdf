"""Jobs as workers read them, and servers on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from tileweave.jobs.job import Job, read_job

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def a_tile_job(
    burst: str = "A44_IW1_8951", *, scene: str = "S1A_1", attempt: int | None = 1
) -> Job:
    """Return the job of a tile, as a worker reads it."""
    body = {
        "id": 7,
        "source_id": burst,
        "scene": {"id": 3, "source_id": scene, "aoi": "DenmarkDemo", "data": {}},
        "data": {"swath_id": "IW1"},
        "attempt": attempt,
    }
    return read_job(json.dumps(body).encode())


def a_scene_job(source_id: str = "S1A_1", *, attempt: int | None = 1) -> Job:
    """Return the job of a scene, as a worker reads it."""
    body = {"id": 3, "source_id": source_id, "aoi": "DenmarkDemo", "data": {}, "attempt": attempt}
    return read_job(json.dumps(body).encode())


@contextmanager
def served(app: WSGIApplication) -> Iterator[int]:
    """Serve an application on a free port of this machine; give the port."""
    with make_server("127.0.0.1", 0, app, threaded=True) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
