"""Give up a scene of which a newer version has come, as long as nothing of it has started."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from tileweave.domain import decisions
from tileweave.domain.acquisitions import is_idle
from tileweave.domain.draft import Draft
from tileweave.domain.ingestion import INGESTION
from tileweave.domain.model import Cause, Key, Scene
from tileweave.domain.status import Event
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.ports import Services


def give_up(services: Services, old: Scene, newer: str) -> None:
    """Fail a scene for the sake of a newer one, which is there, unless it was quicker."""
    because = f"scene {newer} is a newer version of this acquisition"
    cause = Cause(INGESTION.actor, message=because, reason=because)
    decide = partial(_give_up, key=old.key, cause=cause)
    carry_out(services, decide, {old.key, *_tiles(old.tile_ids)})


def _give_up(draft: Draft, key: Key, cause: Cause) -> None:
    scene = draft.scene(key.id)
    tiles = draft.find_tiles(scene.tile_ids)
    if is_idle(scene, tiles):
        for tile in tiles:
            draft.guard(tile)
        decisions.operate(draft, key, Event.FORCE_FAIL, cause)


def _tiles(ids: Collection[int]) -> set[Key]:
    return {Key("tile", each) for each in ids}
