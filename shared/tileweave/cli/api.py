"""The demo's AOI, by the client: what is there already is no error."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tileweave.client import ApiError, Client, NotNow, Overview
from tileweave.client.client import Form


@dataclass(frozen=True, slots=True)
class Api:
    """Calls on one AOI. Every method raises ClientError where the answer is another error."""

    client: Client
    aoi: str

    def create(self) -> None:
        """Create the AOI, if it is not there."""
        with suppress(NotNow):
            self.client.create_aoi(self.aoi)

    def add_scene(self, feature: Mapping[str, Any]) -> None:
        """Add a scene with its tiles, if it is not there."""
        with suppress(NotNow):
            self.client.add_scene(self.aoi, feature)

    def overview(self) -> Overview:
        """Return the AOI's overview."""
        return self.client.overview(self.aoi)

    def retry(self) -> tuple[int, int]:
        """Retry what is in RETRY; return how many scenes and tiles that were."""
        retried = self.client.retry_aoi(self.aoi)
        return retried.scenes, retried.tiles

    def graph(self, form: Form) -> bytes | None:
        """Return the graph with its reference links; None if it cannot be rendered there."""
        try:
            return self.client.graph(self.aoi, form, reference=True)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_IMPLEMENTED:
                return None
            raise
