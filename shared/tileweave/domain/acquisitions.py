"""Which scenes are the same acquisition, processed more than once, and which of them is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Scene
from tileweave.domain.properties import property_of
from tileweave.domain.status import Status

SceneT = TypeVar("SceneT", NewScene, Scene)

NEVER = datetime.min.replace(tzinfo=UTC)


def product_name(source_id: str) -> str:
    """Return the name of a product: a Sentinel-1 id without the checksum it ends with.

    Products of one name are one acquisition.
    """
    return re.sub(r"^(S1[A-D]_.*_)[0-9A-F]{4}$", r"\1", source_id)


def ingested_at(scene: NewScene | Scene) -> datetime:
    """Return the `ingestionDate` of a scene, in UTC; NEVER if it has none that can be read."""
    try:
        moment = datetime.fromisoformat(property_of(scene, "ingestionDate", "ingestion_date"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return NEVER


def newest(scenes: Iterable[SceneT]) -> SceneT:
    """Return the scene that was ingested last; of several at once the last by name."""
    return max(scenes, key=lambda each: (ingested_at(each), each.source_id))


def duplicates(scenes: Iterable[NewScene], there: Iterable[Scene]) -> dict[str, str]:
    """Return the scenes that are not to be added, each with the one that stands for it.

    That is the one that is there, unless it is FAILED, or the newest of those to come.
    """
    found = {each.source_id: each for each in there}
    standing: dict[str, list[Scene]] = {}
    for scene in found.values():
        if scene.status is not Status.FAILED:
            standing.setdefault(product_name(scene.source_id), []).append(scene)
    to_come: dict[str, list[NewScene]] = {}
    for new in scenes:
        if new.source_id not in found:
            to_come.setdefault(product_name(new.source_id), []).append(new)
    doubles: dict[str, str] = {}
    for name, every in to_come.items():
        kept = newest(standing[name]) if name in standing else newest(every)
        doubles |= {each.source_id: kept.source_id for each in every if each is not kept}
    return doubles
