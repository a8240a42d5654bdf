"""The scheduler's call: take the results that wait in a queue on AWS."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Request, Response

from tileweave.usecases.collect import Inbox, collect
from tileweave.usecases.ports import Services
from tileweave.web.answers import as_json
from tileweave.web.routing import Route

SECONDS = 50
"""How long a call takes results: the scheduler comes every minute."""

LONGEST = 540
"""Seconds that a call may be asked to last."""


def routes(inbox: Callable[[], Inbox | None]) -> tuple[Route, ...]:
    """Return the call that takes results from this queue."""

    def call(services: Services, request: Request) -> Response:
        queue, seconds = inbox(), _seconds(request)
        if queue is None:
            raise NotFound("There is no queue of results: TILEWEAVE_RESULTS_QUEUE names none.")
        collected = collect(services, queue, seconds)
        return as_json({"queue": queue.path, "taken": collected.taken, "left": collected.left})

    return (Route("POST", "/", call),)


def _seconds(request: Request) -> int:
    written = request.args.get("seconds", str(SECONDS))
    if not (written.isascii() and written.isdigit() and 1 <= int(written) <= LONGEST):
        raise BadRequest(f"seconds={written!r} is not a whole number from 1 to {LONGEST}.")
    return int(written)
