"""Which scenes are the same acquisition, processed more than once, and which of them is kept."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Scene, Tile
from tileweave.domain.properties import property_of
from tileweave.domain.status import Status

SceneT = TypeVar("SceneT", NewScene, Scene)

NEVER = datetime.min.replace(tzinfo=UTC)


def product_name(source_id: str) -> str:
    """Return the name of a product: a Sentinel-1 id without the checksum it ends with.

    Nor with the form of its files that follows it at Copernicus, `_COG` or `.SAFE`. Products of one
    name are one acquisition.
    """
    return re.sub(r"^(S1[A-D]_.*_)[0-9A-F]{4}(_COG)?(\.SAFE)?$", r"\1", source_id)


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


def is_idle(scene: Scene, tiles: Collection[Tile]) -> bool:
    """Whether nothing has come of a scene yet: no download, and no tile that has started."""
    waiting = [tile for tile in tiles if tile.status is Status.NEW]
    is_open = scene.status in (Status.PENDING, Status.RETRY)
    return is_open and len(waiting) == len(scene.tile_ids)


@dataclass(frozen=True, slots=True)
class Versions:
    """The scenes of one acquisition that count: those to come, and those that are there."""

    to_come: Sequence[NewScene]
    there: Sequence[Scene]
    requested: Sequence[Scene]
    """Those of the ones that are there that are in the request once more."""
    idle: Collection[int]
    """Ids of scenes of which nothing has come yet."""

    @property
    def standing(self) -> NewScene | Scene:
        """The one that stands for all: one that is there, unless a newer one can take its place."""
        if not self.there:
            return newest(self.to_come)
        best = newest(self.there)
        newer = [each for each in self.to_come if ingested_at(each) > ingested_at(best)]
        can_go = all(each.id in self.idle for each in self.there)
        return newest(newer) if newer and can_go else best

    @property
    def doubles(self) -> dict[str, str]:
        """The scenes that are not to be added, each with the one that stands for it."""
        name = self.standing.source_id
        return {each.source_id: name for each in self.to_come if each.source_id != name}

    @property
    def outdated(self) -> dict[int, str]:
        """The ids of scenes to give up, each with the newer one that comes, or came before."""
        name = self.standing.source_id
        asked = [each.source_id for each in self.to_come]
        asked += [each.source_id for each in self.requested]
        if name not in asked:
            return {}
        others = (each for each in self.there if each.source_id != name and each.id in self.idle)
        return {each.id: name for each in others if ingested_at(each) < ingested_at(self.standing)}


def versions(
    scenes: Iterable[NewScene], there: Iterable[Scene], idle: Collection[int]
) -> list[Versions]:
    """Return the scenes of each acquisition that a request is about; FAILED ones do not count."""
    found = {each.source_id: each for each in there}
    names: dict[str, list[NewScene]] = {}
    for new in scenes:
        names.setdefault(product_name(new.source_id), []).append(new)
    live: dict[str, list[Scene]] = {name: [] for name in names}
    for scene in found.values():
        if scene.status is not Status.FAILED:
            live.setdefault(product_name(scene.source_id), []).append(scene)
    return [
        Versions(
            to_come=[each for each in every if each.source_id not in found],
            there=live[name],
            requested=[found[each.source_id] for each in every if each.source_id in found],
            idle=idle,
        )
        for name, every in names.items()
    ]
