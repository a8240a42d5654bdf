"""The names of topics are the same where they are published to as where they are described."""

from __future__ import annotations

import pytest

from tileweave import topics, topology

EVENTS = "TILEWEAVE_EVENTS_TOPIC"
RESULTS = "TILEWEAVE_RESULTS_TOPIC"


@pytest.mark.parametrize("environ", [{}, {EVENTS: "all-changes"}, {RESULTS: "results-of-mine"}])
def test_published_topics_have_the_names_that_are_described(environ: dict[str, str]) -> None:
    described = topology.load().named(environ)
    published = {
        key: described.topic_name(key)
        for key in described.topics
        if described.publishes(key, environ)
    }

    assert topics.published(environ) == published


def test_events_are_published_only_where_their_topic_is_set() -> None:
    assert "events" not in topics.published({})
    assert topics.published({EVENTS: "changes"})["events"] == "changes"


def test_a_name_that_no_topic_can_have_is_refused_by_its_variable() -> None:
    with pytest.raises(ValueError, match=f"{RESULTS}: 'google-things' is not a name"):
        topics.published({RESULTS: "google-things"})


def test_two_topics_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="both name the topic 'tile-jobs'"):
        topics.published({RESULTS: "tile-jobs"})
