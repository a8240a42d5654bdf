"""The shared description of topics and subscriptions."""

import json
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from tileweave.topology import Topology, load, parse_duration


def described() -> dict[str, Any]:
    """Return the description as it is written."""
    text = resources.files("tileweave").joinpath("messaging.json").read_text()
    written: dict[str, Any] = json.loads(text)
    return written


def test_the_topics_and_the_variables_that_name_them_are_those_of_the_contract() -> None:
    """TILEWEAVE_<KEY>_TOPIC, and the key as name unless it is set."""
    topology = load()

    assert list(topology.topics) == [
        "scene-jobs",
        "tile-jobs",
        "results",
        "dependency-updates",
        "events",
        "dead-letters",
    ]
    for key, topic in topology.topics.items():
        assert topic.env == f"TILEWEAVE_{key.replace('-', '_').upper()}_TOPIC"
        assert topic.name == key


def test_jobs_are_pulled_and_the_rest_is_pushed() -> None:
    """To the functions that take it, dead letters too; nobody is subscribed to events."""
    topology = load()

    assert {key: one.push_function for key, one in topology.subscriptions.items()} == {
        "scene-jobs": None,
        "tile-jobs": None,
        "results": "results",
        "dependency-updates": "dependencies",
        "dead-letters": "rejected",
    }
    assert topology.subscriptions["tile-jobs"].ack_deadline_seconds == 600
    assert topology.retention == timedelta(days=7)


@pytest.mark.parametrize("key", ["results", "dependency-updates"])
def test_what_is_pushed_is_retried_and_then_kept_as_a_dead_letter(key: str) -> None:
    """Within 0.1 s to 10 s, a hundred times."""
    subscription = load().subscriptions[key]

    assert subscription.ack_deadline_seconds == 60
    assert subscription.retry_policy is not None
    assert subscription.retry_policy.minimum_backoff == timedelta(seconds=0.1)
    assert subscription.retry_policy.maximum_backoff == timedelta(seconds=10)
    assert subscription.dead_letter_policy is not None
    assert subscription.dead_letter_policy.topic == "dead-letters"
    assert subscription.dead_letter_policy.max_delivery_attempts == 100


def test_the_environment_names_topics_and_an_empty_value_does_not() -> None:
    """The description itself stays as it was."""
    topology = load()
    settings = {"TILEWEAVE_RESULTS_TOPIC": "my-results", "TILEWEAVE_TILE_JOBS_TOPIC": ""}

    named = topology.named(settings)

    assert named.topic_name("results") == "my-results"
    assert named.topic_name("tile-jobs") == "tile-jobs"
    assert topology.topic_name("results") == "results"


def test_events_are_published_only_where_their_topic_is_named() -> None:
    """Every other topic is published to in any case."""
    topology = load()

    assert not topology.publishes("events", {})
    assert topology.publishes("events", {"TILEWEAVE_EVENTS_TOPIC": "events"})
    assert topology.publishes("results", {})


@pytest.mark.parametrize("name", ["ab", "1abc", "goog-results", "a b c", "x" * 256, "a/b/c"])
def test_a_name_that_no_topic_can_have_is_refused_with_its_variable(name: str) -> None:
    """As Pub/Sub would refuse it, but before anything is started."""
    with pytest.raises(ValueError, match=r"TILEWEAVE_RESULTS_TOPIC: .* is not a name"):
        load().named({"TILEWEAVE_RESULTS_TOPIC": name})


def test_two_topics_cannot_have_one_name() -> None:
    """Results would be taken for jobs."""
    with pytest.raises(ValueError, match="both name the topic 'results'"):
        load().named({"TILEWEAVE_TILE_JOBS_TOPIC": "results"})


@pytest.mark.parametrize("written", ["1", "s", "", "1.0.0s", "NaNs", "1m", 5])
def test_a_duration_has_seconds_and_an_s(written: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(written)


def test_a_description_that_names_a_topic_that_is_not_there_is_refused() -> None:
    """For a subscription, and for dead letters."""
    written = described()
    del written["topics"]["dead-letters"]

    with pytest.raises(ValidationError, match=r"no such topics: .*dead-letters"):
        Topology.model_validate(written)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("ack_deadline_seconds",), 601),
        (("retry_policy", "maximum_backoff"), "601s"),
        (("dead_letter_policy", "max_delivery_attempts"), 4),
        (("push_endpoint",), "a misspelt key"),
    ],
)
def test_what_the_service_would_refuse_is_refused_here(
    path: tuple[str, ...], value: object
) -> None:
    """Its limits, and keys that nobody reads."""
    written = described()
    place = written["subscriptions"]["results"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value

    with pytest.raises(ValidationError):
        Topology.model_validate(written)


def test_retry_policies_can_be_left_out_and_nothing_else_with_them() -> None:
    """For an emulator that loses messages by them."""
    topology = load()
    plain = topology.without_retry_policies()

    assert {one.retry_policy for one in plain.subscriptions.values()} == {None}
    for key, subscription in plain.subscriptions.items():
        policy = topology.subscriptions[key].retry_policy
        assert (
            subscription.model_copy(update={"retry_policy": policy})
            == (topology.subscriptions[key])
        )
