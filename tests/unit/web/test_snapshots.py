"""Snapshots over HTTP: read in pages, written to files, restored; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO, NoReturn

import pytest

from tests.snapshots import essence
from tests.unit.web.api import AREA, Api, a_feature, problem_of, wrong_paths
from tileweave.adapters.memory import MemoryPublisher, MemoryStore
from tileweave.client.snapshots import parts_of
from tileweave.domain.errors import NothingThere, PlaceRefused
from tileweave.domain.model import Json, Key
from tileweave.usecases import export as exporting
from tileweave.usecases.ports import Services, Stored
from tileweave.web.snapshot_input import origin

COPY = "Copy"
FILES = {"geojson": "mem:a.geojson", "ndjson": "mem:a.ndjson", "geoparquet": "mem:a.parquet"}
NDJSON = "application/x-ndjson"
QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/scenes"


@dataclass
class MemoryPlaces:
    """Files in a dictionary."""

    files: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def check(self, href: str) -> None:
        if not href.startswith("mem:"):
            raise PlaceRefused(href, "is no place of these tests.")

    def open(self, href: str) -> BinaryIO:
        if href not in self.files:
            raise NothingThere(href)
        return BytesIO(self.files[href])

    def write(self, href: str, content: BinaryIO, media_type: str) -> None:
        self.files[href], self.types[href] = content.read(), media_type


@dataclass
class Archive:
    """An API with places, and Denmark in the middle of its ingestion."""

    api: Api
    places: MemoryPlaces

    def export(self, form: str, aoi: str = AREA) -> Any:  # noqa: ANN401 - JSON
        answer = self.api.post(f"/aoi/{aoi}/export", json={"href": FILES[form]})
        assert answer.status_code == 200, answer.text
        return answer.json

    def restore(self, form: str, aoi: str = COPY) -> Any:  # noqa: ANN401 - JSON
        answer = self.api.post(f"/aoi/{aoi}/restore", json={"href": FILES[form]})
        assert answer.status_code == 200, answer.text
        return answer.json

    def features(self, aoi: str = AREA, limit: int = 10_000) -> list[Json]:
        """Read a snapshot page by page."""
        return [each for page in self.pages(aoi, limit) for each in page["features"]]

    def pages(self, aoi: str = AREA, limit: int = 10_000) -> Iterator[Json]:
        href = f"/aoi/{aoi}/export?limit={limit}"
        while href:
            answer = self.api.get(href)
            assert answer.status_code == 200, answer.text
            yield answer.json
            href = next((each["href"] for each in answer.json["links"]), "")


@pytest.fixture
def archive() -> Archive:
    """Return Denmark with all statuses: its first scenes downloaded, one burst FAILED."""
    places = MemoryPlaces()
    store, publisher = MemoryStore(), MemoryPublisher()
    services = Services(store, publisher, defers_publishing=True, places=places)
    api = Api(services)
    api.store, api.publisher = store, publisher
    api.with_area()
    api.put(f"/aoi/{AREA}/settings", json={"lease_seconds": 1234.0})
    ids = api.with_denmark()
    for id_ in ids[-3:]:
        api.put(f"/scene/{id_}/force/DONE")
    _propagate(api)
    first = api.tiles(ids[-1])
    for tile, status in zip(first, ("FAILED", "DONE", "RETRY", "DONE"), strict=False):
        api.put(f"/tile/{tile['ID']}/force/{status}?reason=disk")
    _propagate(api)
    api.put(f"/scene/{ids[0]}/force/FAILED")
    _propagate(api)
    publisher.take()
    return Archive(api, places)


def _propagate(api: Api) -> None:
    """Deliver the updates that are published, and no jobs."""
    while updates := [each for each in api.publisher.take() if "updates" in each.topic]:
        for number, each in enumerate(updates):
            api.push(api.dependencies, each.body, messageId=f"u-{each.body['id']}-{number}")


@pytest.mark.parametrize("form", FILES)
def test_a_snapshot_is_restored_under_another_name(archive: Archive, form: str) -> None:
    """Out of a file of any format: what it holds then is the same again."""
    written = archive.export(form)
    restored = archive.restore(form)

    first, second = archive.features(), archive.features(COPY)
    assert essence(second) == essence(first)
    scenes, tiles = len(first), sum(len(each["properties"]["Tiles"]) for each in first)
    size = len(archive.places.files[FILES[form]])
    assert written == {
        "href": FILES[form],
        "format": form,
        "scenes": scenes,
        "tiles": tiles,
        "bytes": size,
    }
    assert restored == {"restored": scenes, "known": 0, "tiles": tiles}
    one, other = archive.api.overview(), archive.api.overview(COPY)
    changing = ("name", "created_at")
    assert {**other, **{name: one[name] for name in changing}} == one
    assert archive.api.get(f"/aoi/{COPY}/settings").json["lease_seconds"] == 1234
    assert {each["properties"]["aoi"] for each in second} == {COPY}


@pytest.mark.parametrize("again", [False, True])
def test_of_an_aoi_that_is_deleted_meanwhile_nothing_is_written(
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    again: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Some scenes would be missing; also if there is another AOI of its name by then."""
    monkeypatch.setattr(exporting, "READ_AT_ONCE", 1)
    read, deleted = archive.api.store.read, list[int]()

    def reading(keys: Collection[Key]) -> Mapping[Key, Stored | None]:
        found = read(keys)
        if not deleted and any(each.kind == "scene" for each in keys):
            deleted.append(archive.api.call("DELETE", f"/aoi/{AREA}").status_code)
            if again:
                archive.api.with_area()
        return found

    monkeypatch.setattr(archive.api.store, "read", reading)
    answer = archive.api.post(f"/aoi/{AREA}/export", json={"href": FILES["ndjson"]})

    assert deleted == [204]
    problem_of(answer, 404)
    assert archive.places.files == {}


def test_nothing_is_read_for_a_place_that_is_not_allowed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large AOI would take minutes before that is told."""

    def reading(_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(archive.api.store, "histories", reading)
    answer = archive.api.post(f"/aoi/{AREA}/export", json={"href": "s3://other/a.ndjson"})

    assert wrong_paths(answer) == ["href"]


@pytest.mark.parametrize("call", ["export", "restore"])
def test_an_address_that_is_none_is_told(archive: Archive, call: str) -> None:
    """Where the format is looked for in its name too."""
    answer = archive.api.post(f"/aoi/{AREA}/{call}", json={"href": "https://[/a.csv"})
    problem_of(answer, 422)


def test_what_was_handed_out_is_handed_out_again(archive: Archive) -> None:
    """As a new attempt, under the new ids."""
    archive.export("ndjson")
    archive.restore("ndjson")
    jobs = [each for each in archive.api.publisher.take() if each.topic.endswith("-jobs")]

    pending = [*_pending(archive, AREA)], [*_pending(archive, COPY)]
    assert len(jobs) == len(pending[0]) > 0
    assert {each.body["id"] for each in jobs} == {id_ for id_, _, _ in pending[1]}
    assert {each.body["attempt"] for each in jobs} == {2}
    assert {(name, attempt + 1) for _, name, attempt in pending[0]} == {
        (name, attempt) for _, name, attempt in pending[1]
    }


def _pending(archive: Archive, aoi: str) -> Iterator[tuple[int, str, int]]:
    for feature in archive.features(aoi):
        scene = feature["properties"]
        if scene["status"] == "PENDING":
            yield scene["id"], scene["source_id"], scene["attempt"]
        for tile in scene["Tiles"]:
            if tile["Status"] == "PENDING":
                yield tile["ID"], tile["SourceID"] + scene["source_id"], tile["Attempt"]


def test_the_history_says_where_it_was_restored_from(archive: Archive) -> None:
    """In one more change of each scene and tile."""
    archive.export("ndjson")
    archive.restore("ndjson")

    told = [
        each
        for feature in archive.features(COPY)
        for state in (feature["snapshot"], *feature["snapshot"]["tiles"])
        for each in state["history"]
        if each["reason"].startswith(f"restored from {AREA} as of 2")
    ]
    assert len(told) == sum(1 + len(each["properties"]["Tiles"]) for each in archive.features())
    assert {each["actor"] for each in told} == {"ingestion"}


def test_a_failed_root_is_forced_back_as_in_the_first_aoi(archive: Archive) -> None:
    """It kept who named it, and who took its place."""
    archive.export("ndjson")
    archive.restore("ndjson")
    for aoi in (AREA, COPY):
        failed = archive.api.get(f"/aoi/{aoi}/tiles/FAILED?view=tile").json["features"]
        roots = [each for each in failed if each["properties"]["Previous"] is None]
        for each in roots:
            assert archive.api.put(f"/tile/{each['id']}/force/NEW").status_code == 200

    assert links(archive, COPY) == links(archive, AREA)
    assert archive.api.get(f"/aoi/{COPY}/roottiles").json[0]["source_id"] == "A44_IW1_8951"


def links(archive: Archive, aoi: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what each tile names, and its status."""
    return {
        (tile["SceneID"], tile["SourceID"]): (tile["Previous"], tile["Reference"], tile["Status"])
        for feature in archive.features(aoi)
        for tile in feature["properties"]["Tiles"]
    }


@pytest.mark.parametrize("limit", [1, 20, 10_000])
def test_pages_are_restored_as_a_command_sends_them(archive: Archive, limit: int) -> None:
    """In parts, none of which names what comes in a later one."""
    pages = list(archive.pages(limit=limit))
    features = [each for page in pages for each in page["features"]]
    assert "settings" in pages[0]["snapshot"]
    assert all("settings" not in each["snapshot"] for each in pages[1:])

    parts = list(parts_of(pages[0]["snapshot"], reversed(features)))
    for _ in range(2):
        for part in parts:
            answer = archive.api.post(f"/aoi/{COPY}/restore", data=part, content_type=NDJSON)
            assert answer.status_code == 200, answer.text
    assert answer.json["restored"] == 0
    assert answer.json["known"] > 0
    assert essence(archive.features(COPY)) == essence(features)


def test_restored_over_itself_a_snapshot_adds_nothing(archive: Archive) -> None:
    """Whether it was restored from it before, or is just as it says."""
    archive.export("geojson")
    before = archive.features()

    for aoi, fresh in ((AREA, 0), (COPY, len(before)), (COPY, 0)):
        answer = archive.restore("geojson", aoi)
        assert (answer["restored"], answer["known"]) == (fresh, len(before) - fresh)
    assert archive.features() == before


def test_a_snapshot_is_not_restored_over_something_else(archive: Archive) -> None:
    """A scene of that name which is in another state is named, and nothing is done."""
    archive.export("ndjson")
    changed = archive.features()[0]["properties"]
    archive.api.put(f"/scene/{changed['id']}/force/RETRY")
    before = archive.features()

    answer = archive.api.post(f"/aoi/{AREA}/restore", json={"href": FILES["ndjson"]})

    [wrong] = problem_of(answer, 409)["errors"]
    assert wrong["path"] == changed["source_id"]
    assert "under another name" in wrong["message"]
    assert archive.features() == before


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_noticed(archive: Archive, form: str, share: float) -> None:
    """Before anything of it is restored."""
    archive.export(form)
    whole = archive.places.files[FILES[form]]
    archive.places.files[FILES[form]] = whole[: int(len(whole) * share)]

    answer = archive.api.post(f"/aoi/{COPY}/restore", json={"href": FILES[form]})

    assert wrong_paths(answer) == ["snapshot"]
    assert archive.api.get(f"/aoi/{COPY}").status_code == 404


@pytest.mark.parametrize("form", ["geojson", "ndjson"])
def test_a_file_with_a_scene_less_is_noticed(archive: Archive, form: str) -> None:
    """At its end, which says how many there were."""
    archive.export(form)
    lines = archive.places.files[FILES[form]].splitlines(keepends=True)
    archive.places.files[FILES[form]] = b"".join(lines[:1] + lines[2:])

    answer = archive.api.post(f"/aoi/{COPY}/restore", json={"href": FILES[form]})

    assert "but there are" in problem_of(answer, 422)["detail"]


def test_a_snapshot_can_be_added_as_scenes_like_any_list(archive: Archive) -> None:
    """Then it begins anew."""
    archive.export("geojson")
    archive.api.with_area(COPY)

    answer = archive.api.post(
        f"/aoi/{COPY}/scenes",
        data=archive.places.files[FILES["geojson"]],
        content_type="application/geo+json",
    )

    assert answer.json["added"] == len(archive.features())
    assert archive.api.overview(COPY)["tiles"]["new"] == archive.api.overview()["tiles"]["total"]


def test_an_empty_aoi_is_kept_with_its_settings(archive: Archive) -> None:
    """Restored, it is there."""
    archive.api.with_area("Empty")
    archive.api.put("/aoi/Empty/settings", json={"lease_seconds": 77.0})
    for form in FILES:
        archive.export(form, "Empty")
        assert archive.restore(form, f"{COPY}-{form}")["restored"] == 0
        answer = archive.api.get(f"/aoi/{COPY}-{form}/settings")
        assert answer.json["lease_seconds"] == 77


def test_settings_are_left_out_where_they_are_not_wanted(archive: Archive) -> None:
    """A queue that is not on the list here is one of them."""
    snapshot = a_snapshot(settings={"lease_seconds": 77.0, "scene_jobs_queue": QUEUE})

    answer = archive.api.post(f"/aoi/{COPY}/restore", json=snapshot)
    assert wrong_paths(answer) == ["snapshot.settings.scene_jobs_queue"]
    answer = archive.api.post(f"/aoi/{COPY}/restore?settings=false", json=snapshot)
    assert answer.status_code == 200
    found = archive.api.get(f"/aoi/{COPY}/settings").json
    assert (found["lease_seconds"], found["scene_jobs_queue"]) == (86_400, None)


def test_some_scenes_are_asked_for_by_their_names(archive: Archive) -> None:
    """Those that there are."""
    names = [each["properties"]["source_id"] for each in archive.features()[1:3]]
    query = "&".join(f"scene={each}" for each in [*names, "none"])

    answer = archive.api.get(f"/aoi/{AREA}/export?{query}")

    assert [each["properties"]["source_id"] for each in answer.json["features"]] == names
    assert answer.json["links"] == []


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("export", {"href": "mem:a.txt"}, 422),
        ("export", {"href": "mem:a.ndjson", "format": "csv"}, 422),
        ("export", {"href": ""}, 422),
        ("export", [], 422),
        ("export", {"href": "mem:a", "format": "ndjson"}, 200),
        ("restore", {"href": "mem:none.ndjson"}, 422),
        ("restore", {"type": "FeatureCollection"}, 422),
        ("restore", {"type": "FeatureCollection", "features": []}, 422),
        ("restore", {"type": "FeatureCollection", "features": [], "snapshot": {}}, 422),
        ("restore", 7, 422),
    ],
)
def test_what_is_no_snapshot_or_no_file_of_one(
    archive: Archive, call: str, body: object, status: int
) -> None:
    """Is told in one clear error."""
    answer = archive.api.post(f"/aoi/{AREA}/{call}", json=body)
    assert answer.status_code == status, answer.text


def test_without_places_no_file_is_written_or_read() -> None:
    """The list is empty by default."""
    api = Api().with_area()
    for call in ("export", "restore"):
        answer = api.post(f"/aoi/{AREA}/{call}", json={"href": "s3://bucket/a.ndjson"})
        assert "TILEWEAVE_PLACES" in problem_of(answer, 422)["detail"]


def test_an_aoi_that_is_not_there_or_cannot_be(archive: Archive) -> None:
    """Is 404 to export, and made by a restore only if its name can be one."""
    assert problem_of(archive.api.get("/aoi/None/export"), 404)
    assert problem_of(archive.api.get("/aoi/None/export?scene=a"), 404)
    assert problem_of(archive.api.post("/aoi/None/export", json={"href": "mem:a.ndjson"}), 404)
    answer = archive.api.post("/aoi/a.b/restore", json={"href": "mem:a.ndjson"})
    assert wrong_paths(answer) == ["aoi"]
    assert problem_of(archive.api.get(f"/aoi/{AREA}/export?cursor=x"), 400)
    many = "&".join(["scene=a"] * 1_001)
    assert problem_of(archive.api.get(f"/aoi/{AREA}/export?{many}"), 400)


def a_snapshot(*features: Json, **header: object) -> Json:
    """Return a snapshot as a request holds it."""
    tiles = sum(len(each["properties"].get("Tiles") or ()) for each in features)
    about = {"format": 1, "aoi": AREA, "taken_at": "2022-03-01T12:00:00Z", **header}
    totals = {"scenes": len(features), "tiles": tiles}
    return {
        "type": "FeatureCollection",
        "snapshot": about,
        "features": list(features),
        "totals": totals,
    }


def changed(feature: Json, path: str, value: object) -> Json:
    """Return a Feature with something else at a path."""
    copy: Json = json.loads(json.dumps(feature))
    *parents, last = [int(each) if each.isdigit() else each for each in path.split(".")]
    place: Any = copy
    for each in parents:
        place = place[each]
    place[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("properties.status", "OPEN", "properties.status"),
        ("properties.status", "FAILED", "properties.status"),
        ("properties.Tiles.0.Status", "RETRY", "Tiles.0.Status"),
        ("properties.Tiles.0.UpdatedAt", "yesterday", "Tiles.0.UpdatedAt"),
        ("properties.data.date", "yesterday", "properties.data.date"),
        ("snapshot.history", [], "snapshot.history"),
        ("snapshot.tiles", [], "snapshot.tiles"),
        ("snapshot", None, "snapshot"),
        ("snapshot.tiles.1.cut", True, "Tiles.1.Status"),
        ("properties.message", "half \ud800", "properties.message"),
        ("type", "Scene", "type"),
    ],
)
def test_wrong_content_is_named_by_its_path(
    archive: Archive, path: str, value: object, said: str
) -> None:
    """And nothing is restored."""
    first = next(each for each in archive.features() if each["properties"]["Tiles"])
    lines = [
        json.dumps({"snapshot": a_snapshot()["snapshot"]}),
        json.dumps(changed(first, path, value)),
    ]
    tiles = len(first["properties"]["Tiles"])
    lines.append(json.dumps({"totals": {"scenes": 1, "tiles": tiles}}))
    answer = archive.api.post(
        f"/aoi/{COPY}/restore", data="\n".join(lines).encode(), content_type=NDJSON
    )

    assert any(said in each for each in wrong_paths(answer)), answer.text
    assert archive.api.get(f"/aoi/{COPY}").status_code == 404


def test_headers_are_checked() -> None:
    """Another format, settings that are none, a scene that is there twice, a link to nothing."""
    api = Api()
    scene = a_feature(
        status="DONE", message="", attempt=1, retry_countdown=0, updated_at="2022-01-11T17:01:24Z"
    )
    change = {
        "when": "2022-01-11T17:01:24Z",
        "from": None,
        "to": "DONE",
        "attempt": 1,
        "actor": "ingestion",
    }
    scene["snapshot"] = {"history": [change], "tiles": []}
    for body, path in (
        (a_snapshot(format=2), "snapshot"),
        (a_snapshot(scene, settings={"lease_seconds": 0}), "snapshot.settings.lease_seconds"),
        (a_snapshot(taken_at="now"), "snapshot.taken_at"),
        (a_snapshot(aoi="a.b"), "snapshot.aoi"),
        (a_snapshot(scene, scene), "features.1.properties.source_id"),
    ):
        answer = api.post(f"/aoi/{COPY}/restore", json=body)
        assert wrong_paths(answer) == [path]
    assert api.post(f"/aoi/{COPY}/restore", json=a_snapshot(scene)).json["restored"] == 1


def test_who_restores_is_in_the_history() -> None:
    """By the name of the token."""
    by = origin(AREA, datetime(2022, 3, 1, 12, tzinfo=UTC), "ada")
    assert by.reason == f"restored from {AREA} as of 2022-03-01T12:00:00Z, by ada"
    assert not by.is_a_person


def test_text_is_no_snapshot() -> None:
    """Only JSON, or lines of it."""
    assert problem_of(Api().post("/aoi/A/restore", data=b"a", content_type="text/plain"), 415)
    cut = b'{"type":"Feature"}\n{"totals":{"scenes":1,"tiles":0}}'
    for lines in (b"", b"{}", cut, b'{"totals"'):
        answer = Api().post("/aoi/A/restore", data=lines, content_type=NDJSON)
        assert wrong_paths(answer) == ["snapshot"]
