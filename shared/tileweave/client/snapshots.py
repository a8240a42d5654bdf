"""Snapshots over HTTP: read in pages, restored in parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tileweave.client.models import Feature, SnapshotPage
from tileweave.domain.parts import Item, closed_parts

MOST_BYTES = 4_000_000
"""Of one request that restores scenes, unless they name each other both ways, or one is larger."""

NAMES_AT_ONCE = 30
"""Scenes that one request names: each has up to 500 characters."""

NDJSON = "application/x-ndjson"

Ask = Callable[[str, Mapping[str, Any]], SnapshotPage]
"""Reads a page: of a path, with these parameters."""


class Exported:
    """A snapshot that is read in pages as its Features are asked for; its header is there at once.

    Scenes that were added meanwhile, and are named by others, come at the end.
    """

    def __init__(self, ask: Ask, path: str, page: int) -> None:
        self._ask = ask
        self._path = path
        self._page = ask(path, {"limit": page})
        self.header: Mapping[str, Any] = self._page.snapshot
        """Of which AOI, as of when, and what that says of its jobs."""

    def __iter__(self) -> Iterator[Feature]:
        """Return the Feature of each scene, with its tiles."""
        seen: set[str] = set()
        named: set[str] = set()
        for feature in self._listed():
            seen.add(_name(feature))
            named |= named_by(feature)
            yield feature
        while missing := named - seen:
            seen |= missing
            for feature in self._some(sorted(missing)):
                named |= named_by(feature)
                yield feature

    def _listed(self) -> Iterator[Feature]:
        page = self._page
        yield from page.features
        while page.next is not None:
            page = self._ask(page.next, {})
            yield from page.features

    def _some(self, names: Sequence[str]) -> Iterator[Feature]:
        left = iter(names)
        while some := list(islice(left, NAMES_AT_ONCE)):
            yield from self._ask(self._path, {"scene": some}).features


def named_by(feature: Feature) -> set[str]:
    """Return the source ids of the other scenes that a scene is restored with, or after."""
    links = [tile.get(name) for tile in _tiles(feature) for name in ("Previous", "Reference")]
    states = list(feature.get("snapshot", {}).get("tiles", ()))
    links += [each.get("heir") for each in states]
    uncut = [each for each in states if each.get("cut") is False]
    links += [link for each in uncut for name in _LISTS for link in each.get(name, ())]
    return {link["SceneID"] for link in links if link} - {_name(feature)}


def parts_of(header: Mapping[str, Any], features: Iterable[Feature]) -> Iterator[bytes]:
    """Return the bodies of requests that restore scenes: none names what comes in a later one.

    One is there even if there are no scenes: the AOI is to be made, with its settings.
    """
    parts = closed_parts(map(_item, features), MOST_BYTES)
    yield _part(header, next(parts, []))
    for part in parts:
        yield _part(header, part)


_LISTS = ("next", "referenced_by")


def _part(header: Mapping[str, Any], part: Sequence[tuple[bytes, int]]) -> bytes:
    first = {**header, "settings": header.get("settings")}
    totals = {"scenes": len(part), "tiles": sum(tiles for _, tiles in part)}
    lines = [_line({"snapshot": first}), *(text for text, _ in part), _line({"totals": totals})]
    return b"\n".join(lines)


def _item(feature: Feature) -> Item[tuple[bytes, int]]:
    text = _line(feature)
    return Item((text, len(_tiles(feature))), _name(feature), named_by(feature), len(text))


def _name(feature: Feature) -> str:
    return str(feature["properties"]["source_id"])


def _tiles(feature: Feature) -> list[dict[str, Any]]:
    return feature["properties"].get("Tiles") or []


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
