"""Take a worker's result: change the status of its scene or tile, once."""

from __future__ import annotations

from functools import partial

from pydantic import ValidationError

from tileweave.domain.errors import NotFound
from tileweave.domain.incoming import Result
from tileweave.domain.many import Answer
from tileweave.domain.many import take_results as decide
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.reject import Delivery, explained, reject


def take_result(services: Services, delivery: Delivery) -> Rejected | None:
    """Apply a result, or keep it among the rejected ones: then return it.

    Raises only what a redelivery can mend: Conflict, Unavailable.
    """
    result = read_result(services, delivery)
    if isinstance(result, Rejected):
        return result
    decision = partial(decide, results=[(result, delivery.message_id)])
    try:
        [answer] = carry_out(services, decision, [Key(result.type, result.id)])
    except NotFound as error:  # its AOI is gone, and what was in it is going
        answer = error
    return judged(services, delivery, answer)


def read_result(services: Services, delivery: Delivery) -> Result | Rejected:
    """Return the result that a message holds, or what it is kept as if it holds none."""
    try:
        return Result.model_validate_json(delivery.body)
    except ValidationError as error:
        return reject(services, delivery, "malformed", explained(error))


def judged(services: Services, delivery: Delivery, answer: Answer) -> Rejected | None:
    """Keep a result that changes nothing among the rejected ones."""
    if answer is None:
        return None
    if isinstance(answer, NotFound):
        return reject(services, delivery, "unknown", str(answer))
    return reject(services, delivery, answer.kind, answer.reason, answer.aoi)
