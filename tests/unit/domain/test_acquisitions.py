"""Which scenes are one acquisition, and which of them is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import a_new_scene, a_scene
from tileweave.domain.acquisitions import NEVER, ingested_at, product_name, versions
from tileweave.domain.ingestion import NewScene
from tileweave.domain.model import Json, Scene
from tileweave.domain.status import Status

NAME = "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_"


def to_come(checksum: str, day: int | None) -> NewScene:
    """Return a version of the acquisition, ingested on a day of March."""
    tags = {} if day is None else {"ingestionDate": f"2022-03-{day:02}T12:00:00.5Z"}
    return replace(a_new_scene(0), source_id=f"{NAME}{checksum}", tags=tags)


def there(checksum: str, day: int, **fields: Status) -> Scene:
    """Return a version that was added."""
    new = to_come(checksum, day)
    scene = replace(a_scene(0), id=day, source_id=new.source_id, tags=new.tags)
    return replace(scene, **fields)  # type: ignore[arg-type]


def told(new: list[NewScene], scenes: list[Scene], idle: set[int]) -> tuple[Json, Json]:
    """Return doubles and outdated ones, by their checksums."""
    [found] = versions(new, scenes, idle)
    doubles = {name[-4:]: other[-4:] for name, other in found.doubles.items()}
    return doubles, {str(day): name[-4:] for day, name in found.outdated.items()}


@pytest.mark.parametrize("end", [".SAFE", "_COG", "_COG.SAFE"])
def test_a_product_is_one_whatever_the_form_of_its_files(end: str) -> None:
    """Catalogues name it with that, or without."""
    assert product_name(f"{NAME}D5BE{end}") == NAME
    assert product_name("S2A_MSIL1C_20220101T1240.SAFE") == "S2A_MSIL1C_20220101T1240.SAFE"


def test_a_product_is_named_without_its_checksum() -> None:
    """Of Sentinel-1; others have none."""
    assert product_name(f"{NAME}D5BE") == NAME
    assert product_name("S2A_MSIL1C_20220101T103421_N0301_R108_T32UNG_20220101T1240") == (
        "S2A_MSIL1C_20220101T103421_N0301_R108_T32UNG_20220101T1240"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"tags": {"ingestionDate": "2022-02-04T18:12:29.14Z"}},
        {"tags": {}, "data": {"metadata": {"ingestionDate": "2022-02-04T19:12:29.14+01:00"}}},
        {
            "tags": {},
            "data": {"metadata": {"properties": {"ingestionDate": "2022-02-04T18:12:29.14"}}},
        },
    ],
)
def test_the_date_of_ingestion_is_read_wherever_it_is(fields: Json) -> None:
    """In tags, in metadata, in the properties of a STAC Item."""
    found = ingested_at(replace(a_new_scene(0), **fields))
    assert found.isoformat() == "2022-02-04T18:12:29.140000+00:00"


@pytest.mark.parametrize("told_", ["", "yesterday", "0001-01-01T00:00:00+23:00", None, 7])
def test_who_does_not_tell_it_is_older_than_who_does(told_: object) -> None:
    """What cannot be read is no reason to refuse."""
    assert ingested_at(replace(a_new_scene(0), tags={"ingestionDate": told_})) == NEVER


def test_the_newest_of_a_request_is_kept() -> None:
    """Of two of one moment the last by name."""
    new = [to_come("AAAA", 3), to_come("BBBB", 5), to_come("CCCC", 5), to_come("DDDD", None)]
    assert told(new, [], set())[0] == {"AAAA": "CCCC", "BBBB": "CCCC", "DDDD": "CCCC"}


def test_what_is_there_stands_for_older_ones() -> None:
    """And for newer ones, once something has come of it."""
    known = there("AAAA", 3)
    assert told([to_come("BBBB", 2)], [known], {3}) == ({"BBBB": "AAAA"}, {})
    assert told([to_come("BBBB", 5)], [known], set()) == ({"BBBB": "AAAA"}, {})


def test_a_newer_one_takes_the_place_of_what_waits() -> None:
    """The older one is given up, also if the newer one was added by a call that died after it."""
    known = there("AAAA", 3)
    assert told([to_come("BBBB", 5)], [known], {3}) == ({}, {"3": "BBBB"})
    both = [known, there("BBBB", 5)]
    assert told([to_come("BBBB", 5)], both, {3, 5}) == ({}, {"3": "BBBB"})
    assert told([to_come("AAAA", 3)], both, {3, 5}) == ({}, {})


def test_a_failed_one_stands_for_nothing() -> None:
    """Its acquisition may be added again, under another name."""
    known = there("AAAA", 9, status=Status.FAILED)
    assert told([to_come("BBBB", 5)], [known], {9}) == ({}, {})
