"""What was published and not told the store yet: told together, later, or never if it is gone."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping

from tileweave.domain.draft import Edit
from tileweave.domain.model import Key
from tileweave.usecases.ports import Store


class Confirmations:
    """Tokens to be taken out of outboxes, gathered: one request for many.

    Until they are told, the janitor takes them for unpublished: a process that dies with some has
    them published once more. They are to be told well before he loses patience.
    """

    def __init__(self) -> None:
        self._tokens: dict[Key, frozenset[str]] = {}
        self._lock = threading.Lock()

    def so_far(self) -> Mapping[Key, frozenset[str]]:
        """Return what is known as published, and is still in outboxes."""
        return self._tokens

    def add(self, told: Mapping[Key, Collection[str]]) -> None:
        """Keep these tokens, to be told later."""
        with self._lock:
            for key, tokens in told.items():
                self._tokens[key] = self._tokens.get(key, frozenset()) | frozenset(tokens)

    def forget(self, edits: Iterable[Edit]) -> None:
        """Forget tokens that a commit has taken out of its documents: there is nothing to tell."""
        with self._lock:
            for edit in edits:
                left = self._tokens.pop(edit.after.key, frozenset()) & edit.after.outbox
                if left:
                    self._tokens[edit.after.key] = left

    def tell(self, store: Store) -> frozenset[Key]:
        """Tell the store all of it; return which documents that changed. Raises Unavailable."""
        with self._lock:
            told, self._tokens = self._tokens, {}
        try:
            if told:
                store.confirm(told)
        except BaseException:
            self.add(told)
            raise
        return frozenset(told)
