"""The publisher to SQS: ten messages a request, each of which may be accepted or not."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tileweave.adapters.sqs.clients import Clients, code_of, translated
from tileweave.adapters.sqs.entries import entry_of, requests, size_of
from tileweave.domain.errors import NotAccepted, Unavailable
from tileweave.domain.messages import Message
from tileweave.domain.queues import queue_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef

MOST_BYTES = 1_048_576
"""What SQS takes, as one message and as one request."""

TRIES = 3
"""How often what SQS itself failed to accept is sent."""

REST_SECONDS = 10.0
"""How long a queue that did not answer is not asked again: others need not wait for it."""

_PASSES = re.compile("throttl|kms|accessdenied", re.IGNORECASE)
"""Codes of what is wrong with the queue or its permissions, not with a message."""

Refused = list[tuple[Message, str]]


class SqsPublisher:
    """Publishes messages to their queues, if these may be contacted."""

    def __init__(
        self, clients: Clients, allows: Callable[[str], bool], most_bytes: int = MOST_BYTES
    ) -> None:
        self._clients = clients
        self._allows = allows
        self._most_bytes = most_bytes
        self._rests: dict[str, float] = {}

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them, and wait until they are accepted. Raises NotAccepted."""
        waiting: list[Message] = []
        refused: Refused = []
        said = ""
        for address, some in _by_queue(messages).items():
            left = {id(each): each for each in some}
            try:
                self._publish(address, some, left, refused)
            except Unavailable as error:
                said = str(error)
            waiting += left.values()
        if waiting or refused:
            raise NotAccepted(said or "not every message was accepted", waiting, refused)

    def _publish(
        self, address: str, messages: Sequence[Message], left: dict[int, Message], refused: Refused
    ) -> None:
        """Publish to one queue; take out of `left` what need not be sent again."""
        if not self._allows(address):
            raise Unavailable(f"{address} is not among the queues of TILEWEAVE_QUEUES")
        if time.monotonic() < self._rests.get(address, 0):
            raise Unavailable(f"{address} has not answered a moment ago")
        try:
            sending = _Sending(*self._clients.of(queue_of(address)), address)
            for some in requests(messages, self._most_bytes):
                if len(some) == 1 and size_of(some[0]) > self._most_bytes:
                    accepted: list[Message] = []
                    bad = [(some[0], _too_large(some[0], self._most_bytes))]
                else:
                    accepted, bad = sending.send(some)
                refused += bad
                for each in (*accepted, *(message for message, _ in bad)):
                    left.pop(id(each), None)
        except Unavailable:
            self._rests[address] = time.monotonic() + REST_SECONDS
            raise


class _Sending:
    """Sends to one queue; `sqs` knows it by its URL."""

    def __init__(self, sqs: SQSClient, url: str, address: str) -> None:
        self._sqs = sqs
        self._url = url
        self._queue = queue_of(address)

    def send(self, messages: Sequence[Message]) -> tuple[list[Message], Refused]:
        """Send one request; return what was accepted, and what never will be."""
        try:
            with translated(self._queue.address):
                return self._send(messages)
        except Unavailable as error:
            if not _is_hopeless(error.__cause__):
                raise
            if len(messages) == 1:
                return [], [(messages[0], f"{self._queue.address} refuses it: {error.__cause__}")]
        parts = [self.send([each]) for each in messages]
        return [m for good, _ in parts for m in good], [each for _, bad in parts for each in bad]

    def _send(self, messages: Sequence[Message]) -> tuple[list[Message], Refused]:
        accepted: list[Message] = []
        refused: Refused = []
        left = list(messages)
        for _ in range(TRIES):
            entries = [entry_of(at, self._queue, each) for at, each in enumerate(left)]
            answer = self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)
            failed = {int(each["Id"]): each for each in answer.get("Failed", [])}
            faults = {at: each for at, each in failed.items() if _is_refused(each)}
            accepted += [each for at, each in enumerate(left) if at not in failed]
            refused += [
                (left[at], f"{self._queue.address} refuses it: {each.get('Message', each['Code'])}")
                for at, each in faults.items()
            ]
            left = [each for at, each in enumerate(left) if at in failed.keys() - faults.keys()]
            if not left:
                break
        return accepted, refused


def _is_refused(failed: BatchResultErrorEntryTypeDef) -> bool:
    """Whether it is never accepted; throttled or denied is said to be the sender's fault, too."""
    return failed["SenderFault"] and not _PASSES.search(failed["Code"])


def _by_queue(messages: Sequence[Message]) -> dict[str, list[Message]]:
    found = defaultdict(list)
    for each in messages:
        found[each.queue].append(each)
    return found


def _too_large(message: Message, most: int) -> str:
    return f"the job is too large for a queue: {size_of(message)} bytes, and {most} are the most"


def _is_hopeless(error: BaseException | None) -> bool:
    """Whether a request was refused for what it holds, and not for how things are."""
    code = code_of(error)
    return isinstance(error, ClientError) and (
        "BatchRequestTooLong" in code or "InvalidMessageContents" in code
    )
