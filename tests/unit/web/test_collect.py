"""The scheduler's call that takes results from a queue."""

from __future__ import annotations

import pytest

from tests.builders import World, a_chain
from tests.unit.usecases.test_collect import Mail, results_of_scenes
from tests.unit.web.api import a_client, problem_of
from tileweave.domain.errors import Unavailable
from tileweave.domain.status import Status
from tileweave.usecases.received import Received
from tileweave.web.collect import routes
from tileweave.web.routing import http_function


def test_it_answers_how_many_it_took() -> None:
    """And how many come again."""
    world, mail = World(*a_chain(2)), Mail()
    mail.put(*results_of_scenes(world))

    answer = a_client(http_function(routes(lambda: mail), lambda: world.services)).post(
        "/?seconds=1"
    )

    assert answer.status_code == 200
    assert answer.json == {"queue": mail.path, "taken": 2, "left": 0}
    assert world.scene(0).status is Status.DONE


@pytest.mark.parametrize("seconds", ["0", "541", "-1", "1.5", "x", ""])
def test_a_time_that_is_none_is_a_bad_request(seconds: str) -> None:
    """Nothing is taken then."""
    client = a_client(http_function(routes(Mail), lambda: World().services))
    problem_of(client.post(f"/?seconds={seconds}"), 400)


def test_without_a_queue_there_is_nothing_to_take_from() -> None:
    """It says what names one."""
    client = a_client(http_function(routes(lambda: None), lambda: World().services))
    problem = problem_of(client.post("/"), 404)
    assert "TILEWEAVE_RESULTS_QUEUE" in problem["detail"]


def test_a_queue_that_does_not_answer_is_asked_again_later() -> None:
    """By the next call."""

    class Down(Mail):
        def pull(self, most: int, wait_seconds: int) -> list[Received]:
            raise Unavailable("no answer")

    client = a_client(http_function(routes(Down), lambda: World().services))
    problem_of(client.post("/"), 503)
