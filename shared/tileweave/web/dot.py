"""The graph of an AOI in DOT: scenes are boxes, tiles ellipses, coloured by status.

Written as it is read, so that the size of an AOI does not matter; what is kept is status and date
of a scene or tile, and the two ends of a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import graphviz
from graphviz.quoting import quote

from tileweave.domain.model import Document, Key, Link, Scene, Tile
from tileweave.domain.status import Status
from tileweave.web.drawn import Links, Nodes

_FILL = {
    Status.NEW: "#d9d9d9",
    Status.PENDING: "#a6cee3",
    Status.DONE: "#b2df8a",
    Status.RETRY: "#fdbf6f",
    Status.FAILED: "#fb9a99",
}
"""Gray, blue, green, orange, red: light enough for black text."""

_LINE = {
    Status.NEW: "gray50",
    Status.PENDING: "blue",
    Status.DONE: "darkgreen",
    Status.RETRY: "darkorange",
    Status.FAILED: "red",
}

_LAYOUT = """\
  graph [rankdir=TB, newrank=true, nodesep=0.25, ranksep=0.35, fontname="Helvetica"];
  node [style=filled, fontname="Helvetica", fontsize=12, penwidth=1.5, margin="0.12,0.06"];
  edge [arrowsize=0.6, color=gray30];
"""

_LOOKS = {
    "scene": ", color=gray60, arrowhead=none",
    "previous": ", weight=100, minlen=2",
    "sideways": ", constraint=false",
    "reference": ", constraint=false, weight=0, color=steelblue",
}
"""The timeline of a footprint is what the eye is to follow: straight, dark, with arrows."""


class _Drawing:
    """Remembers, while nodes are written, what the ranks and edges after them will need."""

    def __init__(self, *, reference: bool) -> None:
        self._reference = reference
        self._scenes, self._tiles, self._links = Nodes(), Nodes(), Links()

    def node(self, document: Document) -> str:
        if isinstance(document, Scene):
            self._scenes.add(document)
            return self._scene(document)
        self._tiles.add(document)
        return self._tile(document)

    def ranks(self) -> Iterator[str]:
        """Return the scenes of each date side by side, and so their tiles below them."""
        for kind, nodes in (("scene", self._scenes), ("tile", self._tiles)):
            for ids in nodes.by_day().values():
                if len(ids) > 1:
                    row = "; ".join(f"{kind}_{each}" for each in ids)
                    yield f"  {{ rank=same; {row} }}\n"

    def edges(self) -> Iterator[str]:
        """Return all links between what was written."""
        for tail, head, kind in self._links:
            nodes = self._tails(kind)
            if tail in nodes and head in self._tiles:
                name = f"{'scene' if kind == 'scene' else 'tile'}_{tail}"
                yield f"  {name} -> tile_{head} [{self._look(tail, head, kind)}];\n"

    def order(self) -> Iterator[str]:
        """Hold each date below the one before, where no link does: by an edge nobody sees."""
        days = {day: ids[-1] for day, ids in self._scenes.by_day().items()}
        held = {
            (self._tiles.day(tail), self._tiles.day(head))
            for tail, head, kind in self._links
            if kind == "previous" and tail in self._tiles and head in self._tiles
        }
        for earlier, later in pairwise(sorted(days)):
            if (earlier, later) not in held:
                names = f"scene_{days[earlier]} -> scene_{days[later]}"
                yield f"  {names} [style=invis, minlen=2];\n"

    def _tails(self, kind: str) -> Nodes:
        return self._scenes if kind == "scene" else self._tiles

    def _scene(self, scene: Scene) -> str:
        label = _quoted(scene.source_id, f"\\n{scene.date.date()}")
        return _node(scene.key, f"label={label}, shape=box, fontsize=10", scene.status)

    def _tile(self, tile: Tile) -> str:
        self._links.add(tile.scene_id, tile.id, "scene")
        self._link(tile.previous, tile, "previous")
        if self._reference:
            self._link(tile.reference, tile, "reference")
        name = _quoted(tile.source_id)
        return _node(tile.key, f"label={name}, group={name}", tile.status)

    def _link(self, link: Link | None, tile: Tile, kind: str) -> None:
        if link is not None and not tile.cut:
            self._links.add(link.tile_id, tile.id, kind)

    def _look(self, tail: int, head: int, kind: str) -> str:
        nodes = self._tails(kind)
        whole = "dashed" if kind == "reference" else "solid"
        style = f"style={whole if nodes.status(tail) is Status.DONE else 'dotted'}"
        down = nodes.day(tail) < self._tiles.day(head)
        return style + _LOOKS[kind if kind != "previous" or down else "sideways"]


def dot_of(name: str, documents: Iterable[Document], *, reference: bool = False) -> Iterator[str]:
    """Return the graph of scenes and tiles of an AOI in DOT, piece by piece.

    One edge for each link from a scene or a previous tile, with `reference` a dashed one for
    each reference; dotted while what it comes from is not DONE. A cut-out tile has none, nor has
    a link to what is not among the documents. Dates go down, each scene above its tiles.
    """
    drawing = _Drawing(reference=reference)
    yield f"digraph {quote(name)} {{\n{_LAYOUT}"
    yield from (drawing.node(each) for each in documents)
    yield from drawing.ranks()
    yield from drawing.edges()
    yield from drawing.order()
    yield "}\n"


def _node(key: Key, attributes: str, status: Status) -> str:
    fill, line = quote(_FILL[status]), _LINE[status]
    said = quote(status.value)
    return f"  {_name(key)} [{attributes}, fillcolor={fill}, color={line}, tooltip={said}];\n"


def _quoted(name: str, more: str = "") -> str:
    """Return a name as a quoted string that shows it literally, whatever it holds.

    No escape of DOT's, no entity (`&lt;`), no HTML; what DOT or XML cannot hold becomes U+FFFD.
    """
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "\ufffd", name)
    shown = re.sub(r"&(?=#?\w+;)", "&amp;", shown)
    quoted: str = quote(graphviz.nohtml(graphviz.escape(shown) + more))
    return quoted


def _name(key: Key) -> str:
    return f"{key.kind}_{key.id}"
