"""Who takes a topic's messages, told by a lock that goes with the process."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tileweave.cli import state


def taken_back(topic: str = "results") -> bool:
    """Whether a look takes the messages back."""
    calls: list[str] = []
    state.take_back(8080, topic, lambda: calls.append(topic))
    return bool(calls)


def test_messages_are_taken_back_once_the_consumer_is_gone() -> None:
    with state.consuming(8080, "results"):
        assert not taken_back()
    assert taken_back()
    assert not taken_back()


def test_messages_are_not_taken_back_while_another_consumer_is_left() -> None:
    with ExitStack() as other:
        other.enter_context(state.consuming(8080, "results"))
        with state.consuming(8080, "results"):
            pass
        assert not taken_back()
    assert taken_back()


def test_a_consumer_of_another_topic_keeps_no_messages_back() -> None:
    with state.consuming(8080, "dependency-updates"):
        with state.consuming(8080, "results"):
            pass
        assert taken_back("results")
        assert not taken_back("dependency-updates")


def test_what_could_not_be_taken_back_is_tried_again() -> None:
    with state.consuming(8080, "results"):
        pass

    def fail() -> None:
        raise RuntimeError("the emulator does not answer")

    with pytest.raises(RuntimeError):
        state.take_back(8080, "results", fail)
    assert taken_back()
