"""A store and a publisher where something can happen before any call: others at work, or death."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.messages import Message
from tileweave.domain.model import Key
from tileweave.domain.tally import Increments
from tileweave.usecases.ports import NO_GUARDS, Stored, Version, Write


class Killed(Exception):
    """The process died."""


def die() -> None:
    """End the process that is at work."""
    raise Killed


class Meanwhile:
    """What happens before the n-th call to the store or the publisher, counted from 1."""

    def __init__(self) -> None:
        self._plan: dict[int, Callable[[], object]] = {}
        self._calls = 0

    def plan(self, happenings: Mapping[int, Callable[[], object]]) -> None:
        """Count from here, and let each of these happen before the call of its number."""
        self._plan = dict(happenings)
        self._calls = 0

    def before_call(self) -> None:
        """Let happen what was planned; it is not interrupted itself."""
        self._calls += 1
        happens = self._plan.pop(self._calls, None)
        if happens is None:
            return
        rest, calls = self._plan, self._calls
        self.plan({})
        try:
            happens()
        finally:
            self._plan, self._calls = rest, calls


class BusyStore(MemoryStore):
    """A store in memory, shared with others who are at work meanwhile."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        self._meanwhile.before_call()
        return super().read(keys)

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        self._meanwhile.before_call()
        return super().commit(writes, increments, guards)

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        self._meanwhile.before_call()
        super().confirm(published)


class BusyPublisher(MemoryPublisher):
    """A publisher in memory, that a process can die in front of with half of its messages out."""

    def __init__(self, meanwhile: Meanwhile, watch: Callable[[Message], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile
        self._watch = watch

    def publish(self, messages: Sequence[Message]) -> None:
        for each in messages:
            self._meanwhile.before_call()
            self._watch(each)
            super().publish([each])
