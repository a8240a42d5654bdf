"""What scenes and tiles have in common: retry, fail, force, data, history, heartbeat.

What only some calls need is imported by them: who shows a scene needs no validation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid
from tileweave.domain.messages import change_body
from tileweave.domain.model import Document, Key
from tileweave.domain.status import FORCED, Event, Status
from tileweave.usecases.ports import Services
from tileweave.usecases.watch import get_scene, get_tile, history_of
from tileweave.web.answers import as_json, json_of, no_content
from tileweave.web.causes import cause_of
from tileweave.web.moments import rfc3339
from tileweave.web.paging import attempt_of
from tileweave.web.routing import Endpoint, Route

Show = Callable[[Document], Response]

EVENTS = {
    "retry": Event.RETRY,
    "retry/force": Event.FORCE_RETRY,
    "fail": Event.FAIL,
    "fail/force": Event.FORCE_FAIL,
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Operates on scenes or on tiles, and answers them as `show` shows them."""

    kind: Literal["scene", "tile"]
    show: Show

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes to retry, fail and force."""
        calls: list[tuple[str, str, Endpoint]] = [
            *(("PUT", name, partial(self._named, event)) for name, event in EVENTS.items()),
            ("PUT", "force/<status>", self._force),
            ("PUT", "data", self._data),
            ("GET", "history", self._history),
            ("POST", "heartbeat", self._heartbeat),
        ]
        path = f"/{self.kind}/<int:number>"
        return tuple(
            Route(method, f"{path}/{name}", self._of_what_is_there(endpoint))
            for method, name, endpoint in calls
        )

    def _of_what_is_there(self, endpoint: Endpoint) -> Endpoint:
        """Return the endpoint; that there is no such thing is told before what else is wrong."""

        def answer(services: Services, request: Request, number: int, **more: str) -> Response:
            try:
                return endpoint(services, request, number, **more)
            except (Invalid, HTTPException):
                find = get_scene if self.kind == "scene" else get_tile
                find(services, number)
                raise

        return answer

    def _history(self, services: Services, request: Request, number: int) -> Response:
        del request
        changes = history_of(services, Key(self.kind, number))
        return as_json([change_body(each) for each in changes])

    def _heartbeat(self, services: Services, request: Request, number: int) -> Response:
        from tileweave.usecases.leases import heartbeat

        attempt = attempt_of(request)
        job = heartbeat(services, Key(self.kind, number), attempt)
        due = job.due_at and rfc3339(job.due_at)
        return as_json({"id": job.id, "attempt": job.attempt, "lease_until": due})

    def _data(self, services: Services, request: Request, number: int) -> Response:
        from tileweave.usecases.operate import replace_data
        from tileweave.web.data_input import read_data

        replace_data(services, Key(self.kind, number), *read_data(self.kind, json_of(request)))
        return no_content()

    def _named(self, event: Event, services: Services, request: Request, number: int) -> Response:
        from tileweave.usecases.operate import operate

        return self.show(operate(services, Key(self.kind, number), event, cause_of(request)))

    def _force(self, services: Services, request: Request, number: int, status: str) -> Response:
        if status.upper() not in Status.__members__:
            raise BadRequest(f"{status!r} is not a status: one of {', '.join(Status)}.")
        return self._named(FORCED[Status(status.upper())], services, request, number)
