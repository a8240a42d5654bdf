"""What a commit promises to publish: tokens in the outbox of the document that it changes.

A token says what, and of which attempt or change: `job:2` (the job of attempt 2), `update:5`
(dependants are to learn of change 5), `event:5` (everybody may). So each can be taken out by
itself, whatever happened to the document meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Kind(StrEnum):
    """What a token stands for."""

    JOB = "job"
    UPDATE = "update"
    EVENT = "event"


def token(kind: Kind, number: int) -> str:
    """Return the token of an attempt (JOB) or of a change, counted from 0 (UPDATE, EVENT)."""
    return f"{kind}:{number}"


def kind_of(written: str) -> Kind:
    """Return what a token stands for."""
    return Kind(written.partition(":")[0])


def number_of(written: str) -> int:
    """Return the attempt or change that a token names."""
    return int(written.partition(":")[2] or 0)


def of_kind(outbox: Iterable[str], *kinds: Kind) -> frozenset[str]:
    """Return the tokens of these kinds."""
    return frozenset(each for each in outbox if kind_of(each) in kinds)
