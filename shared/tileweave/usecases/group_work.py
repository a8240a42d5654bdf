"""A group of scenes that are added with automatic links: what is known and told of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tileweave.domain import ingestion
from tileweave.domain.acquisitions import Versions, versions
from tileweave.domain.errors import Problem
from tileweave.domain.groups import Group
from tileweave.domain.ingestion import Names, NewScene, TileRef
from tileweave.domain.linking import Linking
from tileweave.usecases.add_scenes import Fate, Outcome, outcome_of
from tileweave.usecases.check_chain import Checked, Problems, Refused
from tileweave.usecases.ports import Services
from tileweave.usecases.survey import Survey, survey


@dataclass
class Work:
    """A group to add: how often that was tried, what was added, and what is to be said of it."""

    services: Services
    names: Names
    group: Group
    refused: Refused
    tries: int = 0
    added: set[str] = field(default_factory=set)
    notes: dict[str, Problems] = field(default_factory=dict)

    def survey(self) -> Survey:
        """Look again at what is there."""
        return survey(self.services, self.names, self.group.scenes, again=True)

    def versions(self, found: Survey) -> list[Versions]:
        """Return the scenes of each acquisition."""
        return versions(self.group.scenes, found.scenes, found.idle)

    def doubles(self, found: Survey) -> dict[str, str]:
        """Return which scenes are not to be added, each with the one that stands for it."""
        return {
            name: other for each in self.versions(found) for name, other in each.doubles.items()
        }

    def outdated(self, found: Survey) -> dict[int, str]:
        """Return the ids of scenes to give up, each with the newer one."""
        return {id_: name for each in self.versions(found) for id_, name in each.outdated.items()}

    def without_doubles(self, found: Survey) -> list[NewScene]:
        """Return the scenes that are to be added, or are there."""
        doubles = self.doubles(found)
        return [each for each in self.group.scenes if each.source_id not in doubles]


def outcomes_of(work: Work, checked: Checked, found: Survey) -> list[Outcome]:
    """Return what became of the scenes of a group."""
    told: dict[str, Outcome] = {}
    for new in work.without_doubles(found):
        outcome = outcome_of(work.names, new, checked, work.added)
        notes = outcome.problems + work.notes.get(new.source_id, ())
        told[new.source_id] = replace(outcome, problems=notes)
    for id_, name in work.outdated(found).items():
        if told[name].fate is not Fate.REFUSED:
            old = next(each.source_id for each in found.scenes if each.id == id_)
            note = Problem("source_id", f"scene {old}, an older version of it, is given up")
            told[name] = replace(told[name], problems=(*told[name].problems, note))
    for name, other in work.doubles(found).items():
        told[name] = _double(name, other, told.get(other), work.names)
    return [told[each.source_id] for each in work.group.scenes]


def _double(name: str, other: str, stands: Outcome | None, names: Names) -> Outcome:
    """Return what became of a duplicate: it is known as the scene that stands for it."""
    if stands is not None and stands.fate is Fate.REFUSED:
        because = f"scene {other}, the newest of its acquisition, is refused"
        return Outcome(name, Fate.REFUSED, None, (Problem("source_id", because),))
    said = f"it is the same acquisition as scene {other}, which stands for it"
    return Outcome(name, Fate.KNOWN, names.scene(other), (Problem("source_id", said),))


def notes_of(scenes: Iterable[NewScene], plan: Linking) -> dict[str, Problems]:
    """Return what is to be said of scenes that came too late for the chain they should be in."""
    found = {}
    for new in scenes:
        refs = ingestion.refs_of(new)
        started = [plan.before_started[each] for each in refs if each in plan.before_started]
        roots = [plan.before_root[each] for each in refs if each in plan.before_root]
        found[new.source_id] = (
            *_note(
                started, "{} comes after it, but keeps its links: it has started, or was given them"
            ),
            *_note(roots, "{} stays the root and reference, though later: it has started"),
        )
    return {name: notes for name, notes in found.items() if notes}


def _note(others: Sequence[TileRef], said: str) -> Problems:
    if not others:
        return ()
    first = others[0]
    named = f"tile {first.source_id} of scene {first.scene_source_id}"
    many = f" ({len(others)} such tiles)" if len(others) > 1 else ""
    return (Problem("tiles", said.format(named) + many),)
