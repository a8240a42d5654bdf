"""Clients of SQS: each contacts the host that a queue's URL names, or the region of its ARN."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from tileweave.domain.errors import Unavailable
from tileweave.domain.queues import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

WAIT_SECONDS = 5
"""How long a first message is waited for; SQS takes up to 20."""

ANYWHERE = "us-east-1"
"""The region that requests are signed for where neither queue nor environment names one."""

READ_TIMEOUT = 15.0
"""Longer than any queue is asked to wait, or an idle one would seem not to answer."""

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class Clients:
    """Clients and URLs of queues, found when they are first asked for; for any threads."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str], SQSClient] = {}
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, queue: Queue) -> tuple[SQSClient, str]:
        """Return a queue's client and URL. Raises Unavailable."""
        with self._lock, translated(queue.address):
            client = self._client(queue)
            if queue.address not in self._urls:
                self._urls[queue.address] = queue.address if queue.endpoint else _url(client, queue)
            return client, self._urls[queue.address]

    def _client(self, queue: Queue) -> SQSClient:
        region = queue.region or self._session.region_name or ANYWHERE
        where = queue.endpoint, region
        if where not in self._clients:
            self._clients[where] = self._session.client(
                "sqs", endpoint_url=queue.endpoint or None, region_name=region, config=_CONFIG
            )
        return self._clients[where]


@contextmanager
def translated(address: str) -> Iterator[None]:
    """Raise Unavailable in place of the client's own errors; its text names the queue."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"{address}: {error}") from error


def code_of(error: BaseException | None) -> str:
    """Return what AWS calls an error; empty if it is none of its."""
    return error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""


def is_final(error: BaseException | None) -> bool:
    """Whether no repetition mends an error: there is no such queue, or nobody says who we are."""
    return isinstance(error, NoCredentialsError) or "NonExistentQueue" in code_of(error)


def _url(client: SQSClient, queue: Queue) -> str:
    found = client.get_queue_url(QueueName=queue.name, QueueOwnerAWSAccountId=queue.account)
    return found["QueueUrl"]
