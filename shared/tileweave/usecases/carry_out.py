"""Load, decide, commit, publish: the one way in which a decision becomes true.

The commit is guarded by the versions of all documents that it changes. What must be published
is part of the commit (the outbox of a document); it is published after it, and only then
confirmed. Whoever dies in between leaves an outbox that a redelivery or the janitor empties.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, count
from types import MappingProxyType
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from tileweave.domain.draft import Draft, Missing
from tileweave.domain.errors import Conflict, NotFound, TooLarge, Unavailable, Uncertain
from tileweave.domain.messages import Message, Topic, outgoing
from tileweave.domain.model import Document, Key
from tileweave.domain.outbox import Kind, of_kind
from tileweave.domain.policy import Policy
from tileweave.domain.tally import increments
from tileweave.usecases.hand_over import hand_over
from tileweave.usecases.ports import Services, Stored, Version, Write

logger = logging.getLogger(__name__)
T = TypeVar("T")

NOTHING_KNOWN: Mapping[Key, Stored] = MappingProxyType({})

MOST_TRIES = 20
"""After so many conflicts in a row (about 10 s) the caller is told to try again later."""


def carry_out(
    services: Services,
    decide: Callable[[Draft], T],
    first: Iterable[Key],
    known: Mapping[Key, Stored] = NOTHING_KNOWN,
) -> T:
    """Make a decision true, reading `first` to begin with; return what it answers.

    What is `known` was just read. Decides again whenever somebody else was quicker. Raises what the
    decision raises; Conflict when others were quicker all the time; Unavailable.
    """
    keys = tuple(first)
    readings = chain([Reading(services, known)], (Reading(services) for _ in count()))
    return retrying(lambda: next(readings).attempt(decide, keys))


def retrying(step: Callable[[], T]) -> T:
    """Call `step` until it meets no Conflict, with growing random pauses.

    Once more after a commit without answer: a decision that took effect is known by its cause.
    """
    try:
        return _without_conflict(step)
    except Uncertain:
        pass
    try:
        return _without_conflict(step)
    except Uncertain as error:
        raise Unavailable(str(error)) from error


def _without_conflict(step: Callable[[], T]) -> T:
    return Retrying(
        retry=retry_if_exception_type(Conflict),
        wait=wait_random_exponential(multiplier=0.01, max=1),
        stop=stop_after_attempt(MOST_TRIES),
        reraise=True,
    )(step)


def carry_out_all(
    services: Services,
    decide: Callable[[Draft, Sequence[Key]], T],
    keys: Sequence[Key],
    besides: Sequence[Key] = (),
    known: Mapping[Key, Stored] = NOTHING_KNOWN,
) -> list[T]:
    """Make a decision on many true; in halves where a commit cannot hold all of it.

    Returns what it answers, of each part. Raises as carry_out, and TooLarge for one alone.
    """
    try:
        first = [*besides, *keys]
        return [carry_out(services, lambda draft: decide(draft, keys), first, known)]
    except TooLarge:
        if len(keys) == 1:
            raise
    parts = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    return [each for part in parts for each in carry_out_all(services, decide, part, besides)]


class Reading:
    """What was read so far: decisions that follow each other read nothing twice.

    It may be out of date; a commit based on what is raises Conflict: then begin a new one. What is
    `known` was just read. What is `remembered` from before, or taken not to be there (None), counts
    for a decision that changes it, whose commit tells if it is so; for any other it is read first.
    """

    def __init__(
        self,
        services: Services,
        known: Mapping[Key, Stored | None] = NOTHING_KNOWN,
        remembered: Mapping[Key, Stored | None] = NOTHING_KNOWN,
    ) -> None:
        self._services = services
        self._known: dict[Key, Stored | None] = {**known, **remembered}
        self._unsure = set(remembered)
        self._policies: dict[str, Policy] = {}

    def attempt(self, decide: Callable[[Draft], T], first: Iterable[Key]) -> T:
        """Make a decision true, once. Raises Conflict if somebody else was quicker."""
        answer, draft, messages = self.draft(decide, first)
        self.finish(draft, messages)
        return answer

    def finish(self, draft: Draft, messages: list[Message]) -> dict[Key, Stored]:
        """Commit a draft and publish its messages; return what was written, as it is now.

        Raises Conflict if somebody else was quicker.
        """
        versions = _commit(self._services, draft, self._known)
        if self._services.told:
            self._services.told.forget(draft.edits)
        _publish(self._services, draft, messages)
        after = {edit.after.key: edit.after for edit in draft.edits}
        # Confirming changed what was published, if it was done at once.
        told = {each.key for each in draft.to_publish if self._services.told is None}
        written = {key: Stored(after[key], versions[key]) for key in versions.keys() - told}
        for key in {*after, *told}:
            self._known.pop(key, None)
        self._known |= written
        self._unsure -= written.keys()
        return written

    def draft(
        self, decide: Callable[[Draft], T], first: Iterable[Key]
    ) -> tuple[T, Draft, list[Message]]:
        """Return what a decision answers, with its draft and messages, reading all it needs."""
        wanted = frozenset(first) - self._known.keys()
        while True:
            self._known.update(self._services.store.read(wanted) if wanted else {})
            documents = {key: each.document if each else None for key, each in self._known.items()}
            now, events, told = self._services.now(), self._services.events, self._services.told
            so_far = told.so_far() if told else {}
            draft = Draft(documents, now, self._policies, events=events, told=so_far)
            try:
                answer, messages = decide(draft), outgoing(draft)
            except Missing as missing:
                wanted = missing.keys
                self._policies |= {aoi: self._services.policy_of(aoi) for aoi in missing.aois}
                continue
            wanted = draft.rests_on & self._unsure
            self._unsure -= wanted
            if not wanted:
                return answer, draft, messages


def _commit(
    services: Services, draft: Draft, known: Mapping[Key, Stored | None]
) -> Mapping[Key, Version]:
    edits = draft.edits
    if not edits:
        return {}
    versions = {key: each.version for key, each in known.items() if each is not None}
    writes = [Write(edit, versions.get(edit.after.key)) for edit in edits]
    guards = {key: versions[key] for key in draft.guards}
    try:
        return services.store.commit(writes, increments(edits), guards)
    except Unavailable as error:
        raise Uncertain(str(error)) from error


def _publish(services: Services, draft: Draft, messages: list[Message]) -> None:
    if not messages:
        return
    events = [each for each in messages if each.topic is Topic.EVENTS]
    queued = [each for each in messages if each.queue]
    needed = [each for each in messages if each.topic is not Topic.EVENTS and not each.queue]
    try:
        if needed:
            services.publisher.publish(needed)
    except Unavailable:
        if not services.defers_publishing:
            raise
        logger.warning("%d messages are left to the janitor", len(messages), exc_info=True)
        return
    waiting = hand_over(services, queued)
    published = [each for each in draft.to_publish if each.key not in waiting]
    told = (Kind.JOB, Kind.EVENT) if _told(services, events) else (Kind.JOB,)
    try:
        _confirm(services, published, told)
    except (Conflict, NotFound, Unavailable):
        # They are published; at worst the janitor publishes them once more.
        logger.warning("%d messages are not confirmed", len(messages), exc_info=True)


def _told(services: Services, events: list[Message]) -> bool:
    """Publish events; whoever waits for them keeps nobody else back."""
    try:
        if events:
            services.publisher.publish(events)
    except Unavailable:
        logger.warning("%d events are left to the janitor", len(events), exc_info=True)
        return False
    return True


def _confirm(services: Services, published: Iterable[Document], kinds: tuple[Kind, ...]) -> None:
    """Empty the outboxes of what was published, but for updates: who propagates does that."""
    told = {each.key: of_kind(each.outbox, *kinds) for each in published}
    if told := {key: tokens for key, tokens in told.items() if tokens}:
        (services.told.add if services.told else services.store.confirm)(told)
