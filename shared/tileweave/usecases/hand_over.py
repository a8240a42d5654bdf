"""Publish jobs to the queues on AWS that their AOIs name.

Whatever is wrong with a queue keeps no other job back, and no result: what it does not accept stays
in the outbox, and the janitor publishes it at each of his visits until it is accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tileweave.domain.errors import NotAccepted, Unavailable
from tileweave.domain.messages import Message
from tileweave.domain.model import Key
from tileweave.usecases.ports import Services
from tileweave.usecases.reject import UNDELIVERABLE, Delivery, reject

logger = logging.getLogger(__name__)


def hand_over(services: Services, jobs: Sequence[Message]) -> frozenset[Key]:
    """Publish jobs to queues; return what of waits for the janitor.

    A job that no queue will ever accept (it is too large) is kept among the rejected messages.
    """
    if not jobs:
        return frozenset()
    waiting: Sequence[Message] = ()
    try:
        services.publisher.publish(jobs)
    except NotAccepted as error:
        waiting = error.waiting
        logger.warning("%d jobs wait for their queue: %s", len(waiting), error)
        for job, why in error.refused:
            _keep(services, job, why)
    except Unavailable:
        waiting = jobs
        logger.warning("%d jobs wait for their queue", len(waiting), exc_info=True)
    return frozenset(each.key for each in waiting)


def _keep(services: Services, job: Message, why: str) -> None:
    """Keep a job where operators see it; once for each attempt."""
    name = "/".join(("job", *job.key[:1], str(job.key.id), job.attributes.get("attempt", "")))
    said = f"{why}; retry it by force when its AOI has another queue, or none"
    delivery = Delivery(name, job.text, attributes=job.attributes)
    reject(services, delivery, UNDELIVERABLE, said, topic=job.topic)
