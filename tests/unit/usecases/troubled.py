"""A store and a publisher in memory that fail, or let others come first, when told to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.errors import Conflict, Unavailable
from tileweave.domain.messages import Message
from tileweave.domain.model import Key
from tileweave.domain.tally import Increments
from tileweave.usecases.ports import NO_GUARDS, Version, Write


class TroubledStore(MemoryStore):
    """Raises what `troubles` holds for the next commits, first come first served.

    A commit without answer has none when it is tried once more either.
    `before_commits` holds what others do before each of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.commit_troubles: list[Exception | None] = []
        self.confirm_troubles: list[Exception | None] = []
        self.before_commits: list[Callable[[], object] | None] = []
        self.commits = 0
        self._still: Exception | None = None

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        self._let_happen()
        self.commits += 1
        if self._still:
            still, self._still = self._still, None
            raise still
        if self.commit_troubles and isinstance(self.commit_troubles[0], Unavailable):
            self._still = self.commit_troubles[0]
        _raise_next(self.commit_troubles)
        return super().commit(writes, increments, guards)

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        _raise_next(self.confirm_troubles)
        super().confirm(published)

    def _let_happen(self) -> None:
        """Let others do what they do now; nobody comes before them."""
        if self.before_commits and (happens := self.before_commits.pop(0)):
            rest, self.before_commits = self.before_commits, []
            happens()
            self.before_commits = rest


class DeafStore(MemoryStore):
    """A store whose next `lost` commits take effect, but nobody hears of it."""

    lost = 0

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        versions = super().commit(writes, increments, guards)
        if self.lost:
            self.lost -= 1
            raise nobody_answers()
        return versions


class TroubledPublisher(MemoryPublisher):
    """Raises what `troubles` holds for the next publications; `published_before` get out."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception | None] = []
        self.published_before = 0

    def publish(self, messages: Sequence[Message]) -> None:
        try:
            _raise_next(self.troubles)
        except Unavailable:
            super().publish(messages[: self.published_before])
            raise
        super().publish(messages)


def nobody_answers() -> Unavailable:
    """Return the error of a service that does not answer."""
    return Unavailable("nobody answers")


def somebody_was_quicker() -> Conflict:
    """Return the error of a commit that came too late."""
    return Conflict("somebody was quicker")


def _raise_next(troubles: list[Exception | None]) -> None:
    if troubles and (trouble := troubles.pop(0)):
        raise trouble
