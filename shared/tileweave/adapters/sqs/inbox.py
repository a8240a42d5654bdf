"""A queue that messages are taken from: each is hidden from others as long as it is extended."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tileweave.adapters.sqs.clients import WAIT_SECONDS, Clients, translated
from tileweave.domain.queues import queue_of
from tileweave.usecases.received import Received

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 10


class Inbox:
    """Takes messages from one queue. Every method raises Unavailable."""

    def __init__(self, clients: Clients, address: str, lease_seconds: int) -> None:
        self.path = address
        self._clients = clients
        self._queue = queue_of(address)
        self._lease = lease_seconds

    def pull(self, most: int, wait_seconds: int = WAIT_SECONDS) -> list[Received]:
        """Return at most so many messages, and ten; wait for a first one so long.

        They are hidden from others for the lease.
        """
        sqs, url = self._clients.of(self._queue)
        with translated(self.path):
            answer = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(most, MOST_AT_ONCE),
                WaitTimeSeconds=wait_seconds,
                VisibilityTimeout=self._lease,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            )
        return [_received(each) for each in answer.get("Messages", [])]

    def extend(self, ack_ids: Sequence[str]) -> None:
        """Keep these messages for the lease from now on."""
        self._hide(ack_ids, self._lease)

    def give_back(self, ack_ids: Sequence[str]) -> None:
        """Have these messages delivered to others at once."""
        self._hide(ack_ids, 0)

    def acknowledge(self, *ack_ids: str) -> None:
        """Have these messages never delivered again."""
        sqs, url = self._clients.of(self._queue)
        for some in _pieces(ack_ids):
            entries = [{"Id": str(at), "ReceiptHandle": each} for at, each in enumerate(some)]
            with translated(self.path):
                answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
            self._tell(answer.get("Failed", []), "may come again")

    def _hide(self, ack_ids: Sequence[str], seconds: int) -> None:
        sqs, url = self._clients.of(self._queue)
        for some in _pieces(ack_ids):
            entries = [
                {"Id": str(at), "ReceiptHandle": each, "VisibilityTimeout": seconds}
                for at, each in enumerate(some)
            ]
            with translated(self.path):
                answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
            self._tell(answer.get("Failed", []), "are not kept from others")

    def _tell(self, failed: Sequence[object], what: str) -> None:
        if failed:
            logger.warning("%s: %d messages %s: %s", self.path, len(failed), what, failed[0])


def _received(message: MessageTypeDef) -> Received:
    system = message.get("Attributes", {})
    attributes = message.get("MessageAttributes", {})
    return Received(
        message["ReceiptHandle"],
        message["Body"].encode(),
        message["MessageId"],
        datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
        {name: each.get("StringValue", "") for name, each in attributes.items()},
        again=int(system.get("ApproximateReceiveCount", "1")) > 1,
    )


def _pieces(ack_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ack_ids[at : at + MOST_AT_ONCE] for at in range(0, len(ack_ids), MOST_AT_ONCE))
