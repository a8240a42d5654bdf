"""Scenes that come without tiles get those of their products: `tiles=annotations`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.safe import NAME, Product
from tests.unit.web.api import AREA, Answer, Api, a_feature, problem_of
from tileweave.adapters.places import AllowedPlaces
from tileweave.adapters.sentinel1 import Sentinel1Products
from tileweave.domain.errors import Unavailable
from tileweave.domain.ingestion import NewTile
from tileweave.domain.model import Json
from tileweave.usecases import link_scenes
from tileweave.usecases.products import BadProduct

ARCHIVE = "s3://archive/s1"
OTHER = NAME.replace("20220111", "20220123")


class Played:
    """Products by their addresses: 27 tiles each, or what is wrong with one."""

    def __init__(self, wrong: Mapping[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self.wrong = wrong or {}
        self.busy: set[str] = set()

    def tiles(self, href: str) -> list[NewTile]:
        self.asked.append(href)
        if href in self.busy:
            raise Unavailable(f"{href} does not answer.")
        if href in self.wrong:
            raise BadProduct(self.wrong[href])
        return [
            NewTile(
                source_id=f"A44_IW{swath}_{8951 + 28 * number}",
                data={"swath_id": f"IW{swath}", "tile_nr": number + 1},
                anx_time=8951 + 28 * number,
                wkt="POLYGON ((9 54, 10 54, 10 55, 9 54))",
            )
            for swath in (1, 2, 3)
            for number in range(9)
        ]


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.fixture
def api(played: Played) -> Api:
    return Api(replace(Api().services, products=played)).with_area()


def a_scene(name: str = NAME, **data: object) -> Json:
    told = {"date": "2022-01-11T17:01:24.37Z", "storage_uri": ARCHIVE, **data}
    return a_feature(name, data={key: value for key, value in told.items() if value is not None})


def post(api: Api, *scenes: Json, query: str = "?tiles=annotations") -> Answer:
    text = json.dumps(scenes)
    return api.post(f"/aoi/{AREA}/scenes{query}", data=text, content_type="application/json")


def test_a_scene_gets_the_tiles_of_its_product(api: Api, played: Played) -> None:
    found = post(api, a_scene()).json

    assert (found["added"], found["refused"]) == (1, 0)
    tiles = api.tiles(found["scenes"][0]["id"])
    assert len(tiles) == 27
    assert {each["SourceID"] for each in tiles if each["AnxTime"] == 8951} == {
        "A44_IW1_8951",
        "A44_IW2_8951",
        "A44_IW3_8951",
    }
    data = api.get(f"/scene/{found['scenes'][0]['id']}").json["properties"]["data"]
    assert data["tiles"]["A44_IW2_8979"] == {"swath_id": "IW2", "tile_nr": 2}
    assert played.asked == [f"{ARCHIVE}/{NAME}.zip"]


def test_without_the_parameter_no_product_is_read(api: Api, played: Played) -> None:
    assert post(api, a_scene(), query="").json["added"] == 1
    assert post(api, a_scene(OTHER), query="?tiles=given").json["added"] == 1
    assert played.asked == []


def test_scenes_with_tiles_and_those_of_other_satellites_stay_as_they_are(
    api: Api, played: Played
) -> None:
    given = a_scene()
    given["properties"]["Tiles"] = [{"SourceID": "mine"}]
    others = (
        "S2A_MSIL1C_20220111T103401_N0301_R108_T32UNG_20220111T123716",
        NAME.replace("SLC_", "GRDH"),
    )

    found = post(api, given, *map(a_scene, others)).json

    assert found["added"] == 3
    assert [len(api.tiles(each["id"])) for each in found["scenes"]] == [1, 0, 0]
    assert played.asked == []


def test_a_known_scene_costs_no_product(api: Api, played: Played) -> None:
    post(api, a_scene())
    found = post(api, a_scene(), a_scene(OTHER)).json

    assert (found["added"], found["known"]) == (1, 1)
    assert played.asked == [f"{ARCHIVE}/{NAME}.zip", f"{ARCHIVE}/{OTHER}.zip"]


def test_a_scene_whose_product_cannot_be_read_is_refused_and_the_others_are_added(
    api: Api, played: Played
) -> None:
    played.wrong = {f"{ARCHIVE}/{OTHER}.zip": "annotation/a.xml: it has no bursts."}

    found = post(api, a_scene(), a_scene(OTHER), a_scene(OTHER[:-4] + "0000", storage_uri=None))

    assert [each["outcome"] for each in found.json["scenes"]] == ["added", "refused", "refused"]
    errors = [each["errors"] for each in found.json["scenes"][1:]]
    assert errors[0] == [
        {"path": "data.storage_uri", "message": "annotation/a.xml: it has no bursts."}
    ]
    assert "needs the address of its product" in errors[1][0]["message"]


def test_scenes_that_name_tiles_of_a_refused_one_are_refused_with_it(
    api: Api, played: Played
) -> None:
    played.wrong = {f"{ARCHIVE}/{NAME}.zip": "it is broken."}
    later = a_scene(OTHER)
    link = {"SourceID": "A44_IW1_8951", "SceneID": NAME}
    later["properties"]["Tiles"] = [{"SourceID": "A44_IW1_8951", "Previous": link}]

    found = post(api, later, a_scene()).json

    assert found["refused"] == 2


def test_a_scene_that_is_too_large_with_its_tiles_is_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tileweave.usecases.annotations.MOST_DOCUMENT", 1_000)

    found = post(api, a_scene()).json["scenes"][0]

    assert found["outcome"] == "refused"
    assert found["errors"][0]["path"] == "tiles"
    assert "at most 1000 are kept" in found["errors"][0]["message"]


def test_a_place_that_does_not_answer_costs_its_scene_only(api: Api, played: Played) -> None:
    """The same request adds that one later."""
    href = f"{ARCHIVE}/{OTHER}.zip"
    played.busy = {href}
    first = post(api, a_scene(), a_scene(OTHER)).json
    assert (first["added"], first["refused"]) == (1, 1)
    assert first["scenes"][1]["errors"][0]["message"] == f"{href} does not answer."

    played.busy = set()
    second = post(api, a_scene(), a_scene(OTHER)).json
    assert (second["known"], second["added"]) == (1, 1)


def test_one_scene_gets_its_tiles_too(api: Api, played: Played) -> None:
    path = f"/aoi/{AREA}/scene?tiles=annotations"

    found = api.post(path, data=json.dumps(a_scene()), content_type="application/json")
    assert len(api.tiles(found.json["id"])) == 27

    played.wrong = {f"{ARCHIVE}/{OTHER}.zip": "it is broken."}
    refused = api.post(path, data=json.dumps(a_scene(OTHER)), content_type="application/json")
    assert problem_of(refused, 422)["errors"] == [
        {"path": "data.storage_uri", "message": "it is broken."}
    ]


def test_an_unknown_source_of_tiles_is_a_bad_parameter(api: Api) -> None:
    assert "annotations" in problem_of(post(api, a_scene(), query="?tiles=made-up"), 400)["detail"]


@pytest.mark.parametrize(
    ("data", "href"),
    [
        ({"storage_uri": "s3://a/b/c.zip"}, "s3://a/b/c.zip"),
        ({"storage_uri": "s3://a/b/c.SAFE/"}, "s3://a/b/c.SAFE/"),
        ({"storage_uri": "s3://a/b/"}, f"s3://a/b/{NAME}.zip"),
        ({"storage_uri": None, "metadata": {"href": "s3://a/b.zip"}}, "s3://a/b.zip"),
        ({"metadata": {"href": "s3://a/b.zip"}}, "s3://a/b.zip"),
        (
            {
                "metadata": {
                    "assets": {
                        "a-preview": {"href": "s3://a/preview.zip"},
                        "safe_manifest": {"href": "s3://a/b.SAFE/manifest.safe"},
                        "thumbnail": {"href": "s3://a/b.png"},
                        "broken": "no asset",
                    }
                }
            },
            "s3://a/b.SAFE/manifest.safe",
        ),
        ({"metadata": "text"}, f"{ARCHIVE}/{NAME}.zip"),
    ],
)
def test_the_product_is_found_by_what_the_scene_says(
    api: Api, played: Played, data: Json, href: str
) -> None:
    post(api, a_scene(**data))

    assert played.asked == [href]


def test_scenes_of_a_bucket_alone_are_enough(aws: object) -> None:
    """From S3, as moto plays it, to tiles that are ready: all of it."""
    from tests.aws import Aws  # noqa: PLC0415 - moto takes seconds to import

    assert isinstance(aws, Aws)
    later = replace(Product(), name=OTHER, first_anx=886.97)
    aws.put(f"s1/{NAME}.zip", Product().zipped())
    aws.put(f"s1/{OTHER}.zip", later.zipped())
    lines = f"{json.dumps(a_scene())}\n{json.dumps(a_scene(OTHER))}"
    scenes = aws.put("scenes.ndjson", lines.encode())
    places = AllowedPlaces.of("s3://archive")
    products = Sentinel1Products(places)
    api = Api(replace(Api().services, places=places, products=products)).with_area()

    found = api.post(
        f"/aoi/{AREA}/scenes?tiles=annotations",
        data=json.dumps({"href": scenes}),
        content_type="application/json",
    ).json

    assert found["added"] == 2
    names = [{each["SourceID"] for each in api.tiles(one["id"])} for one in found["scenes"]]
    assert "A44_IW1_8951" in names[0]
    assert "A44_IW1_8952" in names[1]
    assert api.overview()["tiles"]["new"] == 54


def test_a_known_scene_has_the_tiles_of_its_product(api: Api, played: Played) -> None:
    """With automatic links too, where a scene without tiles would be one."""
    query = "?tiles=annotations&links=auto"
    first = post(api, a_scene(), a_scene(OTHER), query=query).json
    again = post(api, a_scene(), a_scene(OTHER), query=query).json

    assert (first["added"], again["known"]) == (2, 2)
    assert ["errors" in each for each in again["scenes"]] == [False, False]
    assert len(played.asked) == 2


def test_an_older_version_is_given_up_by_a_repeat_whose_products_are_not_read(
    api: Api, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever added the newer one died before."""
    query = "?tiles=annotations&links=auto"
    older, newer = NAME, NAME[:-4] + "FFFF"
    of = {older: "2022-01-12T00:00:00Z", newer: "2022-01-13T00:00:00Z"}
    scenes = [a_scene(name, metadata={"ingestionDate": day}) for name, day in of.items()]
    post(api, scenes[0], query=query)
    with monkeypatch.context() as died:
        died.setattr(link_scenes, "give_up", lambda *_: None)
        post(api, scenes[1], query=query)

    found = post(api, *scenes, query=query).json

    ids = [each["id"] for each in found["scenes"]]
    assert [each["outcome"] for each in found["scenes"]] == ["known", "known"]
    statuses = [api.get(f"/scene/{each}").json["properties"]["status"] for each in ids]
    assert statuses == ["FAILED", "PENDING"]
