"""A job as a worker takes it, and what the worker says of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tileweave.domain.incoming import HEARTBEAT
from tileweave.domain.messages import Message, Topic

MOST_CHARACTERS = 2_000
"""Of what a worker says; Tileweave keeps about as much."""

Kind = Literal["scene", "tile"]
Status = Literal["DONE", "RETRY", "FAILED"]


class SceneOfJob(BaseModel):
    """The scene of a tile's job."""

    model_config = ConfigDict(frozen=True)

    source_id: str
    aoi: str


class Job(BaseModel):
    """What a worker reads of a job (SPEC section 3); `text` is all of it, as it came."""

    model_config = ConfigDict(frozen=True)

    id: int
    source_id: str
    aoi: str
    scene: SceneOfJob | None = None
    attempt: int | None = Field(None, ge=1)
    text: bytes

    @model_validator(mode="before")
    @classmethod
    def _takes_the_aoi_of_its_scene(cls, body: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(body, dict) and isinstance(scene := body.get("scene"), dict):
            return {**body, "aoi": scene.get("aoi")}
        return body

    @property
    def kind(self) -> Kind:
        """Whether a scene or a tile is to be worked on."""
        return "tile" if self.scene else "scene"

    @property
    def scene_source_id(self) -> str:
        """The name of its scene, which may be the job's own."""
        return self.scene.source_id if self.scene else self.source_id

    def __str__(self) -> str:
        """Return its names and attempt, for people."""
        within = f" of {self.scene.source_id}" if self.scene else ""
        return f"{self.kind} {self.source_id}{within}, attempt {self.attempt or 1}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, and why."""

    status: Status
    message: str = ""


def read_job(text: bytes) -> Job:
    """Return the job of a message. Raises ValueError."""
    body = json.loads(text)
    if not isinstance(body, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004 - as every other wrong content
    return Job.model_validate({**body, "text": text})


def result_of(job: Job, outcome: Outcome) -> Message:
    """Return the result message of a job."""
    return _answer(job, outcome.status, outcome.message[:MOST_CHARACTERS])


def heartbeat_of(job: Job) -> Message:
    """Return the message that says that a job is still being worked on."""
    return _answer(job, HEARTBEAT, "")


def _answer(job: Job, status: str, message: str) -> Message:
    body = {"type": job.kind, "id": job.id, "status": status, "message": message}
    attributes = {"type": job.kind, "aoi": job.aoi, "id": str(job.id)}
    if job.attempt is not None:
        body["attempt"] = job.attempt
        attributes["attempt"] = str(job.attempt)
    return Message(Topic.RESULTS, body, attributes)
