"""The places that cursors hold, as they are checked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints, TypeAdapter

from tileweave.domain.identity import REJECTED_ID
from tileweave.domain.incoming import Id


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment of a cursor; one beyond the years that UTC has is none."""

RejectedId = Annotated[str, StringConstraints(pattern=f"^{REJECTED_ID.pattern}$")]

PLACE = TypeAdapter(tuple[Moment, Id, Id])
"""Where a page of scenes or tiles ended: date, scene, id."""

REJECTED = TypeAdapter(tuple[Moment, RejectedId])
"""Where a page of rejected messages ended: receipt, id."""
