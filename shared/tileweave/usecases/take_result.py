"""Take a worker's result: change the status of its scene or tile, once."""

from __future__ import annotations

from functools import partial

from pydantic import ValidationError

from tileweave.domain.decisions import Ignored
from tileweave.domain.decisions import take_result as decide
from tileweave.domain.errors import NotFound
from tileweave.domain.incoming import Result
from tileweave.domain.model import Key
from tileweave.usecases.carry_out import carry_out
from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.reject import Delivery, explained, reject


def take_result(services: Services, delivery: Delivery) -> Rejected | None:
    """Apply a result, or keep it among the rejected ones: then return it.

    Raises only what a redelivery can mend: Conflict, Unavailable.
    """
    try:
        result = Result.model_validate_json(delivery.body)
    except ValidationError as error:
        return reject(services, delivery, "malformed", explained(error))
    key = Key(result.type, result.id)
    try:
        decision = partial(decide, result=result, message_id=delivery.message_id)
        ignored: Ignored | None = carry_out(services, decision, [key])
    except NotFound as error:
        return reject(services, delivery, "unknown", str(error))
    if ignored is None:
        return None
    return reject(services, delivery, ignored.kind, ignored.reason, ignored.aoi)
