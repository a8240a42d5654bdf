"""The file of a snapshot that a request names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tileweave.domain.errors import Invalid, Problem
from tileweave.snapshots import formats
from tileweave.web.wrong_fields import wrong_fields


class SnapshotFile(BaseModel):
    """A file at a place that is configured; what its name does not say of its format is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    href: str = Field(min_length=1, description="`s3://`, `gs://` or `https://`.")
    format: formats.Format | None = Field(
        None, description="By default what the name ends with: .geojson, .ndjson, .parquet."
    )

    @property
    def form(self) -> formats.Format:
        """The format. Raises Invalid: neither the request nor the name says it."""
        return formats.format_of(self.href, self.format or "")


def file_of(body: object) -> SnapshotFile:
    """Return the file that a request names. Raises Invalid."""
    try:
        return SnapshotFile.model_validate(body)
    except ValidationError as error:
        wrong = (Problem(path, said) for path, said in wrong_fields(error))
        raise Invalid(tuple(wrong)) from error
