"""Many messages at once: the decisions of a message at a time, in a few commits.

A message that a batch cannot be made true with (its AOI was just deleted, say) is taken alone, by
the use case of one message; so what becomes of it is told in one place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from tileweave.domain.errors import Unavailable
from tileweave.domain.incoming import DependencyUpdate, Result
from tileweave.domain.many import Answer, Named
from tileweave.domain.many import take_results as decide
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import Reading, retrying
from tileweave.usecases.confirmations import Confirmations
from tileweave.usecases.ports import Services, Stored
from tileweave.usecases.propagate import is_chore, propagate_all, read_update, take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import judged, read_result, take_result

logger = logging.getLogger(__name__)

Together = Callable[[Sequence[Delivery]], None]
Alone = Callable[[Services, Delivery], object]

MOST_REMEMBERED = 20_000
"""Documents: a tile takes some kB."""


@dataclass
class Memory:
    """Documents as this process wrote them: a job that comes back is changed without reading it.

    What somebody else changed since is refused by the commit, and then forgotten here.
    """

    _documents: dict[Key, Stored] = field(default_factory=dict)

    def of(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Return those of the documents that are remembered."""
        return {key: self._documents[key] for key in keys if key in self._documents}

    def keep(self, written: Mapping[Key, Stored]) -> None:
        """Remember these; the oldest make room."""
        for key in written:
            self._documents.pop(key, None)
        self._documents |= written
        while len(self._documents) > MOST_REMEMBERED:
            del self._documents[next(iter(self._documents))]

    def forget(self, keys: Iterable[Key]) -> None:
        """Forget these: they are read when they are needed."""
        for key in keys:
            self._documents.pop(key, None)


class Consumer:
    """Takes many messages at once; not for two threads.

    What it published is told to the store together, by `tell`: call that every second or so.
    """

    def __init__(self, services: Services) -> None:
        self.told = services.told or Confirmations()
        self._services = replace(services, told=self.told)
        self._memory = Memory()

    def take_results(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Apply results; return those that are to be delivered again."""
        return self._all_or_each(deliveries, self._results, take_result)

    def take_updates(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Propagate updates, then do chores one by one; return what is to be delivered again."""
        chores = [each for each in deliveries if is_chore(each)]
        updates = [each for each in deliveries if each not in chores]
        left = self._all_or_each(updates, self._updates, take_update)
        return [*left, *(bad for each in chores for bad in self._alone(each, take_update))]

    def tell(self) -> None:
        """Tell the store what was published meanwhile. Raises Unavailable."""
        self._memory.forget(self.told.tell(self._services.store))

    def _all_or_each(
        self, deliveries: Sequence[Delivery], together: Together, alone: Alone
    ) -> list[Delivery]:
        """Take all at once; in halves what cannot be, at last one by one; return what failed."""
        if not deliveries:
            return []
        try:
            together(deliveries)
        except Unavailable:
            logger.warning("%d messages are to come again", len(deliveries), exc_info=True)
            return list(deliveries)
        except Exception:  # whatever it is, it keeps no other message back
            logger.info("%d messages are taken in parts", len(deliveries), exc_info=True)
            if len(deliveries) == 1:
                return self._alone(deliveries[0], alone)
            middle = len(deliveries) // 2
            parts = deliveries[:middle], deliveries[middle:]
            return [each for part in parts for each in self._all_or_each(part, together, alone)]
        return []

    def _alone(self, delivery: Delivery, alone: Alone) -> list[Delivery]:
        try:
            alone(self._services, delivery)
        except Exception:  # it is delivered again, at last as a dead letter
            logger.warning("message %s is to come again", delivery.message_id, exc_info=True)
            return [delivery]
        return []

    def _results(self, deliveries: Sequence[Delivery]) -> None:
        read = [(each, read_result(self._services, each)) for each in deliveries]
        good = [(each, result) for each, result in read if isinstance(result, Result)]
        named = [(result, each.message_id) for each, result in good]
        answers = retrying(lambda: self._apply(named)) if named else []
        for (delivery, _), answer in zip(good, answers, strict=True):
            judged(self._services, delivery, answer)

    def _apply(self, named: Sequence[Named]) -> list[Answer]:
        keys = [Key(result.type, result.id) for result, _ in named]
        reading = Reading(self._services, remembered=self._memory.of(keys))
        self._memory.forget(keys)
        answers, draft, messages = reading.draft(partial(decide, results=named), keys)
        written = reading.finish(draft, messages)
        self._memory.keep(written)
        return answers

    def _updates(self, deliveries: Sequence[Delivery]) -> None:
        read = [(each, read_update(self._services, each)) for each in deliveries]
        again: dict[Key, bool] = {}
        for delivery, update in read:
            if isinstance(update, DependencyUpdate):
                key = Key(update.type, update.id)
                again[key] = again.get(key, False) or delivery.again
        propagate_all(self._services, again)
