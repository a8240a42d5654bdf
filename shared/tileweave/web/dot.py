"""The graph of an AOI in DOT: scenes are boxes, tiles ellipses, coloured by status.

Written as it is read, so that the size of an AOI does not matter; what is kept is one status a
scene or tile, and one short text a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import graphviz
from graphviz.quoting import quote

from tileweave.domain.model import Key, Link, Scene, Tile
from tileweave.domain.status import Status

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


class _Drawing:
    """Remembers, while nodes are written, what the edges after them will need."""

    def __init__(self, *, reference: bool) -> None:
        self._reference = reference
        self._statuses: dict[Key, Status] = {}
        self._links: list[tuple[Key, Key, bool]] = []

    def scene(self, scene: Scene) -> str:
        self._statuses[scene.key] = scene.status
        label = _quoted(scene.source_id, f"\\n{scene.date.date()}")
        return _node(scene.key, f"label={label}, shape=box", scene.status)

    def tile(self, tile: Tile) -> str:
        self._statuses[tile.key] = tile.status
        self._links.append((Key("scene", tile.scene_id), tile.key, False))
        self._link(tile.previous, tile, dashed=False)
        if self._reference:
            self._link(tile.reference, tile, dashed=True)
        name = _quoted(tile.source_id)
        return _node(tile.key, f"label={name}, group={name}", tile.status)

    def edges(self) -> Iterator[str]:
        for tail, head, dashed in self._links:
            done = self._statuses.get(tail) is Status.DONE
            style = "dashed" if dashed else "solid"
            loose = ", constraint=false, color=gray50" if dashed else ""
            look = f"[style={style if done else 'dotted'}{loose}]"
            yield f"  {_name(tail)} -> {_name(head)} {look};\n"

    def _link(self, link: Link | None, tile: Tile, *, dashed: bool) -> None:
        if link is not None and not tile.cut:
            self._links.append((Key("tile", link.tile_id), tile.key, dashed))


def dot_of(
    name: str, scenes: Iterable[Scene], tiles: Iterable[Tile], *, reference: bool = False
) -> Iterator[str]:
    """Return the graph of an AOI in DOT, piece by piece.

    One edge for each link from a scene or a previous tile, with `reference` a dashed one for
    each reference; dotted while what it comes from is not DONE. A cut-out tile has none.
    """
    drawing = _Drawing(reference=reference)
    yield f"digraph {quote(name)} {{\n"
    yield '  graph [rankdir=TB, newrank=true, fontname="Helvetica"];\n'
    yield '  node [style=filled, fontname="Helvetica", fontsize=11];\n'
    yield "  edge [arrowsize=0.6];\n"
    yield from (drawing.scene(scene) for scene in scenes)
    yield from (drawing.tile(tile) for tile in tiles)
    yield from drawing.edges()
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
