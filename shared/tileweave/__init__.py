"""Tileweave: the workflow server of a satellite-imagery ingestion, as serverless functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tileweave.client import Client

__version__ = "0.1.0"

__all__ = ["Client", "__version__"]


def __getattr__(name: str) -> object:
    """Import the client when it is asked for: a deployed function has no use for it."""
    if name == "Client":
        from tileweave.client import Client as found  # noqa: PLC0415, N813

        return found
    raise AttributeError(name)
