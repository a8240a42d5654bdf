"""What can go wrong with a worker."""

from __future__ import annotations


class WorkerError(Exception):
    """Raised when a worker cannot go on; its text is one clear line."""
