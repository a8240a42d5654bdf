"""What the calls answer, as models: the OpenAPI document describes them, no answer is made of them.

All keys are always there, and no others, unless a model says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from tileweave.domain.status import Status

Id = Annotated[int, Field(ge=1, le=2**53 - 1, description="Stable for ever, never reused.")]
Count = Annotated[int, Field(ge=0)]
Object = dict[str, JsonValue]


class Answer(BaseModel):
    """Has exactly the keys that it names."""

    model_config = ConfigDict(extra="forbid")


class Health(Answer):
    """That the service is there."""

    status: Literal["ok"]
    version: str


class WrongField(Answer):
    """One wrong field of a request."""

    path: str = Field(examples=["tiles.A44_IW1_8951.previous_tile_id"])
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457), the answer to every call that goes wrong."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: Annotated[list[WrongField], Field(description="Of 422: every wrong field.")] = []
    id: Annotated[Id, Field(description="Of 409: the scene that is known already.")] = 1
    carried_out: Annotated[bool, Field(description="Of 503: false where nothing was done.")] = True


class Counts(Answer):
    """How many scenes or tiles have which status."""

    new: Count
    pending: Count
    done: Count
    retry: Count
    failed: Count
    total: Count


class Totals(Answer):
    """What the scenes and tiles of an AOI add up to."""

    status: Status
    scenes: Counts
    tiles: Counts
    root_tiles: Count
    first: Annotated[
        AwareDatetime | None,
        Field(alias="from", description="The first scene, to the millisecond."),
    ]
    last: Annotated[
        AwareDatetime | None, Field(alias="to", description="The last scene, to the millisecond.")
    ]
    progress: Annotated[float, Field(ge=0, le=1)]
    created_at: AwareDatetime
    generation: Annotated[
        Count, Field(description="How many AOIs of this name were deleted before: ids tell.")
    ]


class Overview(Totals):
    """An AOI."""

    name: str


class ListedAoi(Totals):
    """An AOI in a list."""

    name: str = Field(alias="ID")


class SceneId(Answer):
    """The id of the scene that was added."""

    id: Id


class Outcome(Answer):
    """What became of one scene of many."""

    source_id: str
    outcome: Literal["added", "known", "refused"]
    id: Id | None
    errors: list[WrongField] = Field(
        [], description="Why it was refused, or which tiles it has not; else not there."
    )


class Outcomes(Answer):
    """What became of many scenes."""

    added: Count
    known: Count
    refused: Count
    scenes: list[Outcome]


class ExportedFile(Answer):
    """A file that a snapshot was written to."""

    href: str
    format: Literal["geojson", "ndjson", "geoparquet"]
    scenes: Count
    tiles: Count
    bytes: Count


class RestoredSnapshot(Answer):
    """How much of a snapshot was restored."""

    restored: Annotated[Count, Field(description="Scenes that were put back.")]
    known: Annotated[Count, Field(description="Scenes that were there already.")]
    tiles: Annotated[Count, Field(description="Tiles of the scenes that were put back.")]


class Retried(Answer):
    """How many scenes and tiles a retry of an AOI started."""

    scenes: Count = Field(alias="Scenes")
    tiles: Count = Field(alias="Tiles")


class SceneOfJob(Answer):
    """A scene as jobs show it; `data` keeps every key it came with."""

    id: Id
    source_id: str
    aoi: str
    data: Object


class TileOfJob(Answer):
    """A tile as jobs show it."""

    id: Id
    source_id: str
    scene: SceneOfJob
    data: Object


class Change(Answer):
    """A change of status."""

    when: AwareDatetime
    before: Annotated[
        Status | None, Field(alias="from", description="null: the scene or tile was added.")
    ]
    to: Status
    attempt: Count
    message: str = Field(description="What a worker said.")
    actor: str = Field(
        description="worker, propagation, janitor, ingestion, or an operator's name (of the token)."
    )
    reason: str = Field(description="Why an operator, or the janitor, did it.")


class Lease(Answer):
    """Until when a job may go without a sign of its worker."""

    id: Id
    attempt: Count
    lease_until: AwareDatetime


class Rejected(Answer):
    """A message that changed nothing, kept for 30 days."""

    id: str
    kind: Literal["malformed", "unknown", "stale", "ignored", "undeliverable"]
    error: str
    aoi: str = Field(description='"" where nobody knows it.')
    topic: Literal["results", "dependency-updates"]
    message_id: str
    body: str
    received_at: AwareDatetime
    expires_at: AwareDatetime
    replayed_at: AwareDatetime | None = Field(description="When it was replayed, and taken.")


class NextPage(Answer):
    """Where the next page is found, relative to the base URL."""

    rel: Literal["next"]
    href: str
    type: Literal["application/json"]


class RejectedPage(Answer):
    """A page of rejected messages."""

    rejected: list[Rejected]
    links: list[NextPage]
