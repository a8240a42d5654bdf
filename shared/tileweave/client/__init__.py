"""The Python client: `from tileweave import Client`."""

from tileweave.client.client import Client
from tileweave.client.errors import (
    ApiError,
    Busy,
    ClientError,
    Denied,
    Missing,
    NotNow,
    Refused,
    Unreachable,
    Unreadable,
    Unsendable,
    WrongField,
)
from tileweave.client.models import (
    Counts,
    JobScene,
    JobTile,
    ListedAoi,
    Outcome,
    Outcomes,
    Overview,
    Retried,
)

__all__ = [
    "ApiError",
    "Busy",
    "Client",
    "ClientError",
    "Counts",
    "Denied",
    "JobScene",
    "JobTile",
    "ListedAoi",
    "Missing",
    "NotNow",
    "Outcome",
    "Outcomes",
    "Overview",
    "Refused",
    "Retried",
    "Unreachable",
    "Unreadable",
    "Unsendable",
    "WrongField",
]
