"""What scenes and tiles have in common: retry, fail, and any status by force."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from tileweave.domain.model import Document, Key
from tileweave.domain.status import FORCED, Event, Status
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import Services
from tileweave.web.routing import Route

Show = Callable[[Document], Response]


def operations(kind: Literal["scene", "tile"], show: Show) -> tuple[Route, ...]:
    """Return the routes that operate on a scene or tile, and answer it as `show` shows it."""
    events = {
        "retry": Event.RETRY,
        "retry/force": Event.FORCE_RETRY,
        "fail": Event.FAIL,
        "fail/force": Event.FORCE_FAIL,
    }
    path = f"/{kind}/<int:number>"
    named = [
        Route("PUT", f"{path}/{name}", partial(_operate, kind, show, event))
        for name, event in events.items()
    ]
    return (*named, Route("PUT", f"{path}/force/<status>", partial(_force, kind, show)))


def _operate(
    kind: Literal["scene", "tile"],
    show: Show,
    event: Event,
    services: Services,
    request: Request,
    number: int,
) -> Response:
    del request
    return show(operate(services, Key(kind, number), event))


def _force(
    kind: Literal["scene", "tile"],
    show: Show,
    services: Services,
    request: Request,
    number: int,
    status: str,
) -> Response:
    if status.upper() not in Status.__members__:
        raise BadRequest(f"{status!r} is not a status: one of {', '.join(Status)}.")
    return _operate(kind, show, FORCED[Status(status.upper())], services, request, number)
