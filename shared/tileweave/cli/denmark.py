"""The demo's scenes: three passes of Sentinel-1 over Denmark, three bursts each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from graphlib import TopologicalSorter
from importlib import resources
from typing import Any

AOI = "DenmarkDemo"
SCENES = 3
TILES = 9

Feature = dict[str, Any]


def features() -> list[Feature]:
    """Return the scenes as GeoJSON Features, each after those that its tiles depend on."""
    file = resources.files("tileweave.cli").joinpath("denmark_tiles.geojson")
    return in_order(json.loads(file.read_bytes())["features"])


def in_order(found: Sequence[Feature]) -> list[Feature]:
    """Return Features of scenes so that each comes after those that its tiles depend on."""
    by_name = {each["properties"]["source_id"]: each for each in found}
    graph = {name: _depends_on(each) - {name} for name, each in by_name.items()}
    order = TopologicalSorter(graph).static_order()
    return [by_name[name] for name in order if name in by_name]


def _depends_on(feature: Feature) -> set[str]:
    tiles = feature["properties"]["Tiles"] or ()
    links = [tile.get(name) for tile in tiles for name in ("Previous", "Reference")]
    return {link["SceneID"] for link in links if link}
