"""Add one scene whose tiles are linked by themselves."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from tileweave.domain.errors import AlreadyExists, Invalid
from tileweave.domain.ingestion import NewScene
from tileweave.domain.lifecycle import was_applied
from tileweave.domain.model import Key
from tileweave.usecases.add_scenes import Fate, Outcome
from tileweave.usecases.link_scenes import link_scenes
from tileweave.usecases.ports import Services


def link_scene(services: Services, aoi: str, new: NewScene) -> int:
    """Add a scene as `link_scenes` does; return its id.

    Raises NotFound, Invalid, and AlreadyExists (with the id of the scene, or of the one that stands
    for the same acquisition).
    """
    if not new.by.message_id:
        new = replace(new, by=replace(new.by, message_id=f"call/{uuid4()}"))
    [outcome] = link_scenes(services, aoi, [new])
    if outcome.fate is Fate.REFUSED or outcome.id is None:
        raise Invalid(outcome.problems)
    if outcome.fate is Fate.KNOWN and not _by_this_call(services, outcome, new):
        raise AlreadyExists("scene", new.source_id, outcome.id)
    return outcome.id


def _by_this_call(services: Services, outcome: Outcome, new: NewScene) -> bool:
    """Whether nobody had told this call that its commit took effect."""
    key = Key("scene", outcome.id or 0)
    found = services.store.read([key])[key]
    return found is not None and was_applied(found.document, new.by.message_id)
