"""From the Feature of a snapshot to the scene that is restored, with its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)

from tileweave.domain.errors import Invalid, Problem
from tileweave.domain.ingestion import NewScene, NewTile
from tileweave.domain.model import RESTORES, Cause, Change, Json
from tileweave.domain.snapshot import Kept, State, TileState
from tileweave.domain.status import Status
from tileweave.web.moments import rfc3339
from tileweave.web.scene_input import read_scene
from tileweave.web.scene_request import Name, either, is_feature
from tileweave.web.wrong_fields import wrong_fields


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
Said = Annotated[str, Field(max_length=20_000)]

ModelT = TypeVar("ModelT", bound=BaseModel)


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", validate_by_alias=True)


class _Change(_Read):
    when: Moment
    before: Status | None = Field(validation_alias="from")
    to: Status
    attempt: Count
    message: Said = ""
    actor: Annotated[str, Field(min_length=1, max_length=500)]
    reason: Said = ""

    @property
    def change(self) -> Change:
        cause = Cause(self.actor, self.message, reason=self.reason)
        return Change(self.when, self.before, self.to, self.attempt, cause)


class _Named(_Read):
    source_id: Name = Field(validation_alias=either("SourceID", "source_id"))
    scene_id: Name = Field(validation_alias=either("SceneID", "scene_id"))
    date: Moment = Field(validation_alias=either("Date", "date"))

    @property
    def kept(self) -> Kept:
        return Kept(self.source_id, self.scene_id, self.date)


class _Shown(_Read):
    """What lists show of a state."""

    status: Status = Field(validation_alias=either("Status", "status"))
    message: Said = Field(validation_alias=either("Message", "message"))
    attempt: Count = Field(validation_alias=either("Attempt", "attempt"))
    updated_at: Moment = Field(validation_alias=either("UpdatedAt", "updated_at"))
    retry_countdown: Count = Field(validation_alias=either("RetryCountDown", "retry_countdown"))
    previous: _Named | None = Field(None, validation_alias=either("Previous", "previous"))
    reference: _Named | None = Field(None, validation_alias=either("Reference", "reference"))


class _Kept(_Read):
    """What they do not."""

    history: Annotated[list[_Change], Field(min_length=1)]
    retries: Count = 0


class _KeptOfTile(_Kept):
    cut: bool = False
    heir: _Named | None = None
    next: tuple[_Named, ...] = ()
    referenced_by: tuple[_Named, ...] = ()
    anx_time: int | None = None


class _KeptOfScene(_Kept):
    tiles: list[_KeptOfTile]


def origin(aoi: str, taken_at: datetime, by: str = "") -> Cause:
    """Return the cause of what is restored from the snapshot of an AOI: the same for all of it."""
    moment = rfc3339(taken_at)
    by_whom = f", by {by}" if by else ""
    reason = f"restored from {aoi} as of {moment}{by_whom}"
    return Cause("ingestion", reason=reason, message_id=f"{RESTORES}{aoi}@{moment}")


def read_snapshot_scene(aoi: str, body: Any, by: Cause) -> NewScene:  # noqa: ANN401 - JSON
    """Return the scene that a snapshot's Feature describes, to be restored. Raises Invalid."""
    if not is_feature(body):
        raise Invalid((Problem("type", "must be a Feature of a snapshot"),))
    new = read_scene(aoi, body)
    kept = _read(_KeptOfScene, body.get("snapshot"), "snapshot")
    if len(kept.tiles) != len(new.tiles):
        said = f"has the states of {len(kept.tiles)} tiles, but there are {len(new.tiles)}"
        raise Invalid((Problem("snapshot.tiles", said),))
    shown = _read(_Shown, body["properties"], "properties")
    tiles = [
        _tile(tile, sent, state)
        for tile, sent, state in zip(new.tiles, _tiles(body), kept.tiles, strict=True)
    ]
    return replace(new, tiles=tuple(tiles), by=by, restored=State(**_state(shown, kept, "")))


def _tile(tile: NewTile, sent: Json, kept: _KeptOfTile) -> NewTile:
    shown = _read(_Shown, sent, tile.path)
    state = TileState(
        **_state(shown, kept, tile.path),
        cut=kept.cut,
        previous=shown.previous.kept if shown.previous and kept.cut else None,
        reference=shown.reference.kept if shown.reference and kept.cut else None,
        heir=kept.heir.kept if kept.heir else None,
        next=tuple(each.kept for each in kept.next),
        referenced_by=tuple(each.kept for each in kept.referenced_by),
    )
    if kept.cut and shown.status is not Status.FAILED:
        raise Invalid((Problem(f"{tile.path}.Status", "is not FAILED, but it is cut out"),))
    unknown = "anx_time" in kept.model_fields_set and kept.anx_time is None
    links = (None, None) if kept.cut else (tile.previous, tile.reference)
    previous, reference = links
    return replace(
        tile,
        anx_time=None if unknown else tile.anx_time,
        previous=previous,
        reference=reference,
        restored=state,
    )


def _state(shown: _Shown, kept: _Kept, path: str) -> dict[str, Any]:
    """Return the fields that states have in common. Raises Invalid."""
    last = kept.history[-1].to
    if last is not shown.status:
        where = f"{path}.Status" if path else "properties.status"
        raise Invalid((Problem(where, f"is {shown.status}, but the history ends with {last}"),))
    return {
        "status": shown.status,
        "attempt": shown.attempt,
        "message": shown.message,
        "retry_countdown": shown.retry_countdown,
        "updated_at": shown.updated_at,
        "history": tuple(each.change for each in kept.history),
        "retries": kept.retries,
    }


def _tiles(body: Json) -> Sequence[Json]:
    properties = body["properties"]
    found = properties.get("Tiles", properties.get("tiles")) or []
    return list(found.values()) if isinstance(found, dict) else found


def _read(model: type[ModelT], body: object, path: str) -> ModelT:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        wrong = (Problem(f"{path}.{where}", said) for where, said in wrong_fields(error))
        raise Invalid(tuple(wrong)) from error
