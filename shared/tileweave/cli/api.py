"""Tileweave's HTTP API, as the demo calls it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
from pydantic import BaseModel
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from tileweave.cli.errors import CommandError

PATIENCE_SECONDS = 30
"""How long a call is repeated that is answered 503: a function may be starting again."""


class Counts(BaseModel):
    """How many scenes, or tiles, there are of each status."""

    new: int
    pending: int
    done: int
    retry: int
    failed: int
    total: int

    @property
    def settled(self) -> int:
        """How many will not change by themselves, nor wait for a person."""
        return self.done + self.failed

    @property
    def open(self) -> str:
        """Those that are not settled, in words: `2 PENDING, 1 NEW`."""
        found = {"NEW": self.new, "PENDING": self.pending, "RETRY": self.retry}
        return ", ".join(f"{count} {status}" for status, count in found.items() if count)


class Overview(BaseModel):
    """An AOI as `GET /aoi/{aoi}` answers it."""

    name: str
    status: str
    scenes: Counts
    tiles: Counts

    @property
    def settled(self) -> bool:
        """Whether nothing is NEW, PENDING or in RETRY."""
        return not (self.scenes.open or self.tiles.open)


class _TryAgain(Exception):
    """Raised when a call is to be repeated."""


class Api:
    """Calls on one AOI. Every method raises CommandError where the answer is an error."""

    def __init__(self, http: httpx.Client, aoi: str) -> None:
        self._http = http
        self._aoi = f"/aoi/{aoi}"

    def create(self) -> None:
        """Create the AOI, if it is not there."""
        self._call("POST", "", fine=(HTTPStatus.CONFLICT,))

    def add_scene(self, feature: dict[str, Any]) -> None:
        """Add a scene with its tiles, if it is not there."""
        self._call("POST", "/scene", fine=(HTTPStatus.CONFLICT,), json=feature)

    def overview(self) -> Overview:
        """Return the AOI's overview."""
        return Overview.model_validate_json(self._call("GET", "").content)

    def retry(self) -> tuple[int, int]:
        """Retry what is in RETRY; return how many scenes and tiles that were."""
        answer = self._call("PUT", "/retry")
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return 0, 0
        retried = answer.json()
        return retried["Scenes"], retried["Tiles"]

    def graph(self, form: str) -> bytes | None:
        """Return the graph with its reference links; None if it cannot be rendered there."""
        answer = self._call(
            "GET",
            f"/dot?format={form}&reference=true",
            fine=(HTTPStatus.NOT_IMPLEMENTED,),
        )
        return answer.content if answer.is_success else None

    def _call(
        self,
        method: str,
        path: str,
        fine: tuple[int, ...] = (),
        json: dict[str, Any] | None = None,
    ) -> httpx.Response:
        attempts = Retrying(
            stop=stop_after_delay(PATIENCE_SECONDS),
            wait=wait_fixed(0.2),
            retry=retry_if_exception_type((_TryAgain, httpx.TransportError)),
            reraise=True,
        )
        try:
            answer = attempts(self._once, method, self._aoi + path, json)
        except (_TryAgain, httpx.HTTPError) as error:
            raise CommandError(f"{method} {self._aoi}{path}: {error}") from error
        if answer.is_success or answer.status_code in fine:
            return answer
        raise CommandError(f"{method} {self._aoi}{path} answered {_said(answer)}")

    def _once(self, method: str, path: str, json: dict[str, Any] | None) -> httpx.Response:
        answer = self._http.request(method, path, json=json)
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise _TryAgain(_said(answer))
        return answer


def _said(answer: httpx.Response) -> str:
    return f"{answer.status_code} {answer.text[:300]}"
