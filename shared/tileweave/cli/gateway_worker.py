"""The gateway's gunicorn worker: what is no request is answered by a problem, not by a page."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress

from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker
from werkzeug.wrappers import Response

from tileweave.web.problems import problem

logger = logging.getLogger(__name__)

STATUS_OF: dict[type[Exception], int] = {
    errors.ConfigurationProblem: 500,
    errors.InvalidResponseHeader: 500,
    errors.InvalidResponseHeaderName: 500,
    errors.ExpectationFailed: 417,
    errors.ForbiddenProxyRequest: 403,
    errors.LimitRequestHeaders: 431,
    errors.LimitRequestLine: 414,
    errors.UnsupportedTransferCoding: 501,
}
"""Other errors of gunicorn's parser are 400."""


class ProblemWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Serves requests in threads, and answers what it cannot read itself."""

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Answer what cannot be read, or was not answered, and have the connection closed."""
        del req, addr
        with suppress(OSError):  # nobody is there any more
            write_nonblock(client, written(refusal(exc)))


def refusal(error: Exception) -> Response:
    """Return the answer to what the server could not read; or 500, and the log has the error."""
    unread = isinstance(error, errors.ParseException)
    status = STATUS_OF.get(type(error), 400 if unread else 500)
    if status == STATUS_OF[errors.ConfigurationProblem]:
        logger.error("An unexpected error", exc_info=error)
        return problem(status, "Something unexpected went wrong; the log has the details.")
    return problem(status, f"The request cannot be read: {error}.")


def written(answer: Response) -> bytes:
    """Return an answer as HTTP/1.1 writes it, after which the connection ends."""
    body = answer.get_data()
    answer.content_length = len(body)
    answer.headers["Connection"] = "close"
    return f"HTTP/1.1 {answer.status}\r\n{answer.headers}".encode("latin-1") + body
