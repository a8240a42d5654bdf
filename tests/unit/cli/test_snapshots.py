"""`tileweave export` and `restore`: files here, files that the service writes, what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.snapshots import essence
from tests.unit.cli.calling import Service
from tileweave.adapters.places import AllowedPlaces
from tileweave.cli import service
from tileweave.client import snapshots
from tileweave.client.models import SNAPSHOT, SnapshotPage
from tileweave.domain.model import Json
from tileweave.snapshots import formats
from tileweave.snapshots.parts import Totals

SUFFIXES = ("geojson", "ndjson", "parquet")


@pytest.fixture
def denmark() -> Service:
    """A service with the scenes of Denmark, one of them given up."""
    found = Service()
    oldest = found.with_denmark()[-1]
    found.api.put(f"/scene/{oldest}/force/RETRY")
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_snapshot_is_written_here_and_restored(
    denmark: Service, tmp_path: Path, suffix: str
) -> None:
    """Under another name; a second time nothing is added."""
    file = tmp_path / f"denmark.{suffix}"

    told = denmark.run("export", "Denmark", file).out
    restored = denmark.run("restore", file, "--as", "Copy").out
    again = denmark.run("restore", file, "--as", "Copy").out

    assert told.startswith(f"{file}: 3 scenes, 9 tiles, {file.stat().st_size} bytes of ")
    assert restored == "Copy: 3 scenes, 9 tiles restored\n"
    assert again == "Copy: 0 scenes, 0 tiles restored, 3 were there\n"
    found = [denmark.api.get(f"/aoi/{aoi}/export").json["features"] for aoi in ("Denmark", "Copy")]
    assert essence(found[0]) == essence(found[1])


def test_machines_are_told_in_json(denmark: Service, tmp_path: Path) -> None:
    """As are people, by the same numbers; the format may be named."""
    file = tmp_path / "denmark"
    written = denmark.run("export", "Denmark", file, "--format", "ndjson", "--json").json
    counts = {"scenes": 3, "tiles": 9, "bytes": file.stat().st_size}
    assert written == {"href": str(file), "format": "ndjson", **counts}
    restored = denmark.run("restore", file, "--format", "ndjson", "--json").json
    assert restored == {"aoi": "Denmark", "restored": 0, "known": 3, "tiles": 0}


def test_the_service_itself_writes_and_reads(denmark: Service, tmp_path: Path) -> None:
    """Places of its list, and only those."""
    api = denmark.api
    api.services = replace(api.services, places=AllowedPlaces.of(tmp_path.as_uri()))
    href = (tmp_path / "denmark.parquet").as_uri()

    written = denmark.run("export", "Denmark", href, "--server", "--json").json
    restored = denmark.run("restore", href, "--server", "--as", "Copy", "--json").json
    refused = denmark.run("export", "Denmark", "s3://bucket/a.parquet", "--server")

    assert (written["format"], written["tiles"]) == ("geoparquet", 9)
    assert restored == {"aoi": "Copy", "restored": 3, "known": 0, "tiles": 9}
    assert refused.code == 1
    assert "s3://bucket/a.parquet" in refused.err
    assert denmark.run("restore", href, "--server").code == 2
    denmark.run("settings", "Denmark", "lease_seconds=77")
    for where, options in (("A", ("--server",)), ("B", ())):
        denmark.run("export", "Denmark", href, *options)
        denmark.run("restore", href, *options, "--no-settings", "--as", where)
        assert denmark.api.get(f"/aoi/{where}/settings").json["lease_seconds"] == 86_400


def test_a_large_snapshot_is_restored_in_parts(
    denmark: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of which is a request."""
    monkeypatch.setattr(snapshots, "MOST_BYTES", 10)
    file = tmp_path / "denmark.ndjson"
    denmark.run("export", "Denmark", file)
    denmark.requests.clear()

    assert denmark.run("restore", file, "--as", "Copy", "--json").json["restored"] == 3
    assert [each.url.path for each in denmark.requests] == ["/aoi/Copy/restore"] * 3


@pytest.mark.parametrize("options", [(), ("--server",)])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_aoi_without_scenes_is_restored_too(
    denmark: Service, tmp_path: Path, suffix: str, options: tuple[str, ...]
) -> None:
    """With its settings."""
    api = denmark.api
    api.services = replace(api.services, places=AllowedPlaces.of(tmp_path.as_uri()))
    api.with_area("Empty")
    denmark.run("settings", "Empty", "lease_seconds=77")
    file = (tmp_path / f"empty.{suffix}").as_uri()

    denmark.run("export", "Empty", file)
    told = denmark.run("restore", file, "--as", "Copy", *options).out

    assert told == "Copy: 0 scenes, 0 tiles restored\n"
    assert api.get("/aoi/Copy/settings").json["lease_seconds"] == 77


def test_an_aoi_that_is_deleted_while_it_is_read_is_not_written(
    denmark: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of its scenes may be missing."""
    file = tmp_path / "denmark.ndjson"
    write = formats.write

    def deleting(*given: Any) -> Totals:  # noqa: ANN401 - what it is given
        denmark.api.call("DELETE", "/aoi/Denmark")
        denmark.api.with_area("Denmark")
        return write(*given)

    monkeypatch.setattr(formats, "write", deleting)
    ran = denmark.run("export", "Denmark", file)

    assert (ran.code, ran.err) == (1, "tileweave: AOI Denmark was deleted while it was read\n")
    assert not file.exists()


def test_a_snapshot_is_read_in_pages(denmark: Service) -> None:
    """As many as it takes."""
    with denmark.called(), service.client() as client:
        found = [_name(each) for each in client.export("Denmark", page=1)]
    assert found == [
        _name(each) for each in denmark.api.get("/aoi/Denmark/export").json["features"]
    ]
    assert len(denmark.requests) == 4


def test_what_is_there_already_and_differs_is_named(denmark: Service, tmp_path: Path) -> None:
    """In a line each."""
    file = tmp_path / "denmark.ndjson"
    denmark.run("export", "Denmark", file)
    scene = denmark.api.get("/aoi/Denmark/scenes").json["features"][0]
    denmark.api.put(f"/scene/{scene['id']}/force/FAILED")

    ran = denmark.run("restore", file)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("tileweave: it is refused:\n")
    assert f"{scene['properties']['source_id']}: is there already" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "Denmark", "a.csv"), "format"),
        (("export", "None", "a.ndjson"), "There is no AOI None."),
        (("restore", "none.ndjson"), "none.ndjson"),
        (("restore", "cut.ndjson"), "cut off"),
        (("export", "Denmark", "none/a.ndjson"), "none"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    denmark: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    """Without a stack trace."""
    monkeypatch.chdir(tmp_path)
    Path("cut.ndjson").write_text(json.dumps({"snapshot": {}}) + "\n")

    ran = denmark.run(*arguments)

    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def test_scenes_that_came_meanwhile_are_read_at_the_end(denmark: Service) -> None:
    """As others name them, or what they were followed to."""
    every = denmark.api.get("/aoi/Denmark/export").json
    asked: list[list[str]] = []

    def ask(path: str, given: Mapping[str, Any]) -> SnapshotPage:
        assert path == "/export"
        if "scene" not in given:
            return SNAPSHOT.validate_python({**every, "features": every["features"][-1:]})
        asked.append(given["scene"])
        found = [each for each in every["features"] if _name(each) in given["scene"]]
        return SNAPSHOT.validate_python({**every, "features": found})

    found = list(snapshots.Exported(ask, "/export", 1))

    names = [_name(each) for each in every["features"]]
    assert _name(found[0]) == names[-1]
    assert sorted(map(_name, found)) == sorted(names)
    assert sorted(each for names in asked for each in names) == sorted(names[:-1])


def _name(feature: Json) -> str:
    name: str = feature["properties"]["source_id"]
    return name
