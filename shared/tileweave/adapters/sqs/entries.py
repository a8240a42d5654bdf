"""Messages as the entries of a request to SQS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

from tileweave.domain.messages import Message, Topic
from tileweave.domain.queues import Queue

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import (
        MessageAttributeValueTypeDef,
        SendMessageBatchRequestEntryTypeDef,
    )

MOST_ENTRIES = 10
MOST_NAME = 128
"""Characters of the name of a group."""


def entry_of(number: int, queue: Queue, message: Message) -> SendMessageBatchRequestEntryTypeDef:
    """Return a message as the entry of this number in a request."""
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(number),
        "MessageBody": message.text.decode(),
        "MessageAttributes": {name: _text(value) for name, value in message.attributes.items()},
    }
    if queue.is_fifo:
        entry["MessageGroupId"] = _group(message)
        entry["MessageDeduplicationId"] = _once(message)
    return entry


def size_of(message: Message) -> int:
    """Return how many bytes a message counts: its body, names, types and values of attributes."""
    attributes = message.attributes.items()
    return len(message.text) + sum(
        len(name) + len("String") + len(value) for name, value in attributes
    )


def requests(messages: Iterable[Message], most_bytes: int) -> Iterator[list[Message]]:
    """Return the messages (at least one) in lists that fit into one request each."""
    some: list[Message] = []
    size = 0
    for message in messages:
        length = size_of(message)
        if some and (len(some) == MOST_ENTRIES or size + length > most_bytes):
            yield some
            some, size = [], 0
        some.append(message)
        size += length
    yield some


def _text(value: str) -> MessageAttributeValueTypeDef:
    return {"DataType": "String", "StringValue": value}


def _group(message: Message) -> str:
    """Return the AOI with the root of a tile's chain, or with the scene: chains stay in order."""
    root = message.body.get("tile_reference") or {}
    name = f"{message.attributes['aoi']}/{root.get('id') or message.key.id}"
    if len(name) <= MOST_NAME:
        return name
    return hashlib.sha256(name.encode()).hexdigest()


def _once(message: Message) -> str:
    """Return what a message is known by; every result is another one, as a job may have several."""
    if message.topic is Topic.RESULTS:
        return uuid4().hex
    kind, id_ = message.key
    return f"{kind}/{id_}/{message.attributes.get('attempt', '')}"
