"""What the use cases need of the world: a store of documents, a publisher, the time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from tileweave.domain.draft import Edit
from tileweave.domain.identity import rejected_id
from tileweave.domain.messages import Message, Topic
from tileweave.domain.model import Cause, Change, Document, Key, Scene, Tile
from tileweave.domain.policy import DEFAULT, Policy
from tileweave.domain.queues import NO_QUEUES, AllowedQueues
from tileweave.domain.status import Status
from tileweave.domain.tally import Increments, Totals
from tileweave.usecases.places import NOWHERE, Places

if TYPE_CHECKING:
    from tileweave.usecases.confirmations import Confirmations

OPERATOR = Cause(actor="operator")
"""A person whose name nobody knows."""

KEPT = timedelta(days=30)
"""How long rejected messages are kept (SPEC section 6)."""

POLICY_AGE = timedelta(seconds=30)
"""How soon a process learns of a changed policy: no result costs a read of its AOI."""

Version = object
"""Tells whether a document changed since it was read; only the store that made it reads it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read."""

    document: Document
    version: Version


@dataclass(frozen=True, slots=True)
class Write:
    """An edit, and the version it is based on (None: the document must not exist yet)."""

    edit: Edit
    version: Version | None


@dataclass(frozen=True, slots=True)
class Aoi:
    """An area of interest; `generation` counts how often one of this name was deleted."""

    name: str
    created_at: datetime
    generation: int = 0
    policy: Policy = DEFAULT


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene or tile stands in a list: by scene date, then scene, then id."""

    date: datetime
    scene_id: int
    id: int


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a list: what comes after a place, `skip` further on, `limit` of it (None: all)."""

    after: Place | None = None
    skip: int = 0
    limit: int | None = None


ALL = Window()


class Which(StrEnum):
    """Which tiles of an AOI a list holds."""

    EVERY = "every"
    ROOTS = "is_root"
    LEAVES = "is_leaf"


def place_of(document: Document) -> Place:
    """Return where a scene or tile stands in a list."""
    scene_id = document.scene_id if isinstance(document, Tile) else document.id
    return Place(document.date, scene_id, document.id)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that changed nothing, kept for operators: `kind` says why in one word."""

    kind: str
    error: str
    raw: bytes
    message_id: str
    received_at: datetime
    aoi: str = ""
    topic: str = Topic.RESULTS
    replayed_at: datetime | None = None
    """When it was replayed, and taken."""
    whole: bool = True
    """Whether `raw` is all of it."""

    @property
    def id(self) -> str:
        """Its name among all rejected messages."""
        return rejected_id(self.topic, self.message_id)

    @property
    def body(self) -> str:
        """The message as text."""
        return self.raw.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Recount:
    """The totals of an AOI as they are kept, and as counting all scenes and tiles gives them."""

    kept: Totals
    counted: Totals
    version: Version


NO_GUARDS: Mapping[Key, Version] = MappingProxyType({})


class Store(Protocol):
    """Documents of AOIs, scenes and tiles. Every method raises Unavailable if it cannot answer."""

    def read(self, keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        """Return all of these documents as of now, in one round trip; None where there is none."""

    def commit(
        self,
        writes: Sequence[Write],
        increments: Sequence[Increments],
        guards: Mapping[Key, Version] = NO_GUARDS,
    ) -> Mapping[Key, Version]:
        """Do all of it or nothing; return the new versions.

        Nothing is done if a document of `guards` is no longer at its version. A document without
        a new version is kept in another form than it was given: it is to be read again.

        Raises Conflict, TooLarge, NotFound (the AOI is not there, or not any more).
        """

    def confirm(self, published: Mapping[Key, Collection[str]]) -> None:
        """Take these tokens out of the documents' outboxes, whatever happened to them since."""

    def history(self, key: Key) -> list[Change] | None:
        """Return the whole history of a scene or tile, the oldest change first; None: no such."""

    def create_aoi(self, name: str, now: datetime) -> Aoi:
        """Create an AOI with all totals 0.

        Raises AlreadyExists, or Unavailable while one of that name is being deleted.
        """

    def find_aoi(self, name: str) -> Aoi | None:
        """Return an AOI, or None if there is none."""

    def set_policy(self, name: str, change: Callable[[Policy], Policy]) -> Aoi | None:
        """Change the policy of an AOI; return it, or None if there is none.

        Raises Conflict: somebody else changed it meanwhile.
        """

    def totals(self, name: str) -> tuple[Aoi, Totals] | None:
        """Return an AOI and its totals, in one round trip; None if there is none."""

    def aois(self, prefix: str = "") -> Iterator[tuple[Aoi, Totals]]:
        """Return all AOIs whose name begins so, by name, read as they are asked for."""

    def bury_aoi(self, name: str) -> int | None:
        """Take an AOI away at once; return the generation of what is left of it to delete.

        None if there is none. Its scenes and tiles are still there, but nothing can be
        committed for them any more; the next AOI of that name is of the next generation.
        """

    def delete_some(self, aoi: str, generation: int, limit: int) -> int:
        """Delete up to `limit` documents of an AOI that was buried; return how many.

        When it returns less than `limit` the last is gone, and `leftovers` has it no more.
        """

    def leftovers(self) -> Iterator[tuple[str, int]]:
        """Return name and generation of all buried AOIs that have documents left."""

    def attempts(self, aoi: str, statuses: Collection[Status]) -> Iterator[tuple[Key, int]]:
        """Return the keys of all scenes, then tiles, of these statuses, with their attempts."""

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        """Return the scenes of an AOI by date, then id; of all statuses, or of these."""

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        """Return the tiles of an AOI by scene date, scene, then id; of all statuses, or of these.

        Scenes and tiles are read as they are asked for; a window costs what it holds.
        """

    def unpublished(self) -> Iterator[Document]:
        """Return all documents with something left in their outbox, read as they are asked for."""

    def due(self, now: datetime) -> Iterator[Document]:
        """Return all documents that are due by now, the earliest first, read as asked for."""

    def uncut(self) -> Iterator[Tile]:
        """Return all FAILED tiles that are not cut out of their chains, read as asked for."""

    def recount(self, aoi: str) -> Recount | None:
        """Count all scenes and tiles of an AOI, and compare with the totals that are kept.

        None if there is no such AOI, or if something was committed meanwhile: ask again later.
        """

    def correct(self, off: Increments, version: Version) -> None:
        """Add to the totals of an AOI what a recount of this version found missing: once.

        Raises Conflict if somebody corrected them since (or perhaps only changed them).
        """

    def keep_rejected(self, rejected: Rejected) -> None:
        """Keep a rejected message for 30 days; the same message is kept once, as it is now."""

    def rejected(
        self, aoi: str = "", kind: str = "", after: tuple[datetime, str] | None = None
    ) -> Iterator[Rejected]:
        """Return rejected messages, of one AOI or kind if that is given, the latest first.

        Those after a place: the moment and the id of the last that was seen.
        """

    def find_rejected(self, id_: str) -> Rejected | None:
        """Return a rejected message, or None if there is none (any more)."""


class Publisher(Protocol):
    """Where messages go."""

    def publish(self, messages: Sequence[Message]) -> None:
        """Publish all of them, in any order, and wait until they are accepted.

        Raises Unavailable if any was not: then some may have been published (NotAccepted says
        which).
        """


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Services:
    """What every use case is handed.

    `defers_publishing`: a failed publication is left to the janitor (for a caller who would not
    repeat the call); otherwise it is raised (for a message that will be delivered again).
    `events`: every change is published as an event. `places`: the files that may be read and
    written.
    """

    store: Store
    publisher: Publisher
    now: Callable[[], datetime] = utc_now
    defers_publishing: bool = False
    events: bool = False
    told: Confirmations | None = None
    """Takes note of what was published, in place of the store: whoever set it tells that later."""
    places: Places = NOWHERE
    policies: dict[str, tuple[datetime, Policy]] = field(default_factory=dict, compare=False)
    """What is known of AOIs' policies, each until a moment: see `policy_of`."""
    queues: AllowedQueues = NO_QUEUES
    """The queues on AWS that an AOI may name for its jobs."""

    def policy_of(self, aoi: str) -> Policy:
        """Return the policy of an AOI, as it was at most POLICY_AGE ago."""
        now = self.now()
        known = self.policies.get(aoi)
        if known is None or not now < known[0] <= now + POLICY_AGE:
            found = self.store.find_aoi(aoi)
            known = now + POLICY_AGE, found.policy if found else DEFAULT
            self.policies[aoi] = known
        return known[1]
