"""Leases: how long a job may go without a sign of its worker, for each AOI."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tileweave.domain import decisions
from tileweave.domain.errors import NotFound
from tileweave.domain.model import Document, Key
from tileweave.domain.policy import Policy
from tileweave.usecases.carry_out import carry_out, retrying
from tileweave.usecases.ports import Aoi, Services


def heartbeat(services: Services, key: Key, attempt: int | None = None) -> Document:
    """Have the lease of a job begin anew; return its scene or tile.

    Raises NotFound, NotAllowed: it is not PENDING, or at another attempt.
    """
    return carry_out(services, partial(decisions.extend_lease, key=key, attempt=attempt), [key])


def set_policy(services: Services, aoi: str, policy: Policy) -> Aoi:
    """Replace what an AOI says of its jobs, from the next one on. Raises NotFound."""
    return change_policy(services, aoi, lambda _: policy)


def change_policy(services: Services, aoi: str, change: Callable[[Policy], Policy]) -> Aoi:
    """Change what an AOI says of its jobs; two changes at once are both made. Raises NotFound."""
    changed = retrying(lambda: services.store.set_policy(aoi, change))
    if changed is None:
        raise NotFound("AOI", aoi)
    services.policies.pop(aoi, None)
    return changed
