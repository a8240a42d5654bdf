"""Scenes of a file that a request names."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.api import AREA, Answer, Api, a_feature, a_request, denmark, problem_of
from tileweave.adapters.places import AllowedPlaces
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Json
from tileweave.web import bulk, scene_files


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """All functions, over one store in memory, with the files of a folder."""
    base = Api()
    allowed = AllowedPlaces.of(f"file://{tmp_path}")
    return Api(replace(base.services, places=allowed)).with_area()


def put(folder: Path, name: str, content: bytes | str) -> Json:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return {"href": f"file://{folder}/{name}"}


def post(api: Api, body: object, query: str = "") -> Answer:
    text = json.dumps(body)
    return api.post(f"/aoi/{AREA}/scenes{query}", data=text, content_type="application/json")


def in_lines(scenes: list[Json]) -> str:
    return "\n".join(json.dumps(each) for each in scenes)


SCENES = [a_feature("S1A_9"), a_request("S1A_1"), {"source_id": 7}, a_request("S1A_2", aoi="other")]
COLLECTION = {"type": "FeatureCollection", "features": denmark()}


@pytest.mark.parametrize(
    ("name", "content", "posted"),
    [
        ("a.ndjson", in_lines(SCENES), SCENES),
        ("a.jsonl.gz", gzip.compress(in_lines(SCENES).encode(), mtime=0), SCENES),
        ("a.json", json.dumps(SCENES, indent=1), SCENES),
        ("a.geojson", json.dumps(COLLECTION), COLLECTION),
        ("a.geojson.gz", gzip.compress(json.dumps(COLLECTION).encode(), mtime=0), COLLECTION),
        ("a", in_lines(SCENES), SCENES),
        ("b", json.dumps(SCENES), SCENES),
        ("c", json.dumps(COLLECTION), COLLECTION),
        ("d", json.dumps(COLLECTION, indent=1), COLLECTION),
        ("e", b"\xef\xbb\xbf" + json.dumps(COLLECTION).encode(), COLLECTION),
    ],
)
def test_a_file_is_answered_as_the_same_in_a_request(
    api: Api,
    tmp_path: Path,
    name: str,
    content: bytes | str,
    posted: Any,  # noqa: ANN401 - JSON
) -> None:
    found = post(api, put(tmp_path, name, content))

    assert found.status_code == 200, found.text
    assert found.json == post(Api().with_area(), posted).json
    assert found.json["added"] > 0


def test_the_media_type_says_what_neither_name_nor_begin_tell(api: Api, tmp_path: Path) -> None:
    named = put(tmp_path, "a.json", in_lines(SCENES))

    assert post(api, {**named, "media_type": "application/x-ndjson"}).json["added"] == 2


def test_a_repeated_file_adds_what_is_missing(api: Api, tmp_path: Path) -> None:
    named = put(tmp_path, "a.geojson", json.dumps(COLLECTION))

    assert post(api, named).json["added"] == 3
    assert post(api, named).json["known"] == 3


def test_a_chain_of_a_file_is_added_as_a_whole_or_not_at_all(api: Api, tmp_path: Path) -> None:
    scenes = denmark()
    scenes[1]["properties"]["data"]["date"] = "yesterday"

    found = post(api, put(tmp_path, "a.ndjson", in_lines(scenes))).json

    assert (found["added"], found["refused"]) == (0, 3)


def refused(answer: Answer) -> str:
    errors = problem_of(answer, 422)["errors"]
    assert [each["path"] for each in errors] == ["href"]
    return str(errors[0]["message"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", "it is not JSON"),
        ("a.json", "[1,", "it is not JSON"),
        ("a.json", '{"features": []}', "must hold a FeatureCollection"),
        ("a.json", '{"type": "FeatureCollection"}', "must hold a FeatureCollection"),
        ("a.json", '{"type": "FeatureCollection", "features": {}}', "must hold a FeatureColl"),
        ("a.json", json.dumps(a_feature()), "must hold a FeatureCollection"),
        ("a.json", '["\\ud800"]', "half a surrogate"),
        ("a.json", b'["\xff"]', "not in UTF-8"),
        ("a.ndjson", '{"a": 1}\n{"b": ', "line 2 is not JSON"),
        ("a.ndjson", '{"a": 1}\n\n{"b": "\\ud800"}', "line 3: b: holds half"),
        ("a.json.gz", gzip.compress(b"[" * 1000, mtime=0)[:-9], "compression is broken"),
        ("a", "", "it is not JSON"),
        ("a", "[" * 70_000, "it is not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_adds_nothing(
    api: Api, tmp_path: Path, name: str, content: bytes | str, said: str
) -> None:
    found = refused(post(api, put(tmp_path, name, content)))

    assert said in found
    assert f"file://{tmp_path}/{name}" in found
    assert api.overview()["scenes"]["total"] == 0


def test_a_file_in_another_reference_system_is_refused(api: Api, tmp_path: Path) -> None:
    other = {**COLLECTION, "crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}

    answer = problem_of(post(api, put(tmp_path, "a.json", json.dumps(other))), 422)

    assert [each["path"] for each in answer["errors"]] == ["crs"]


def test_what_is_not_there_or_not_allowed_is_refused_with_why(api: Api, tmp_path: Path) -> None:
    assert "no such file" in refused(post(api, {"href": f"file://{tmp_path}/none"}))
    assert "not in a place that is allowed" in refused(post(api, {"href": "s3://evil/a"}))
    assert "must be an address" in refused(post(api, {"href": "a"}))
    assert "no places are configured" in refused(
        post(Api().with_area(), {"href": "s3://archive/a"})
    )


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"href": ""}, ["href"]),
        ({"href": 7}, ["href"]),
        ({"href": "s3://a", "media_type": "text/html", "other": 1}, ["other", "media_type"]),
        ({"href": "s3://a", "media_type": ["a"]}, ["media_type"]),
    ],
)
def test_every_wrong_field_of_the_request_is_told(api: Api, body: Json, paths: list[str]) -> None:
    found = problem_of(post(api, body), 422)

    assert [each["path"] for each in found["errors"]] == paths


class Asked:
    """Places that note what is asked of them, and do not answer."""

    def __init__(self) -> None:
        self.hrefs: list[str] = []

    def check(self, href: str) -> None:
        raise NotImplementedError

    def open(self, href: str) -> Any:  # noqa: ANN401 - it never returns
        self.hrefs.append(href)
        raise Unavailable("the archive does not answer.")

    def write(self, href: str, content: object, media_type: str) -> None:
        raise NotImplementedError


def test_a_place_that_does_not_answer_is_to_be_asked_later(api: Api) -> None:
    asked = Asked()
    served = Api(replace(api.services, places=asked))

    answer = post(served, {"href": "s3://archive/a"})

    assert problem_of(answer, 503)["detail"] == "the archive does not answer."
    assert answer.headers["Retry-After"] == "1"
    assert asked.hrefs == ["s3://archive/a"]


def test_no_place_is_asked_for_an_aoi_that_is_not_there() -> None:
    asked = Asked()
    served = Api(replace(Api().services, places=asked))

    problem_of(post(served, {"href": "s3://archive/a"}), 404)

    assert asked.hrefs == []


def test_a_file_has_limits(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = put(tmp_path, "a.ndjson", in_lines([a_request("S1A_1")] * 10))
    packed = put(tmp_path, "a.gz", gzip.compress(b"[" + b" " * 100_000 + b"]"))

    monkeypatch.setattr(bulk, "MOST_OF_A_FILE", 9)
    assert "more than 9 scenes" in problem_of(post(api, lines), 413)["detail"]
    monkeypatch.setattr(scene_files, "MOST_BYTES", 50_000)
    assert refused(post(api, packed)) == f"{packed['href']}: it holds more than 50000 bytes"
    monkeypatch.setattr(scene_files, "MOST_ITEM", 100)
    assert "line 1 has more than 100 bytes" in refused(post(api, lines))
    assert api.overview()["scenes"]["total"] == 0
