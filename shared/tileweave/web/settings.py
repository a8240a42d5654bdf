"""What an AOI says of its jobs: leases, delays of automatic retries, queues that they go to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.wrappers import Request, Response

from tileweave.domain.errors import Invalid, NotFound, Problem
from tileweave.domain.model import Json
from tileweave.domain.policy import Policy
from tileweave.domain.queues import AllowedQueues, queue_of
from tileweave.usecases.leases import change_policy
from tileweave.usecases.ports import Services
from tileweave.web.answers import as_json, json_of
from tileweave.web.wrong_fields import wrong_fields

LONGEST = 30 * 24 * 3600.0
"""Seconds of a lease or a delay: 30 days."""


def _address(value: str) -> str:
    return queue_of(value).address


QueueAddress = Annotated[str, Field(max_length=500), AfterValidator(_address)] | None

Seconds = Annotated[float, Field(strict=True, ge=0, le=LONGEST)]


class JobSettings(BaseModel):
    """What an AOI says of its jobs; what is not given stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lease_seconds: Annotated[
        float,
        Field(
            strict=True,
            ge=1,
            le=LONGEST,
            description="After so long without result or heartbeat a job is handed out again.",
        ),
    ] = Policy().lease.total_seconds()
    retry_delay_seconds: Annotated[
        Seconds, Field(description="How long the first automatic retry waits; 0: not at all.")
    ] = Policy().first_delay.total_seconds()
    retry_delay_factor: Annotated[
        float,
        Field(
            strict=True, ge=1, le=100, description="How much longer each next one in a row waits."
        ),
    ] = Policy().factor
    retry_delay_cap_seconds: Annotated[
        Seconds, Field(description="How long an automatic retry waits at most.")
    ] = Policy().cap.total_seconds()
    scene_jobs_queue: Annotated[
        QueueAddress,
        Field(description="URL or ARN of the SQS queue that scenes' jobs go to; null: Pub/Sub."),
    ] = None
    tile_jobs_queue: Annotated[
        QueueAddress,
        Field(description="URL or ARN of the SQS queue that tiles' jobs go to; null: Pub/Sub."),
    ] = None

    def queues(self) -> Iterator[tuple[str, str]]:
        """Return the queues that are given, by the names of their fields."""
        for name in ("scene_jobs_queue", "tile_jobs_queue"):
            if address := getattr(self, name):
                yield name, address


def show(services: Services, request: Request, aoi: str) -> Response:
    """Answer the settings of an AOI."""
    del request
    found = services.store.find_aoi(aoi)
    if found is None:
        raise NotFound("AOI", aoi)
    return as_json(settings_json(found.policy))


def change(services: Services, request: Request, aoi: str) -> Response:
    """Change the settings that are given; answers all of them."""
    given = given_settings(json_of(request), services.queues)
    found = change_policy(services, aoi, partial(changed, given))
    return as_json(settings_json(found.policy))


def settings_json(policy: Policy) -> Json:
    """Return a policy as the API shows it."""
    return {
        "lease_seconds": policy.lease.total_seconds(),
        "retry_delay_seconds": policy.first_delay.total_seconds(),
        "retry_delay_factor": policy.factor,
        "retry_delay_cap_seconds": policy.cap.total_seconds(),
        "scene_jobs_queue": policy.scene_jobs_queue or None,
        "tile_jobs_queue": policy.tile_jobs_queue or None,
    }


def given_settings(body: object, allowed: AllowedQueues) -> JobSettings:
    """Return the settings that are given. Raises Invalid, also for queues that are not allowed."""
    try:
        given = JobSettings.model_validate(body)
    except ValidationError as error:
        wrong = (Problem(path, said) for path, said in wrong_fields(error))
        raise Invalid(tuple(wrong)) from error
    _check(given, allowed)
    return given


def _check(given: JobSettings, allowed: AllowedQueues) -> None:
    """Raise Invalid for queues that are not to be contacted; says which are."""
    listed = ", ".join(allowed.prefixes) or "nothing"
    said = f"this queue is not to be contacted: TILEWEAVE_QUEUES lists {listed}"
    wrong = [Problem(name, said) for name, each in given.queues() if not allowed.allows(each)]
    if wrong:
        raise Invalid(tuple(wrong))


def changed(given: JobSettings, policy: Policy) -> Policy:
    """Return a policy with the settings that are given in place of its own. Raises Invalid."""
    values = {name: getattr(given, name) for name in given.model_fields_set}
    new = {**settings_json(policy), **values}
    _check_that_queues_differ(new["scene_jobs_queue"], new["tile_jobs_queue"])
    return replace(
        policy,
        lease=timedelta(seconds=new["lease_seconds"]),
        first_delay=timedelta(seconds=new["retry_delay_seconds"]),
        factor=new["retry_delay_factor"],
        cap=timedelta(seconds=new["retry_delay_cap_seconds"]),
        scene_jobs_queue=new["scene_jobs_queue"] or "",
        tile_jobs_queue=new["tile_jobs_queue"] or "",
    )


def _check_that_queues_differ(scenes: str | None, tiles: str | None) -> None:
    """Raise Invalid for one queue of both: workers on scenes would be given jobs of tiles."""
    if scenes and tiles and queue_of(scenes).is_same(queue_of(tiles)):
        said = "is the queue of scenes' jobs: workers on scenes and on tiles need one each"
        raise Invalid((Problem("tile_jobs_queue", said),))
