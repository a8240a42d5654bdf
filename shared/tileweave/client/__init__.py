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
    WrongField,
)
from tileweave.client.models import Counts, Outcome, Outcomes, Overview, Retried

__all__ = [
    "ApiError",
    "Busy",
    "Client",
    "ClientError",
    "Counts",
    "Denied",
    "Missing",
    "NotNow",
    "Outcome",
    "Outcomes",
    "Overview",
    "Refused",
    "Retried",
    "Unreachable",
    "WrongField",
]
