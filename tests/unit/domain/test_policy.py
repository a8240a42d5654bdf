"""How long an automatic retry waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tileweave.domain.policy import DEFAULT, Policy

MINUTE = timedelta(minutes=1)


def minutes(policy: Policy, retries: int = 6) -> list[float]:
    """Return the delays of so many automatic retries in a row."""
    return [policy.delay(number) / MINUTE for number in range(retries)]


@pytest.mark.parametrize(
    ("first", "factor", "cap", "waits"),
    [
        (0, 2, 60, [0, 0, 0, 0, 0, 0]),
        (1, 2, 60, [1, 2, 4, 8, 16, 32]),
        (1, 2, 5, [1, 2, 4, 5, 5, 5]),
        (5, 2, 5, [5, 5, 5, 5, 5, 5]),
        (5, 2, 3, [3, 3, 3, 3, 3, 3]),
        (1, 1, 60, [1, 1, 1, 1, 1, 1]),
        (1, 1.5, 60, [1, 1.5, 2.25, 3.375, 5.0625, 7.59375]),
        (1, 2, 0, [0, 0, 0, 0, 0, 0]),
        (10, 100, 43200, [10, 1000, 43200, 43200, 43200, 43200]),
    ],
)
def test_each_delay_is_longer_by_the_factor_up_to_the_cap(
    first: float, factor: float, cap: float, waits: list[float]
) -> None:
    """The first is as long as it is set to, unless the cap is shorter."""
    policy = Policy(first_delay=first * MINUTE, factor=factor, cap=cap * MINUTE)

    assert minutes(policy) == pytest.approx(waits)


@pytest.mark.parametrize("factor", [1, 2, 100])
def test_a_million_retries_wait_as_long_as_the_cap(factor: float) -> None:
    """At once told, and never longer than can be told."""
    policy = Policy(first_delay=MINUTE, factor=factor, cap=30 * 24 * 60 * MINUTE)

    assert policy.delay(1_000_000) == (MINUTE if factor == 1 else policy.cap)


def test_unless_an_aoi_says_otherwise_nothing_waits() -> None:
    """As geocube-ingester's workers expect it."""
    assert minutes(DEFAULT) == [0] * 6
    assert DEFAULT.lease == timedelta(hours=24)
