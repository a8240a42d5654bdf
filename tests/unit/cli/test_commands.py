"""The commands that call the service: what they show, change, and say where they cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.unit.cli.calling import Service
from tests.unit.web.api import a_request
from tileweave.cli import aois, service, state
from tileweave.cli.app import app
from tileweave.cli.errors import CommandError, NoService
from tileweave.client import Client
from tileweave.domain.identity import scene_id
from tileweave.usecases.ports import Rejected

BURST = "A44_IW1_8951"
NEWEST = "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_D5BE"
OLDEST = "S1A_IW_SLC__1SDV_20220111T170124_20220111T170151_041416_04ECAD_F4D7"


@pytest.fixture
def here() -> Service:
    """A service without AOIs."""
    return Service()


@pytest.fixture
def denmark(here: Service) -> Service:
    """A service with the scenes of Denmark."""
    here.with_denmark()
    return here


def in_retry(here: Service, status: str = "RETRY") -> int:
    """Have the oldest scene come to a status by force; return its id."""
    id_: int = here.run("force", status, "Denmark", OLDEST, "--json").json["id"]
    here.api.publisher.take()
    return id_


# --- AOIs ---


def test_an_aoi_is_created_once(here: Service) -> None:
    """A second time it is said that it is there."""
    assert here.run("create", "Denmark").out == "Denmark is there, NEW\n"
    again = here.run("create", "Denmark")
    assert (again.code, again.out) == (1, "")
    assert again.err == "tileweave: The AOI Denmark exists already.\n"
    assert here.run("create", "Norway", "--json").json["name"] == "Norway"


def test_an_aoi_is_deleted_by_who_knows_its_name(denmark: Service) -> None:
    """Or says that nobody is to be asked."""
    wrong = denmark.run("delete", "Denmark", stdin="yes\n")
    assert (wrong.code, "nothing was deleted" in wrong.err) == (1, True)
    assert "3 scenes and 9 tiles" in wrong.err
    asked = denmark.run("delete", "Denmark", "--reason", "test", stdin="Denmark\n")
    assert asked.out.endswith("Denmark is deleted\n")
    assert denmark.requests[-1].url.params["reason"] == "test"
    denmark.run("create", "Denmark")
    told = denmark.run("delete", "Denmark", "--yes", "--json")
    assert told.json == {"name": "Denmark", "deleted": True, "scenes": 0, "tiles": 0}
    assert denmark.run("delete", "Denmark", "--yes").code == 1


def test_settings_are_shown_and_changed(denmark: Service) -> None:
    """By their names."""
    assert denmark.run("settings", "Denmark").rows[0] == ["lease_seconds", "86400.0"]
    changed = denmark.run("settings", "Denmark", "lease_seconds=60", "--json").json
    assert changed["lease_seconds"] == 60
    assert denmark.run("settings", "Denmark", "lease_seconds").code == 2
    assert denmark.run("settings", "Denmark", "scene_jobs_queue=", "--json").code == 0
    assert json.loads(denmark.requests[-1].content) == {"scene_jobs_queue": None}
    assert "lease" in denmark.run("settings", "Denmark", "lease=long").err


# --- what there is ---


def test_all_aois_are_listed_with_how_far_they_are(denmark: Service) -> None:
    """Or those of a pattern; or one, by its overview."""
    denmark.run("create", "Norway")
    found = denmark.run("status")
    open_ = "scenes 3 PENDING; tiles 9 NEW"
    dates = ["2022-01-11", "2022-02-04"]
    assert found.rows == [
        ["Denmark", "PENDING", "0%", "0/3", "0/9", open_, *dates],
        ["Norway", "NEW", "0%", "0/0", "0/0", "", "", ""],
    ]
    assert [each["ID"] for each in denmark.run("status", "N*", "--json").json] == ["Norway"]
    assert denmark.run("status", "Denmark", "--json").json["tiles"]["new"] == 9
    assert len(denmark.run("status", "Denmark").rows) == 1
    missing = denmark.run("status", "Nowhere")
    assert (missing.code, missing.err) == (1, "tileweave: There is no AOI Nowhere.\n")


def test_a_terminal_shows_an_overview_with_bars(denmark: Service) -> None:
    """A list as a table with titles."""
    one = denmark.run("status", "Denmark", terminal=True).out
    assert "PENDING" in one
    assert "━" in one
    listed = denmark.run("status", terminal=True).out
    assert "progress" in listed


def test_watching_ends_when_all_is_done(denmark: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line is written when something has changed; as JSON each time."""
    looks = iter([lambda: None, denmark.api.finish])
    monkeypatch.setattr("time.sleep", lambda _: next(looks)())
    watched = denmark.run("status", "Denmark", "--watch")
    assert [row[1] for row in watched.rows] == ["PENDING", "DONE"]
    again = denmark.run("status", "Denmark", "--watch", "--json")
    assert [each["status"] for each in again.lines] == ["DONE"]
    assert "DONE" in denmark.run("status", "Denmark", "-w", terminal=True).out


def test_a_terminal_is_drawn_again_while_it_is_watched(
    denmark: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its place."""
    monkeypatch.setattr("time.sleep", lambda _: denmark.api.finish())
    shown = denmark.run("status", "Denmark", "--watch", terminal=True).out
    assert shown.index("PENDING") < shown.rindex("DONE")


def test_scenes_are_listed_by_date_and_status(denmark: Service) -> None:
    """With tabs, or as Features a line."""
    in_retry(denmark)
    rows = denmark.run("scenes", "Denmark").rows
    assert [row[1][17:25] for row in rows] == ["20220111", "20220123", "20220204"]
    assert rows[0][2:6] == ["2022-01-11T17:01:24.37Z", "RETRY", "1", "0"]
    (feature,) = denmark.run("scenes", "Denmark", "--status", "retry", "--json").lines
    assert feature["properties"]["source_id"] == OLDEST
    shown = denmark.run("scenes", "Denmark", terminal=True).out
    assert str(feature["id"]) in shown
    titles = shown.splitlines()[0]
    assert all(each in titles for each in ("source_id", "date", "status", "retries", "message"))


def test_tiles_are_listed_all_or_at_the_ends_of_chains(denmark: Service) -> None:
    """One of these at a time."""
    assert len(denmark.run("tiles", "Denmark", "--status", "NEW").rows) == 9
    assert {row[1] for row in denmark.run("tiles", "Denmark", "--roots").rows} == {OLDEST}
    leaves = denmark.run("tiles", "Denmark", "--leaves", "--json").lines
    assert {each["scene"]["source_id"] for each in leaves} == {NEWEST}
    assert denmark.run("tiles", "Denmark", "--roots", "--leaves").code == 2


def test_what_a_worker_wrote_moves_no_cursor(denmark: Service) -> None:
    """Nor does it make more lines or columns."""
    id_ = denmark.run("scenes", "Denmark").rows[0][0]
    body = {"type": "scene", "id": int(id_), "status": "RETRY", "message": "a\tb\n\x1b[31mred"}
    denmark.api.push(denmark.api.results, body)
    assert denmark.run("scenes", "Denmark").rows[0][-1] == "a b  [31mred"
    assert "\x1b[31mred" not in denmark.run("scenes", "Denmark", terminal=True).out


def test_a_graph_is_printed_or_saved(denmark: Service, tmp_path: Path) -> None:
    """In the form that the file's name asks for."""
    assert denmark.run("dot", "Denmark").out.startswith("digraph")
    file = tmp_path / "graph.GV"
    options = ("--reference", "--tile", BURST, "--status", "new", "--from", "2022-01-20")
    assert denmark.run("dot", "Denmark", *options, "-o", file, "--to", "2022-02-04").code == 0
    assert file.read_text().startswith("digraph Denmark")
    sent = denmark.requests[-1].url.params
    assert (sent["format"], sent["from"], sent["to"]) == ("dot", "2022-01-20", "2022-02-04")
    assert denmark.run("dot", "Denmark", "-o", tmp_path / "graph.doc").code == 2
    assert denmark.run("dot", "Denmark", "--format", "png", terminal=True).code == 2
    assert denmark.run("dot", "Denmark", "-o", tmp_path / "none" / "graph.dot").code == 1


# --- what operators do ---


def test_an_aoi_a_scene_or_a_tile_is_retried(denmark: Service) -> None:
    """By names or by id."""
    in_retry(denmark)
    said = denmark.run("retry", "Denmark", "--reason", "again").out
    assert said == "1 scenes and 0 tiles are handed out again\n"
    assert denmark.run("retry", "Denmark", "--json").json == {"Scenes": 0, "Tiles": 0}
    assert denmark.requests[-1].url.path == "/aoi/Denmark/retry"
    id_ = in_retry(denmark)
    assert denmark.run("retry", "Denmark", OLDEST).out == f"scene {OLDEST} is PENDING, attempt 3\n"
    assert denmark.run("retry", "--scene", id_).code == 1
    forced = denmark.run("retry", "--scene", id_, "--force", "--json").json
    assert forced["properties"]["attempt"] == 4


def test_a_tile_is_given_up_by_its_names(denmark: Service) -> None:
    """In RETRY, or by force."""
    refused = denmark.run("fail", "Denmark", f"{OLDEST}/{BURST}")
    assert (refused.code, "NEW" in refused.err) == (1, True)
    done = denmark.run("fail", "Denmark", f"{OLDEST}/{BURST}", "--force", "--reason", "broken")
    assert done.out == f"tile {BURST} of scene {OLDEST} is FAILED, attempt 0\n"
    changes = denmark.run("history", "Denmark", f"{OLDEST}/{BURST}")
    assert [row[1:3] for row in changes.rows] == [["", "NEW"], ["NEW", "FAILED"]]
    assert changes.rows[-1][-1] == "broken"


def test_a_status_is_forced_in_any_case(denmark: Service) -> None:
    """And the history tells of it."""
    feature = denmark.run("force", "done", "Denmark", OLDEST, "--json").json
    assert feature["properties"]["status"] == "DONE"
    history = denmark.run("history", "--scene", feature["id"], "--json").json
    assert [each["to"] for each in history] == ["PENDING", "DONE"]
    assert denmark.run("force", "finished", "Denmark", OLDEST).code == 2


def test_names_are_of_the_aoi_that_there_is_now(denmark: Service) -> None:
    """Ids are never used again, but names are."""
    before = in_retry(denmark)
    denmark.run("delete", "Denmark", "--yes")
    denmark.api.with_area("Denmark").with_denmark("Denmark")
    assert in_retry(denmark) != before


def test_what_is_not_there_is_told_by_its_names(denmark: Service) -> None:
    """Or by the id that was given."""
    missing = denmark.run("history", "Denmark", "S1A/A44")
    assert (missing.code, missing.err) == (
        1,
        "tileweave: AOI Denmark has no tile A44 of scene S1A\n",
    )
    assert denmark.run("history", "--tile", "7").err == "tileweave: There is no tile 7.\n"
    assert denmark.run("retry", "Nowhere", "S1A").err == "tileweave: There is no AOI Nowhere.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", "Denmark", "--scene", "7"),
        ("retry", "--tile", "7", "--scene", "7"),
        ("fail", "Denmark"),
        ("history", "Denmark"),
        ("force", "DONE"),
    ],
)
def test_one_thing_is_to_be_named(here: Service, arguments: tuple[str, ...]) -> None:
    """Not none, not two: a usage error."""
    ran = here.run(*arguments)
    assert (ran.code, here.requests) == (2, [])


def a_rejected(here: Service, scene: int = 7) -> str:
    """Have a result for a scene that is not there be rejected; return the message's id."""
    here.api.push(here.api.results, {"type": "scene", "id": scene, "status": "DONE"})
    (found,) = here.api.services.store.rejected()
    assert isinstance(found, Rejected)
    return found.id


def test_rejected_messages_are_listed_and_replayed(here: Service) -> None:
    """The latest first; of an AOI, of a kind."""
    id_ = a_rejected(here)
    (row,) = here.run("rejected").rows
    assert (row[0], row[2], row[4]) == (id_, "unknown", "results")
    (body,) = here.run("rejected", "--kind", "unknown", "--json").lines
    assert json.loads(body["body"])["id"] == 7
    assert here.run("rejected", "--aoi", "Denmark").rows == []
    again = here.run("rejected", "replay", id_)
    assert (again.code, "no scene 7" in again.err) == (1, True)


def test_a_replay_tells_what_it_took(here: Service) -> None:
    """Once its scene was added."""
    id_ = a_rejected(here, scene_id("A", "S"))
    here.api.with_area("A").added(a_request("S", aoi="A"), "A")
    assert here.run("rejected", "replay", id_).out == f"{id_} was taken\n"
    assert here.run("rejected").rows[0][-1] != ""
    assert here.run("rejected", "replay", id_, "--json").code == 1


# --- where the service is ---


def test_the_service_is_named_by_an_option_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The option counts first; then a run of this user, if there is one."""
    monkeypatch.setenv("TILEWEAVE_URL", "http://there")
    assert service.address("http://here") == "http://here"
    assert service.address() == "http://there"
    monkeypatch.delenv("TILEWEAVE_URL")
    with pytest.raises(NoService, match="tileweave up"):
        service.address()
    with state.claimed(8123) as claim:
        claim.publish("http://127.0.0.1:8123", {})
        assert service.address() == "http://127.0.0.1:8123"
        with state.claimed(8124) as other:
            other.publish("http://127.0.0.1:8124", {})
            with pytest.raises(NoService, match="--url"):
                service.address()


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command against whatever the environment names."""
    result = CliRunner().invoke(app, list(arguments), env=environment)
    return result.exit_code, result.stderr


@pytest.mark.usefixtures("state_folder")
def test_a_service_that_is_not_there_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whether nobody names one, or nobody answers."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    monkeypatch.setattr("tileweave.client.transport.stop_before_delay", lambda _: _at_once)
    monkeypatch.delenv("TILEWEAVE_URL", raising=False)
    code, said = run("status")
    assert (code, said.count("\n")) == (3, 1)
    code, said = run("status", TILEWEAVE_URL="http://127.0.0.1:9")
    assert (code, said.count("\n")) == (3, 1)


def _at_once(_: Any) -> bool:  # noqa: ANN401 - tenacity's own
    return True


def test_a_token_that_is_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""

    def refused(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"status": 401, "detail": "A token is needed."})

    client = Client("http://here", transport=httpx.MockTransport(refused))
    monkeypatch.setattr(service, "client", lambda _: client)
    assert run("status") == (1, "tileweave: A token is needed.\n")


def test_names_of_aois_are_completed(denmark: Service) -> None:
    """From the service; where there is none, nothing is."""
    denmark.run("create", "Delft")
    denmark.run("create", "Norway")
    with denmark.called():
        assert aois.names("De") == ["Delft", "Denmark"]


def test_nothing_is_completed_without_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is written."""

    def nowhere(**_: object) -> None:
        raise CommandError("no service")

    monkeypatch.setattr(service, "client", nowhere)
    assert aois.names("De") == []


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    """As `tileweave tiles AOI | head` is."""
    script = "from tileweave.cli.printing import show_lines; show_lines(range(10**6))"
    with subprocess.Popen(
        [sys.executable, "-c", f"import typer\n{ENDED}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "SCRIPT": script},
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"0\n"
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (0, b"")


ENDED = """
import os
app = typer.Typer()
app.command()(lambda: exec(os.environ["SCRIPT"]))
app()
"""
