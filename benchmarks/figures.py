"""What a benchmark measured: figures, each with a floor of the same run and a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """What a number is to be: at least, or at most, a limit."""

    limit: float
    at_least: bool

    def met_by(self, number: float) -> bool:
        """Whether a number is as it is to be."""
        return number >= self.limit if self.at_least else number <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:,g}"


def at_least(limit: float) -> Goal:
    """Return the goal of a number that is the better the larger."""
    return Goal(limit, at_least=True)


def at_most(limit: float) -> Goal:
    """Return the goal of a number that is the better the smaller."""
    return Goal(limit, at_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number, what the bare client calls took in the same run (`floor`), and the goals.

    `size` is the number of tiles of the AOI, where a figure is one of a curve.
    """

    case: str
    value: float
    unit: str
    floor: float | None = None
    goal: Goal | None = None
    ratio_goal: Goal | None = None
    size: int | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in floors; None without a floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether all goals are met; None without any."""
        checked = []
        if self.goal is not None:
            checked.append(self.goal.met_by(self.value))
        if self.ratio_goal is not None and self.ratio is not None:
            checked.append(self.ratio_goal.met_by(self.ratio))
        return all(checked) if checked else None

    def as_json(self) -> dict[str, Any]:
        """Return it as a JSON object, with its ratio and whether it meets its goals."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


@dataclass(frozen=True, slots=True)
class Result:
    """All figures of a benchmark."""

    name: str
    title: str
    seconds: float
    figures: Sequence[Figure] = field(default_factory=tuple)


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the sample that this share (0 to 1) of all is not above."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(samples: Sequence[float]) -> float:
    """Return the median."""
    return median(samples)
