"""Queues on AWS (SQS) that jobs may go to: their addresses, and which of them may be contacted."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = r"(?P<name>[A-Za-z0-9_-]{1,80}(?:\.fifo)?)"
_URL = re.compile(
    rf"(?P<endpoint>https?://[A-Za-z0-9.-]+(?::\d{{1,5}})?)/(?P<account>\d{{12}})/{_NAME}"
)
_ARN = re.compile(rf"arn:aws(?:-[a-z]+)*:sqs:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):{_NAME}")

_REGION = re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-\d\b")
"""A region in the name of a host: sqs.eu-central-1.amazonaws.com, eu-central-1.queue..."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The address of a queue: `endpoint` is that of its URL, empty where it is named by an ARN."""

    address: str
    account: str
    name: str
    endpoint: str = ""
    region: str = ""

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of each group of messages, and none twice in five minutes."""
        return self.name.endswith(".fifo")

    def is_same(self, other: Queue) -> bool:
        """Whether it is the same queue, perhaps by another address."""
        mine, theirs = (each.region or each.endpoint for each in (self, other))
        return (self.account, self.name, mine) == (other.account, other.name, theirs)


def queue_of(address: str) -> Queue:
    """Return the queue of a URL or an ARN. Raises ValueError."""
    if found := _URL.fullmatch(address):
        region = _REGION.search(found["endpoint"])
        within = region[0] if region else ""
        return Queue(address, found["account"], found["name"], found["endpoint"], within)
    if found := _ARN.fullmatch(address):
        return Queue(address, found["account"], found["name"], region=found["region"])
    raise ValueError(
        f"{address!r} is neither the URL of an SQS queue"
        " (https://sqs.eu-central-1.amazonaws.com/123456789012/jobs) nor its ARN"
    )


@dataclass(frozen=True, slots=True)
class AllowedQueues:
    """The queues that may be contacted: those whose URLs or ARNs begin as one of `prefixes`.

    A host, a region and an account count as a whole: `https://sqs.eu-central-1.amazonaws.com` does
    not stand for `https://sqs.eu-central-1.amazonaws.com.example.org`.
    """

    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, written: str) -> AllowedQueues:
        """Return the queues of a list that is separated by commas."""
        return cls(tuple(each.strip() for each in written.split(",") if each.strip()))

    def allows(self, address: str) -> bool:
        """Whether this queue may be contacted; never what is the address of none."""
        try:
            queue_of(address)
        except ValueError:
            return False
        return any(_begins(_parts(address), _parts(each)) for each in self.prefixes)


NO_QUEUES = AllowedQueues()


def _parts(address: str) -> list[str]:
    """Return the parts that count as a whole, but for the name of the queue at the end."""
    if address.startswith("arn:"):
        return address.split(":")
    scheme, _, rest = address.partition("://")
    host, *path = rest.split("/")
    return [f"{scheme}://{host}".lower(), *path]


def _begins(parts: list[str], prefix: list[str]) -> bool:
    whole, last = prefix[:-1], prefix[-1]
    if parts[: len(whole)] != whole or len(parts) < len(prefix):
        return False
    is_name = len(prefix) == len(parts)
    found = parts[len(whole)]
    return found.startswith(last) if is_name or not last else found == last
