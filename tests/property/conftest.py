"""Profiles: `ci` by default; HYPOTHESIS_PROFILE=long looks ten times as far, at random."""

import os
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import tenacity.nap
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    max_examples=100,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    settings.get_profile("ci"),
    derandomize=False,
    max_examples=1000,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="module", autouse=True)
def no_pauses_between_tries() -> Iterator[None]:
    """Let retries follow each other at once: whoever was quicker has finished by then."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))
        yield
