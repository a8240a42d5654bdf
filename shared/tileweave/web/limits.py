"""What a request may hold; stated in `docs/api.md`."""

from __future__ import annotations

MOST_TILES = 10_000
"""Tiles of one scene."""

MOST_DATA = 700_000
"""Bytes of a scene's data and tags or a tile's data, as they are sent: they are part of jobs."""

TILES_OF = ("given", "annotations")
"""Where the tiles of a scene come from: the request, or else the annotation of its product."""
