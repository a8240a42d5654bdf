"""What a decision sees and changes: documents that were read, with its edits on top.

Decisions are pure functions of a draft. One that meets a document nobody has read yet stops
with Missing; whoever runs it reads what is missing, all at once, and runs it again from the
start. So a decision is written as if everything were in memory, and costs one round trip for
each step it goes along the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from tileweave.domain.errors import NotFound
from tileweave.domain.model import Document, Key, Link, Scene, Tile
from tileweave.domain.outbox import Kind, of_kind, token
from tileweave.domain.policy import DEFAULT, Policy

NOTHING_TOLD: Mapping[Key, frozenset[str]] = MappingProxyType({})


class Missing(Exception):
    """Raised by a draft that is asked for documents, or AOIs, that were not read yet."""

    def __init__(self, keys: frozenset[Key], aois: frozenset[str] = frozenset()) -> None:
        super().__init__(f"{len(keys)} documents and {len(aois)} AOIs are to be read first")
        self.keys = keys
        self.aois = aois


@dataclass(frozen=True, slots=True)
class Edit:
    """A document before (None: it is created) and after a decision."""

    before: Document | None
    after: Document


class Draft:
    """Documents as they were read (None: known not to exist), and the edits of one decision.

    `policies` are those of AOIs by name (None: all have the default one); `events` tells that
    every change is to be published. What is `told` of an outbox was published already.
    """

    def __init__(
        self,
        known: Mapping[Key, Document | None],
        now: datetime,
        policies: Mapping[str, Policy] | None = None,
        *,
        events: bool = False,
        told: Mapping[Key, frozenset[str]] = NOTHING_TOLD,
    ) -> None:
        self.now = now
        self._known = known
        self._policies = policies
        self._events = events
        self._told = told
        self._edited: dict[Key, Document] = {}
        self._guarded: dict[Key, None] = {}
        self._seen: set[Key] = set()
        self._to_publish: dict[Key, frozenset[str]] = {}

    def need(self, keys: Iterable[Key]) -> None:
        """Raise Missing unless all of `keys` were read: asks for them in one go."""
        missing = frozenset(key for key in keys if key not in self._known)
        if missing:
            raise Missing(missing)

    def find(self, key: Key) -> Document | None:
        """Return a document as edited so far, or None if there is none."""
        if key in self._edited:
            return self._edited[key]
        self.need((key,))
        self._seen.add(key)
        return self._known[key]

    def find_scene(self, scene_id: int) -> Scene | None:
        """Return a scene, or None if there is none."""
        found = self.find(Key("scene", scene_id))
        return found if isinstance(found, Scene) else None

    def find_tile(self, tile_id: int) -> Tile | None:
        """Return a tile, or None if there is none."""
        found = self.find(Key("tile", tile_id))
        return found if isinstance(found, Tile) else None

    def find_tiles(self, tile_ids: Iterable[int]) -> list[Tile]:
        """Return those of the tiles that exist, read in one go."""
        ids = list(dict.fromkeys(tile_ids))
        self.need(Key("tile", each) for each in ids)
        return [tile for each in ids if (tile := self.find_tile(each)) is not None]

    def scene(self, scene_id: int) -> Scene:
        """Return a scene; raises NotFound."""
        found = self.find_scene(scene_id)
        if found is None:
            raise NotFound("scene", scene_id)
        return found

    def tile(self, tile_id: int) -> Tile:
        """Return a tile; raises NotFound."""
        found = self.find_tile(tile_id)
        if found is None:
            raise NotFound("tile", tile_id)
        return found

    def document(self, key: Key) -> Document:
        """Return a scene or a tile; raises NotFound, also for a tile that is staged."""
        found = self.scene(key.id) if key.kind == "scene" else self.tile(key.id)
        if _is_staged(found):
            raise NotFound(key.kind, key.id)
        return found

    def linked(self, link: Link | None) -> Tile | None:
        """Return the tile that a link names; None without a link."""
        return None if link is None else self.find_tile(link.tile_id)

    def policy(self, aoi: str) -> Policy:
        """Return what an AOI says of its jobs."""
        if self._policies is None:
            return DEFAULT
        if aoi not in self._policies:
            raise Missing(frozenset(), frozenset((aoi,)))
        return self._policies[aoi]

    def put(self, document: Document) -> None:
        """Replace (or create) a document; what is new in its outbox is to be published.

        A job or update that was in it before is being published by whoever put it there; an event
        may be told twice. A document that is again as it was read is no edit.
        """
        self.need((document.key,))
        before = self.find(document.key)
        if news := self._news(before, document) - document.outbox:
            document = replace(document, outbox=document.outbox | news)
        if document == self._known[document.key]:
            self._edited.pop(document.key, None)
        else:
            self._edited[document.key] = document
        promised = before.outbox - of_kind(before.outbox, Kind.EVENT) if before else frozenset()
        self._announce(document.key, document.outbox - promised)

    def publish(self, document: Document) -> None:
        """Have the messages published that the document's outbox still holds."""
        self._announce(document.key, document.outbox)

    def _announce(self, key: Key, tokens: frozenset[str]) -> None:
        if tokens := tokens - self._told.get(key, frozenset()):
            self._to_publish[key] = self._to_publish.get(key, frozenset()) | tokens

    def _news(self, before: Document | None, after: Document) -> frozenset[str]:
        """Return tokens of the changes that nobody was told of, those of before included."""
        untold = of_kind(before.outbox, Kind.EVENT) if before else frozenset()
        if not self._events or _is_staged(after):
            return untold
        first = before.changes if before and not _is_staged(before) else _added(after)
        return untold | {token(Kind.EVENT, each) for each in range(first, after.changes)}

    def guard(self, document: Document) -> None:
        """Have the commit refused if this document changes until then: the decision rests on it."""
        self._guarded[document.key] = None

    @property
    def guards(self) -> tuple[Key, ...]:
        """What the commit is refused for, besides what it edits."""
        return tuple(key for key in self._guarded if key not in self._edited)

    @property
    def rests_on(self) -> frozenset[Key]:
        """What the decision looked at, and does not change."""
        return frozenset(self._seen - self._edited.keys())

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What the decision changes, in the order of its first edits."""
        return tuple(Edit(self._known[key], after) for key, after in self._edited.items())

    @property
    def to_publish(self) -> tuple[Document, ...]:
        """The documents, each with what of its outbox is to be published after the commit."""
        found = ((self.find(key), tokens) for key, tokens in self._to_publish.items())
        narrowed = [replace(each, outbox=each.outbox & told) for each, told in found if each]
        return tuple(each for each in narrowed if each.outbox)


def _added(document: Document) -> int:
    """Return by which change a document was added: a restored one brings earlier ones along."""
    marks = [n for n, each in enumerate(document.history) if each.cause.restores]
    return document.earlier + marks[-1] if marks else 0


def _is_staged(document: Document) -> bool:
    return isinstance(document, Tile) and document.staged
