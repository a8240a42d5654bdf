"""A message that was taken from a subscription or a queue, and has not been acknowledged yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tileweave.usecases.reject import Delivery, named


@dataclass(frozen=True, slots=True)
class Received:
    """A message, and the id by which it is acknowledged."""

    ack_id: str
    data: bytes
    message_id: str = ""
    published: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def delivery(self) -> Delivery:
        """The message as use cases take it."""
        name = named(self.message_id, self.published)
        return Delivery(name, self.data, again=self.again, attributes=self.attributes)
