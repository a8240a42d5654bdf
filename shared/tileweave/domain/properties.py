"""What a catalogue says of a scene, wherever its form keeps it."""

from __future__ import annotations

from collections.abc import Iterator

from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json, Scene


def property_of(scene: NewScene | Scene, *names: str) -> str:
    """Return the first of these properties that a scene has, as text; "" if it has none.

    They are looked for in its tags, its `data`, `data.metadata`, and the `properties` of both, as a
    STAC Item has them.
    """
    places = list(_places(scene))
    found = (place[name] for name in names for place in places if name in place)
    return next((str(each) for each in found if isinstance(each, str | int)), "")


def _places(scene: NewScene | Scene) -> Iterator[Json]:
    yield scene.tags
    for place in (scene.data, scene.data.get("metadata")):
        if isinstance(place, dict):
            yield place
            if isinstance(properties := place.get("properties"), dict):
                yield properties
