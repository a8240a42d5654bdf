"""How a function ends a job otherwise than by returning."""

from __future__ import annotations


class Retry(Exception):
    """Raised to have the job come again: later by itself if retries are left, else by a person."""


class Failed(Exception):
    """Raised to give the job up, for good: its tile is cut out of the graph."""


class GiveBack(Exception):
    """Raised when `job.stopping` is set: another worker gets the job, as the same attempt."""
