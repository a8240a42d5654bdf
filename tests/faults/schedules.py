"""Every order in which the steps of a few actors can follow each other.

An actor is an ordinary synchronous call that touches what all share through `ask` only. It needs no
thread: it is run from its start with the answers that it got so far, up to its next question, and
left there. That question is its next step, and the same answers always lead to the same one, so an
actor is run once for each different row of answers.

`explore` goes depth first through all choices of whose step is next. Where two orders lead to the
same state (the same world, and the same answers given to each actor) the same follows from both: it
is looked at once, and counted for each. So all schedules are covered, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

MOST_STEPS = 150
"""Steps after which a schedule counts as endless."""

RECENT = 40
"""Steps of an endless schedule that are told."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an actor asks of the world: a call of one of its parts.

    `free`: nobody can tell when it is answered, so it is no step of its own.
    """

    of: str
    name: str
    arguments: tuple[object, ...]
    said: str
    free: bool = False


Ask = Callable[[Question], object]
Actor = Callable[[Ask], object]


class Shared(Protocol):
    """A world that actors share."""

    def copied(self) -> Self:
        """Return a world in which the same happened, and that goes its own way from here."""

    def reply(self, question: Question) -> object:
        """Do what is asked for; what it raises is an answer too."""

    def essence(self) -> Hashable:
        """Return what two worlds have in common from which the same follows."""

    def known_by(self, answer: object) -> Hashable:
        """Return what two answers have in common from which an actor does the same."""


SharedT = TypeVar("SharedT", bound=Shared)


class Endless(AssertionError):
    """Raised when a schedule has too many steps."""


@dataclass(frozen=True, slots=True)
class End:
    """How an actor ended: with a value, or an error."""

    value: object = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[SharedT]):
    """A world in which all actors are at their ends, and one schedule that leads there."""

    world: SharedT
    ends: Mapping[str, End]
    steps: Sequence[str]

    def __str__(self) -> str:
        """The steps in their order."""
        return "\n".join(self.steps)


@dataclass(slots=True)
class Explored(Generic[SharedT]):
    """What there is: how many schedules and states, and each outcome once."""

    schedules: int = 0
    states: int = 0
    outcomes: list[Outcome[SharedT]] = field(default_factory=list)


def explore(
    world: SharedT,
    actors: Mapping[str, Actor],
    look: Callable[[SharedT, Sequence[str]], None] = lambda _world, _steps: None,
) -> Explored[SharedT]:
    """Go through all schedules of these actors, beginning with this world.

    `look` is shown every world on the way, with the steps that lead there. Raises Endless.
    """
    return _Explorer(actors, look).explored(world)


class _Paused(BaseException):
    """Stops an actor at its next question; nothing that it calls catches it."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.said)
        self.question = question


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far an actor is: what it was asked and told so far, and what it does next."""

    told: tuple[tuple[Question, object], ...]
    then: Question | End


class _Automaton:
    """An actor as what it does after which answers; each row of them has a number."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._numbers: dict[Hashable, int] = {}
        self._progress: list[_Progress] = [_Progress((), self._then(()))]

    def at(self, number: int) -> Question | End:
        """Return what it does next."""
        return self._progress[number].then

    def after(self, number: int, answer: object, known: Hashable) -> int:
        """Return how far it is after one more answer."""
        found = self._numbers.get((number, known))
        if found is None:
            asked = self._progress[number].then
            assert isinstance(asked, Question)
            told = (*self._progress[number].told, (asked, answer))
            self._progress.append(_Progress(told, self._then(told)))
            found = self._numbers[number, known] = len(self._progress) - 1
        return found

    def _then(self, told: Sequence[tuple[Question, object]]) -> Question | End:
        """Run it from its start, up to its next question or its end."""
        rest = iter(told)

        def ask(question: Question) -> object:
            asked, answer = next(rest, (None, None))
            if asked is None:
                raise _Paused(question)
            if asked.said != question.said:
                raise RuntimeError(f"{question.said}: it was {asked.said} the last time")
            if isinstance(answer, Exception):
                raise answer.with_traceback(None)
            return answer

        try:
            return End(self._actor(ask))
        except _Paused as paused:
            return paused.question
        except Exception as error:  # noqa: BLE001 - how an actor ends is looked at later
            return End(error=error.with_traceback(None))


@dataclass(frozen=True, slots=True)
class _State(Generic[SharedT]):
    world: SharedT
    progress: Mapping[str, int]

    def key(self) -> tuple[Hashable, Hashable]:
        return self.world.essence(), tuple(self.progress.values())


class _Explorer(Generic[SharedT]):
    def __init__(
        self, actors: Mapping[str, Actor], look: Callable[[SharedT, Sequence[str]], None]
    ) -> None:
        self._actors = {name: _Automaton(actor) for name, actor in actors.items()}
        self._look = look
        self._schedules: dict[Hashable, int] = {}
        self._looked_at: set[Hashable] = set()
        self._outcomes: dict[Hashable, Outcome[SharedT]] = {}
        self._steps: list[str] = []

    def explored(self, world: SharedT) -> Explored[SharedT]:
        start = _State(world.copied(), dict.fromkeys(self._actors, 0))
        for name in self._actors:
            start = self._freely(start, name)
        schedules = self._visited(start)
        return Explored(schedules, len(self._schedules), list(self._outcomes.values()))

    def _visited(self, state: _State[SharedT]) -> int:
        """Return how many schedules there are from here on, having gone through all of them."""
        key = world, _ = state.key()
        found = self._schedules.get(key)
        if found is None:
            if world not in self._looked_at:
                self._looked_at.add(world)
                self._look(state.world, self._steps)
            at_work = [name for name in self._actors if isinstance(self._at(state, name), Question)]
            found = sum(self._schedules_with(state, name) for name in at_work)
            if not at_work:
                found = 1
                self._end(state)
            self._schedules[key] = found
        return found

    def _schedules_with(self, state: _State[SharedT], name: str) -> int:
        """Return how many schedules go on with a step of this actor."""
        question = self._at(state, name)
        assert isinstance(question, Question)
        self._steps.append(f"  {name}: {question.said}")
        if len(self._steps) > MOST_STEPS:
            raise Endless("\n".join(["...", *self._steps[-RECENT:]]))
        after = self._freely(self._answered(state, name, question), name)
        found = self._visited(after)
        self._steps.pop()
        return found

    def _freely(self, state: _State[SharedT], name: str) -> _State[SharedT]:
        """Answer what an actor asks for until its next step."""
        while isinstance(question := self._at(state, name), Question) and question.free:
            state = self._answered(state, name, question)
        return state

    def _answered(self, state: _State[SharedT], name: str, question: Question) -> _State[SharedT]:
        world = state.world.copied()
        answer: object
        try:
            answer = world.reply(question)
        except Exception as error:  # noqa: BLE001 - an answer like any other
            answer = error
        known = world.known_by(answer)
        number = self._actors[name].after(state.progress[name], answer, known)
        return _State(world, {**state.progress, name: number})

    def _at(self, state: _State[SharedT], name: str) -> Question | End:
        return self._actors[name].at(state.progress[name])

    def _end(self, state: _State[SharedT]) -> None:
        ends = {name: self._at(state, name) for name in self._actors}
        found = {name: each for name, each in ends.items() if isinstance(each, End)}
        known = tuple(state.world.known_by(each.error or each.value) for each in found.values())
        outcome = Outcome(state.world, found, tuple(self._steps))
        self._outcomes.setdefault((state.world.essence(), known), outcome)
