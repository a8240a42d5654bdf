from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import World, a_chain, a_new_scene, sent_to
from tests.unit.usecases.troubled import (
    TroubledPublisher,
    TroubledStore,
    nobody_answers,
    somebody_was_quicker,
)
from tileweave.domain.draft import Draft, Edit
from tileweave.domain.errors import Conflict, NotFound, Unavailable
from tileweave.domain.messages import Message
from tileweave.domain.model import Key, Scene
from tileweave.domain.status import Event, Status
from tileweave.usecases.carry_out import MOST_TRIES, carry_out
from tileweave.usecases.operate import operate
from tileweave.usecases.ports import Services, Version, Write


def test_whoever_comes_too_late_decides_again_with_what_is_there_now() -> None:
    """Both changes count; the second sees the first."""
    world = World(a_new_scene(0))
    key, seen = world.scene(0).key, []

    def decide(draft: Draft) -> None:
        scene = draft.scene(key.id)
        seen.append(scene.message)
        if len(seen) == 1:
            carry_out(
                world.services, lambda other: other.put(replace(scene, message="first")), [key]
            )
        draft.put(replace(draft.scene(key.id), product_name="second"))

    carry_out(world.services, decide, [key])

    assert seen == ["", "first"]
    assert (world.scene(0).message, world.scene(0).product_name) == ("first", "second")


def test_a_conflict_that_passes_is_not_noticed() -> None:
    """One try fewer than the most is enough."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    store.commit_troubles = [somebody_was_quicker() for _ in range(MOST_TRIES - 1)]

    world.answer(world.scene(0))

    assert world.scene(0).status is Status.DONE
    assert sent_to(world.updates) == [("scene", world.scene(0).id)]


def test_a_conflict_that_never_ends_is_raised() -> None:
    """The message comes again later; until then nothing has changed."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    store.commit_troubles = [somebody_was_quicker() for _ in range(MOST_TRIES)]

    with pytest.raises(Conflict):
        world.answer(world.scene(0))

    assert store.commit_troubles == []
    assert world.scene(0).status is Status.PENDING
    assert world.updates == []


def test_a_commit_without_answer_is_tried_once_more() -> None:
    """Not more often: the store's client has tried for long enough."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    before = store.commits
    store.commit_troubles = [nobody_answers()]

    with pytest.raises(Unavailable):
        world.answer(world.scene(0))

    assert store.commits == before + 2


def test_a_commit_that_took_effect_without_an_answer_is_no_error() -> None:
    """It is known by its cause when the decision is made once more: it counts once."""

    class Deaf(TroubledStore):
        def commit(self, *commit: Any) -> Mapping[Key, Version]:  # noqa: ANN401 - a store's
            versions = super().commit(*commit)
            if self.commits == first:
                raise nobody_answers()
            return versions

    store, first = Deaf(), 0
    world = World(*a_chain(1, retry_count=2), store=store)
    world.finish_scenes()
    for act in (
        lambda: world.answer(world.tile(0), "RETRY"),
        lambda: world.operate(world.tile(0), Event.FORCE_RETRY),
    ):
        before, first = world.tile(0), store.commits + 1
        act()
        assert store.commits == first
        assert world.tile(0).attempt == before.attempt + 1
        assert world.tile(0).changes == before.changes + 1
        assert world.tile(0).outbox == frozenset()


def test_a_failed_publication_is_raised_to_whoever_comes_again() -> None:
    """The change is made, and its message waits in the outbox."""
    publisher = TroubledPublisher()
    world = World(a_new_scene(0), publisher=publisher)
    publisher.troubles = [nobody_answers()]

    with pytest.raises(Unavailable):
        world.answer(world.scene(0))

    assert world.scene(0).status is Status.DONE
    assert world.scene(0).outbox == {"update:1"}


def test_a_failed_publication_is_left_to_the_janitor_for_whoever_does_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A person's call has done what it was asked to."""
    publisher = TroubledPublisher()
    world = World(a_new_scene(0), publisher=publisher)
    publisher.troubles = [nobody_answers()]
    services = replace(world.services, defers_publishing=True)

    with caplog.at_level(logging.WARNING):
        after = operate(services, world.scene(0).key, Event.FORCE_DONE)

    assert after.status is Status.DONE
    assert [each.id for each in world.store.unpublished()] == [after.id]
    assert "1 messages are left to the janitor" in caplog.text


def test_a_failed_commit_is_raised_to_everybody() -> None:
    """Nothing was done, so there is nothing to leave to anybody."""
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    store.commit_troubles = [nobody_answers()]
    services = replace(world.services, defers_publishing=True)

    with pytest.raises(Unavailable):
        operate(services, world.scene(0).key, Event.FORCE_DONE)


def test_a_decision_that_changes_nothing_commits_nothing() -> None:
    store = TroubledStore()
    world = World(a_new_scene(0), store=store)
    before = store.commits

    answer = carry_out(world.services, lambda draft: "looked", [world.scene(0).key])

    assert (answer, store.commits) == ("looked", before)


def test_what_a_decision_raises_reaches_the_caller() -> None:
    """And nothing of it is committed."""
    world = World(*a_chain(1))
    before = world.documents()

    def decide(draft: Draft) -> None:
        draft.put(replace(draft.scene(world.scene(0).id), message="half done"))
        draft.tile(4711)

    with pytest.raises(NotFound):
        carry_out(world.services, decide, [Key("scene", world.scene(0).id)])

    assert world.documents() == before


def test_a_message_is_published_after_its_commit() -> None:
    """Whoever takes it finds the change."""
    seen: list[Status] = []

    class Watching(TroubledPublisher):
        def publish(self, messages: Sequence[Message]) -> None:
            seen.append(world.scene(0).status)

    world = World(a_new_scene(0))
    services = Services(world.store, Watching(), now=world.services.now)

    operate(services, world.scene(0).key, Event.FORCE_DONE)

    assert seen == [Status.DONE]


def test_an_outbox_is_emptied_though_the_document_changed_while_it_was_published() -> None:
    """Links may be added any time."""

    class Linking(TroubledPublisher):
        def publish(self, messages: Sequence[Message]) -> None:
            scene = replace(world.scene(0), product_name="changed meanwhile")
            world.store.commit([Write(Edit(world.scene(0), scene), version_of(scene))], [])

    world = World(a_new_scene(0))

    def version_of(scene: Scene) -> Version:
        found = world.store.read([scene.key])[scene.key]
        return found and found.version

    services = Services(world.store, Linking(), now=world.services.now)

    operate(services, world.scene(0).key, Event.FORCE_PENDING)

    assert world.scene(0).product_name == "changed meanwhile"
    assert world.scene(0).outbox == frozenset()


def test_an_outbox_is_kept_if_it_holds_something_else_by_now() -> None:
    """The job was handed out again while the last one was published."""

    class Forcing(TroubledPublisher):
        def publish(self, messages: Sequence[Message]) -> None:
            services = replace(world.services, publisher=broken, defers_publishing=True)
            operate(services, world.scene(0).key, Event.FORCE_RETRY)

    world = World(a_new_scene(0))
    broken = TroubledPublisher()
    broken.troubles = [nobody_answers()]
    services = Services(world.store, Forcing(), now=world.services.now)

    operate(services, world.scene(0).key, Event.FORCE_PENDING)

    assert world.scene(0).status is Status.PENDING
    assert world.scene(0).outbox == {"job:3"}
