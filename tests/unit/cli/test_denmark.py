"""Denmark is added in the order of its dependencies."""

from graphlib import CycleError
from typing import Any

import pytest

from tileweave.cli.denmark import SCENES, TILES, features, in_order


def test_the_oldest_scene_comes_first() -> None:
    dates = [each["properties"]["data"]["date"] for each in features()]
    assert dates == sorted(dates)


def test_there_are_as_many_scenes_and_tiles_as_the_demo_waits_for() -> None:
    found = features()
    assert (len(found), sum(len(each["properties"]["Tiles"]) for each in found)) == (SCENES, TILES)


def a_feature(name: str, *previous: str) -> dict[str, Any]:
    links = [{"SourceID": "A44", "SceneID": each} for each in previous]
    tiles = [{"SourceID": "A44", "Previous": link, "Reference": None} for link in links]
    return {"properties": {"source_id": name, "Tiles": tiles or None}}


def test_a_scene_comes_after_those_that_its_tiles_name() -> None:
    given = [a_feature("C", "B", "A"), a_feature("B", "A"), a_feature("A")]
    assert [each["properties"]["source_id"] for each in in_order(given)] == ["A", "B", "C"]


def test_a_link_to_a_scene_elsewhere_or_to_itself_does_not_matter() -> None:
    given = [a_feature("B", "B", "elsewhere")]
    assert in_order(given) == given


def test_a_cycle_is_refused() -> None:
    with pytest.raises(CycleError):
        in_order([a_feature("A", "B"), a_feature("B", "A")])
