"""Simulated work: it takes its time, then fails at given rates, the same in every run."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass

from tileweave.jobs.job import Job, Outcome

_RETRY = {
    "scene": (
        "download of {name} failed: 503 Service Unavailable; the archive is under maintenance",
        "download of {name} failed: connection reset after 1.7 GB",
        "{name} is offline; its retrieval from the long-term archive was ordered",
    ),
    "tile": (
        "Sentinel-1 precise orbit file for {scene} is not published yet",
        "gpt was killed: out of memory in Terrain-Correction of {name}",
        "DEM download failed: timeout on SRTM 1Sec HGT for {name}",
    ),
}
_FAILED = {
    "scene": (
        "{name} is corrupt: measurement/iw1-vv is truncated, checksum differs",
        "{name} was withdrawn from the catalogue",
    ),
    "tile": (
        "co-registration of {name} failed: cross-correlation is below 0.1 for all GCPs",
        "burst {name} is empty: no valid pixels within the footprint",
    ),
}
_SCALE = float(2**64)


@dataclass(frozen=True, slots=True)
class Simulation:
    """How long a job takes, and which part of all jobs ends FAILED or RETRY."""

    seconds: float = 1.0
    fail: float = 0.0
    retry: float = 0.0
    seed: int = 0

    def __call__(self, job: Job, stop: threading.Event) -> Outcome | None:
        """Work on a job; None if it is given back because of `stop`."""
        return None if stop.wait(self.seconds) else self.outcome(job)

    def outcome(self, job: Job) -> Outcome:
        """Return how the job ends: it depends on seed, names and attempt, and on nothing else."""
        digest = _digest(self.seed, job)
        drawn = int.from_bytes(digest[:8], "big") / _SCALE
        if drawn < self.fail:
            return Outcome("FAILED", _said(_FAILED[job.kind], digest, job))
        if drawn < self.fail + self.retry:
            return Outcome("RETRY", _said(_RETRY[job.kind], digest, job))
        return Outcome("DONE")


def _digest(seed: int, job: Job) -> bytes:
    tile = job.source_id if job.kind == "tile" else ""
    named = [seed, job.kind, job.aoi, job.scene_source_id, tile, job.attempt or 1]
    return hashlib.sha256(json.dumps(named).encode()).digest()


def _said(messages: tuple[str, ...], digest: bytes, job: Job) -> str:
    return messages[digest[8] % len(messages)].format(name=job.source_id, scene=job.scene_source_id)
