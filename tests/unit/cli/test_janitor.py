"""`tileweave janitor`: what is wrong is listed and mended; with --dry-run it is listed only."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from tests.builders import AOI, World, a_chain, a_new_scene
from tileweave import compose
from tileweave.cli import connect, janitor
from tileweave.cli.app import app
from tileweave.domain.draft import Edit
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Key
from tileweave.domain.tally import Increments
from tileweave.usecases.ports import Write
from tileweave.usecases.sweep import PATIENCE


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Two scenes whose jobs were never published, for long enough; and wrong totals."""
    found = World(*a_chain(2))
    keys: list[Key] = [each.key for each in found.store.scenes(AOI)]
    for key in keys:
        stored = found.store.read([key])[key]
        assert stored is not None
        edit = Edit(stored.document, replace(stored.document, outbox=frozenset({"job:1"})))
        found.store.commit([Write(edit, stored.version)], [])
    found.store.commit([], [Increments(AOI, {"roots": 3})])
    found.take_jobs()
    found.now += 2 * PATIENCE
    monkeypatch.setattr(connect, "find_run", lambda *_: None)
    monkeypatch.setattr(compose, "for_messages", lambda: found.services)
    return found


def run(*options: str) -> tuple[int, str]:
    """Run the command; return its exit code, and what it wrote."""
    result = CliRunner().invoke(app, ["janitor", *options], env={"COLUMNS": "200"})
    return result.exit_code, result.output


def test_what_is_wrong_is_listed_and_mended(world: World) -> None:
    """A second time there is nothing."""
    code, said = run()
    assert code == 0
    assert said.count("unpublished") == 2
    assert "roots by -3" in said
    assert "what was done" in said
    assert len(world.take_jobs()) == 2
    assert run() == (0, "Nothing is wrong.\n")


def test_a_dry_run_changes_nothing(world: World) -> None:
    """It lists the same."""
    before = world.documents(), world.store.totals(AOI)
    code, said = run("--dry-run")
    assert code == 0
    assert said.count("unpublished") == 2
    assert "roots by -3" in said
    assert "what would be done" in said
    assert (world.documents(), world.store.totals(AOI)) == before
    assert world.take_jobs() == []


def test_without_an_audit_only_what_is_marked_is_found(world: World) -> None:
    """Totals are not counted."""
    _, said = run("--no-audit")
    assert "unpublished" in said
    assert "roots" not in said


def test_a_long_list_is_cut_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By how many."""
    monkeypatch.setattr(janitor, "SHOWN", 1)
    _, said = run("--dry-run")
    assert "... and 2 more" in said


def test_what_was_not_looked_at_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One visit has its limits."""
    monkeypatch.setattr("tileweave.usecases.janitor.MOST", 1)
    world.add(a_new_scene(7))
    _, said = run()
    assert "Not all was looked at: run it again." in said


def test_a_store_that_does_not_answer_is_one_clear_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And exit code 1."""

    def nobody() -> None:
        raise Unavailable("Firestore does not answer")

    monkeypatch.setattr(world.store, "unpublished", nobody)
    code, said = run()
    assert (code, said) == (1, "tileweave: Firestore does not answer\n")
