"""A store and a publisher whose n-th call fails, or kills the process, before or after its effect.

They stand in front of the real ones (in memory): whatever a use case calls is counted, so that
every position there is can be tried, without a list of them anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from inspect import isgenerator
from typing import Any, cast

from tileweave.domain.errors import Unavailable
from tileweave.domain.messages import Message
from tileweave.usecases.ports import Publisher, Store


class Killed(BaseException):
    """The process is gone: nothing of it handles this."""


class How(StrEnum):
    """How a call goes wrong."""

    ERROR_BEFORE = "error before its effect"
    ERROR_AFTER = "error after its effect"
    KILLED_BEFORE = "killed before its effect"
    KILLED_AFTER = "killed after its effect"

    @property
    def took_effect(self) -> bool:
        """Whether the call was carried out all the same."""
        return self in (How.ERROR_AFTER, How.KILLED_AFTER)

    def happen(self) -> None:
        """Raise what the caller, or nobody, sees of it."""
        if self in (How.ERROR_BEFORE, How.ERROR_AFTER):
            raise Unavailable("no answer")
        raise Killed


@dataclass
class Faults:
    """Counts calls, and lets one of them go wrong."""

    position: int = 0
    how: How | None = None
    calls: list[str] = field(default_factory=list)

    def arm(self, position: int, how: How) -> None:
        """Count from here on, and let the call of this number go wrong, once."""
        self.position, self.how = position, how
        self.calls = []

    def around(self, name: str, call: Callable[[], Any]) -> Any:  # noqa: ANN401 - the call's
        """Make a call, as it goes."""
        self.calls.append(name)
        how = self.how if len(self.calls) == self.position else None
        if how is None:
            return call()
        self.how = None
        if not how.took_effect:
            how.happen()
        answer = call()
        how.happen()
        return answer


class _Counted:
    """Any object, each call of which is counted; one that reads a list is one call."""

    def __init__(self, target: object, faults: Faults) -> None:
        self._target = target
        self._faults = faults

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the target
        found = getattr(self._target, name)

        def call(*args: object, **kwargs: object) -> object:
            answer = self._faults.around(name, lambda: found(*args, **kwargs))
            return self._streamed(name, answer) if isgenerator(answer) else answer

        return call

    def _streamed(self, name: str, answer: Iterator[object]) -> Iterator[object]:
        """Return the same; what was begun may also break off at its first item."""
        for number, each in enumerate(answer):
            if number == 0:
                self._faults.around(f"{name} goes on", lambda: None)
            yield each


class _CountedPublisher:
    """A publisher each message of which is counted: some may have got out, and others not."""

    def __init__(self, target: Publisher, faults: Faults) -> None:
        self._target = target
        self._faults = faults

    def publish(self, messages: Sequence[Message]) -> None:
        for each in messages:
            self._faults.around("publish", partial(self._target.publish, [each]))


def faulty_store(store: Store, faults: Faults) -> Store:
    """Return a store that goes wrong when these faults say so."""
    return cast("Store", _Counted(store, faults))


def faulty_publisher(publisher: Publisher, faults: Faults) -> Publisher:
    """Return a publisher that goes wrong when these faults say so."""
    return _CountedPublisher(publisher, faults)
