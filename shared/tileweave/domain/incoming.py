"""Messages that come in (SPEC section 3), as they are checked.

Apart from those that go out: who shows a scene needs no validation, which takes long to import.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tileweave.domain.identity import LARGEST_ID
from tileweave.domain.status import Status


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _attempt(value: object) -> object:
    """Take 0 for none: so Go writes a number that nobody has set."""
    return None if type(value) is int and value == 0 else value


def _text(value: object) -> object:
    return "" if value is None else value


Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_ID)]

HEARTBEAT: Final = "HEARTBEAT"
"""In place of a status: the job is still being worked on."""

ResultStatus = Annotated[
    Literal[Status.DONE, Status.RETRY, Status.FAILED, "HEARTBEAT"], BeforeValidator(_upper)
]


class Result(BaseModel):
    """What a worker says of a job: its status in any case, and perhaps the attempt it had.

    A status HEARTBEAT has the job's lease begin anew.
    """

    model_config = ConfigDict(frozen=True)

    type: Literal["scene", "tile"]
    id: Id
    status: ResultStatus
    message: Annotated[str, BeforeValidator(_text)] = ""
    attempt: Annotated[
        Annotated[int, Field(strict=True, ge=1)] | None, BeforeValidator(_attempt)
    ] = None

    @property
    def is_heartbeat(self) -> bool:
        """Whether it only says that there is no result yet."""
        return self.status == HEARTBEAT


class DependencyUpdate(BaseModel):
    """A scene or tile succeeded or failed: its dependants are to be looked at."""

    model_config = ConfigDict(frozen=True)

    type: Literal["scene", "tile"]
    id: Id
