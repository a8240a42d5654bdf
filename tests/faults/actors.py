"""What workers, operators, the janitor and deliveries do: each a call to be made later.

What they do it to is read when they are described; messages and calls have ids of their own, so
that the same call is the same however often it is made.
"""

from __future__ import annotations

import json

from tests.builders import AOI
from tests.faults.stepped import Act
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Cause, Document
from tileweave.domain.status import Event
from tileweave.usecases import replay
from tileweave.usecases.add_scene import add_scene
from tileweave.usecases.add_scenes import add_scenes
from tileweave.usecases.consume import Consumer
from tileweave.usecases.janitor import visit
from tileweave.usecases.leases import heartbeat
from tileweave.usecases.link_scenes import link_scenes
from tileweave.usecases.operate import operate, retry_aoi
from tileweave.usecases.ports import Rejected, Services
from tileweave.usecases.propagate import take_update
from tileweave.usecases.reject import Delivery
from tileweave.usecases.take_result import take_result


def result(
    of: Document, status: str = "DONE", *, attempt: int | None = None, id_: str = "result"
) -> Act:
    """A worker's result is delivered."""
    body = {"type": of.key.kind, "id": of.id, "status": status}
    named = body if attempt is None else {**body, "attempt": attempt}
    delivery = Delivery(id_, json.dumps(named).encode())
    return lambda services: take_result(services, delivery)


def update(of: Document, *, again: bool = False) -> Act:
    """A dependency update is delivered: what depends on this is looked after."""
    body = json.dumps({"type": of.key.kind, "id": of.id}).encode()
    delivery = Delivery(f"update of {of.id}", body, again=again)
    return lambda services: take_update(services, delivery)


def ended(of: Document, status: str, *, attempt: int | None = None, id_: str = "result") -> Act:
    """A worker's result is delivered, and then the dependency update that it causes, if any."""
    act = result(of, status, attempt=attempt, id_=id_)
    return act if status == "RETRY" else propagated(act, of)


def propagated(act: Act, of: Document) -> Act:
    """Something is done, and then its dependency update delivered, unless it was refused.

    What is published is not taken away: the update comes once more, when all are at their ends.
    """

    def both(services: Services) -> object:
        done = act(services)
        if not isinstance(done, Rejected):
            update(of)(services)
        return done

    return both


def consumed(*ends: tuple[Document, str], id_: str = "result") -> Act:
    """A batch consumer takes a result of each of these, and tells what it published."""
    bodies = [{"type": of.key.kind, "id": of.id, "status": status} for of, status in ends]
    batch = [
        Delivery(id_ if number == 0 else f"{id_} {number}", json.dumps(body).encode())
        for number, body in enumerate(bodies)
    ]

    def act(services: Services) -> object:
        consumer = Consumer(services)
        left = consumer.take_results(batch)
        consumer.tell()
        return [each.message_id for each in left]

    return act


def operation(of: Document, event: Event, *, id_: str = "call") -> Act:
    """An operator retries, fails or forces this."""
    cause = Cause("operator", message_id=id_)
    return lambda services: operate(services, of.key, event, cause)


def retry_of_all(*, force: bool = False) -> Act:
    """An operator retries the whole AOI."""
    return lambda services: retry_aoi(services, AOI, force=force)


def beat(of: Document, attempt: int | None = None) -> Act:
    """A worker says that it is alive."""
    return lambda services: heartbeat(services, of.key, attempt)


def janitor(*, audit: bool = False) -> Act:
    """The janitor comes."""
    return lambda services: visit(services, audit=audit)


def addition(scene: NewScene) -> Act:
    """A scene is added."""
    return lambda services: add_scene(services, AOI, scene)


def additions(*scenes: NewScene) -> Act:
    """Scenes are added together."""
    return lambda services: add_scenes(services, AOI, scenes)


def linking(*scenes: NewScene) -> Act:
    """Scenes are added, and linked by themselves."""
    return lambda services: link_scenes(services, AOI, scenes)


def replaying(id_: str) -> Act:
    """An operator has a rejected message taken again."""
    return lambda services: replay.replay(services, id_)
