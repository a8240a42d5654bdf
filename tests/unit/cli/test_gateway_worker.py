"""What the gateway's server answers itself: to what is no request, and to a crash."""

from __future__ import annotations

import json
import socket

import pytest
from gunicorn.http import errors

from tileweave.cli.gateway_worker import ProblemWorker, refusal, written


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequestLine("<html>"), 400),
        (errors.InvalidHeader("Content-Length"), 400),
        (errors.InvalidChunkSize(b"many"), 400),
        (errors.LimitRequestHeaders("limit request headers fields size"), 431),
        (errors.LimitRequestLine(9, 8), 414),
        (errors.UnsupportedTransferCoding("gzip"), 501),
        (errors.InvalidResponseHeader("Location"), 500),
        (RuntimeError("password: 12345"), 500),
    ],
)
def test_an_error_of_the_server_is_a_problem(error: Exception, status: int) -> None:
    answer = refusal(error)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    problem = json.loads(answer.get_data())
    assert problem["title"] != "Error"
    assert "12345" not in problem["detail"]


def test_it_is_written_as_http_and_ends_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ProblemWorker.__new__(ProblemWorker).handle_error(
            None, ours, None, errors.InvalidHeader("x")
        )
        ours.shutdown(socket.SHUT_WR)
        head, _, body = theirs.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 BAD REQUEST\r\n")
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert written(refusal(errors.InvalidHeader("x"))) == head + b"\r\n\r\n" + body


def test_nobody_there_any_more_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        for _ in range(2):
            ProblemWorker.__new__(ProblemWorker).handle_error(None, ours, None, RuntimeError())
