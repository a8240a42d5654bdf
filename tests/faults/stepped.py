"""A world in memory that actors share: each call of the store is a step of theirs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from copy import copy
from dataclasses import fields
from itertools import count
from operator import attrgetter
from typing import Any, cast

from tests.builders import World
from tests.faults.schedules import Actor, Ask, Question
from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.domain.ingestion import NewScene
from tileweave.domain.messages import Message
from tileweave.domain.model import Document, Key, Scene, Tile
from tileweave.domain.tally import Totals
from tileweave.usecases.janitor import Report
from tileweave.usecases.ports import Publisher, Recount, Services, Store, Stored, Version, Write

Act = Callable[[Services], object]
"""What an actor does, with the services that it is handed."""

FREE = frozenset({"publish", "find_aoi", "leftovers"})
"""Calls that are no steps: nobody reads what is published before all are at their ends, and no
actor creates, changes or deletes an AOI."""

_versions: dict[Hashable, int] = {}


class StateStore(MemoryStore):
    """A store whose versions say how often a document was written, and what it is now.

    So two stores in which the same documents are the same have the same versions, whatever happened
    before; and no document ever comes back to a version that it had.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[Key, int] = {}

    def copied(self) -> StateStore:
        """Return a store of the same documents that shares nothing with this one."""
        new = StateStore()
        vars(new).update({name: copy(each) for name, each in vars(self).items() if name != "_lock"})
        return new

    def essence(self) -> Hashable:
        """Return what two stores have in common from which the same follows."""
        versions = frozenset(each.version for each in self._documents.values())
        totals = frozenset(
            (name, self._counted[name], _totals(each)) for name, each in self._totals.items()
        )
        return versions, totals, frozenset(self._rejected.values())

    def _put(self, document: Document) -> Version:
        times = self._written[document.key] = self._written.get(document.key, 0) + 1
        written = (times, _essence(document))
        version = _versions.setdefault(written, len(_versions))
        self._documents[document.key] = Stored(document, version)
        self._ordered = None
        return version


class SharedWorld(World):
    """A world that actors share, and that can be copied at any time."""

    store: StateStore
    publisher: MemoryPublisher

    def __init__(self, *scenes: NewScene) -> None:
        super().__init__(*scenes, store=StateStore())

    def copied(self) -> SharedWorld:
        """Return a world in which the same happened, and that goes its own way from here."""
        new = copy(self)
        new.store = self.store.copied()
        new.publisher = MemoryPublisher(list(self.publisher.messages))
        new.services = Services(new.store, new.publisher, now=lambda: new.now)
        new.separate()
        return new

    def separate(self) -> None:
        """Share no list with the world that this one was copied from, nor numbers of messages."""
        self.jobs, self._updates = list(self.jobs), list(self._updates)
        self._numbers = count(1_000)

    def reply(self, question: Question) -> object:
        """Call the store or the publisher; what is listed is a tuple, to be gone through again."""
        part = self.store if question.of == "store" else self.publisher
        found = getattr(part, question.name)(*question.arguments)
        return tuple(found) if isinstance(found, Iterator) else found

    def essence(self) -> Hashable:
        """Return what two worlds have in common from which the same follows, in any order."""
        return self.store.essence(), tuple(sorted(map(_said, self.publisher.messages)))

    def known_by(self, answer: object) -> Hashable:
        """Return what two answers have in common from which an actor does the same."""
        return _known(answer)

    def acting(self, act: Act) -> Actor:
        """Return an actor that does this, at the time of this world."""

        def actor(ask: Ask) -> object:
            store, publisher = _Remote("store", ask), _Remote("publisher", ask)
            now = self.now
            return act(
                Services(cast("Store", store), cast("Publisher", publisher), now=lambda: now)
            )

        return actor


class _Remote:
    """The store or the publisher as an actor sees it: each call is a question."""

    def __init__(self, of: str, ask: Ask) -> None:
        self._of = of
        self._ask = ask

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            said = f"{name} {_told(arguments)}"
            answer = self._ask(Question(self._of, name, arguments, said, free=name in FREE))
            return iter(answer) if isinstance(answer, tuple) and name in _LISTS else answer

        return call


_LISTS = frozenset(
    {"aois", "attempts", "due", "leftovers", "rejected", "scenes", "tiles", "uncut", "unpublished"}
    | {"tiles_between", "tiles_named"}
)
"""Calls whose answer is gone through once."""


def _getter(kind: type[Scene | Tile]) -> attrgetter[tuple[Hashable, ...]]:
    """Return how to get all fields but those that nobody changes here."""
    return attrgetter(*[each.name for each in fields(kind) if each.name not in {"data", "tags"}])


_FIELDS = {Scene: _getter(Scene), Tile: _getter(Tile)}


def _essence(document: Document) -> tuple[Hashable, ...]:
    return type(document).__name__, _FIELDS[type(document)](document)


def _totals(totals: Totals) -> Hashable:
    return frozenset(totals.counts.items()), totals.first, totals.last


def _known(answer: Any) -> Hashable:  # noqa: ANN401, PLR0911 - whatever is answered, a row each
    match answer:
        case Mapping():
            return frozenset((key, _known(each)) for key, each in answer.items())
        case Stored():
            return answer.version, "stored"
        case Scene() | Tile():
            return _essence(answer)
        case Totals():
            return _totals(answer)
        case Recount():
            return _totals(answer.kept), _totals(answer.counted), answer.version
        case tuple() | list():
            return tuple(map(_known, answer))
        case Report():
            return tuple(answer.findings), answer.more
        case Exception():
            return type(answer).__name__, str(answer)
    known: Hashable = answer
    return known


def _said(message: Message) -> tuple[str, ...]:
    return message.topic, *(f"{name}={each}" for name, each in sorted(message.attributes.items()))


def _told(arguments: Any) -> str:  # noqa: ANN401 - whatever a call is given
    """Return what a call is about, in few words."""
    match arguments:
        case Key(kind=kind, id=id_):
            return f"{kind} {id_ % 10_000}"
        case Write():
            return f"{_told(arguments.edit.after.key)} {arguments.edit.after.status}"
        case Mapping() | set() | frozenset():
            return ", ".join(sorted(map(_told, arguments)))
        case tuple() | list():
            return "; ".join(told for told in map(_told, arguments) if told)
        case str():
            return arguments
    return ""
