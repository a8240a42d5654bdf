"""STAC Items as scenes: what becomes of each member, and what is told of one that is wrong."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pystac
import pytest
from pystac.extensions.sat import SatExtension
from pystac.validation import validate_dict

from tests.unit.web.api import AREA, Answer, Api, a_feature, a_request, problem_of
from tests.unit.web.api import wrong_paths as paths_of
from tests.unit.web.test_openapi import errors_of
from tileweave.domain.acquisitions import product_name
from tileweave.domain.model import Json
from tileweave.web.scene_input import read_scene
from tileweave.web.stac_assets import stored_at

STAC = Path(__file__).parents[2] / "data" / "stac"
NAMES = sorted(path.stem for path in STAC.glob("*.json"))
REMOVED = object()


def an_item(name: str = "sentinel-2-l2a", /, **members: object) -> Json:
    """Return an Item as a public catalogue answers it, but for what `members` replaces."""
    found: Json = json.loads((STAC / f"{name}.json").read_text())
    found |= members
    return {key: value for key, value in found.items() if value is not REMOVED}


def with_properties(**properties: object) -> Json:
    """Return an Item with other properties."""
    item = an_item()
    changed = item["properties"] | properties
    item["properties"] = {key: each for key, each in changed.items() if each is not REMOVED}
    return item


@pytest.fixture
def area(api: Api) -> Api:
    """All functions, over an empty AOI."""
    return api.with_area()


def add(area: Api, body: object, query: str = "") -> Answer:
    """Add many scenes."""
    return area.post(f"/aoi/{AREA}/scenes{query}", json=body)


def added(area: Api, body: object, query: str = "") -> Json:
    """Add one scene; return its properties as a list shows them."""
    answer = add(area, [body], query)
    assert answer.json["added"] == 1, answer.text
    found: Json = area.get(f"/scene/{answer.json['scenes'][0]['id']}").json["properties"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_are_stac(name: str) -> None:
    """By the schema of the specification that comes with pystac, and by its extensions."""
    item = pystac.Item.from_dict(an_item(name))
    validate_dict({**item.to_dict(include_self_link=False), "stac_extensions": []})
    if name.startswith("sentinel-1"):
        assert SatExtension.ext(item).relative_orbit in (44, 66)


@pytest.mark.parametrize("name", NAMES)
def test_an_item_is_a_scene(area: Api, name: str) -> None:
    """By its id, date and footprint; its properties and assets are kept."""
    item = an_item(name)
    scene = added(area, item)
    metadata = scene["data"]["metadata"]
    assert scene["source_id"] == item["id"]
    taken = item["properties"]["datetime"] or item["properties"]["start_datetime"]
    assert scene["data"]["date"] == taken
    assert item["properties"].items() <= metadata.items()
    assert (metadata["assets"], metadata["collection"]) == (item["assets"], item["collection"])
    assert metadata["bbox"] == item["bbox"]
    assert scene["GeometryWKT"].startswith("POLYGON ((")
    assert area.overview()["scenes"]["pending"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_an_item_fits_the_schema_of_requests(name: str) -> None:
    """As the OpenAPI document describes it."""
    assert list(errors_of("ItemIn", an_item(name))) == []


def test_tags_are_those_of_the_document(area: Api) -> None:
    """The same words as Denmark's, from the same acquisition."""
    tags = added(area, an_item("sentinel-1-slc"))["Tags"]
    assert tags == {
        "sourceID": "S1A_IW_SLC__1SDV_20220204T170123_20220204T170150_041766_04F863_D5BE",
        "collection": "sentinel-1-slc",
        "constellation": "SENTINEL1",
        "satellite": "SENTINEL1A",
        "orbitDirection": "ASCENDING",
        "orbit": "41766",
        "relativeOrbit": "44",
        "productType": "IW_SLC__1S",
        "sensorMode": "IW",
        "polarisationMode": "VV VH",
        "ingestionDate": "2022-02-04T18:12:29.140000Z",
    }


def test_optical_tags_name_clouds_and_grid(area: Api) -> None:
    """Of Landsat by path and row."""
    sentinel, landsat = (
        added(area, an_item(each))["Tags"] for each in ("sentinel-2-l2a", "landsat-c2-l2")
    )
    assert (sentinel["gridCode"], landsat["gridCode"]) == ("MGRS-31TCJ", "WRS2-198030")
    assert (sentinel["cloudCoverPercentage"], landsat["satellite"]) == ("12.5", "LANDSAT8")


def test_the_job_tells_where_the_product_is(area: Api) -> None:
    """In a store rather than behind a portal; "" where it is in parts."""
    add(area, [an_item("sentinel-1-slc"), an_item("landsat-c2-l2")])
    jobs = {each.body["source_id"][:3]: each.body["data"] for each in area.publisher.take()}
    assert jobs["S1A"]["storage_uri"].startswith("s3://eodata/")
    assert jobs["S1A"]["storage_uri"].endswith("_D5BE.zip")
    assert jobs["LC0"]["storage_uri"] == ""
    assert jobs["LC0"].keys() >= {"graph_name", "record_id", "instances_id", "is_retriable"}


ZIP = {"href": "https://here/p.zip", "type": "application/zip"}


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        ({}, ""),
        ({"product": ZIP}, "https://here/p.zip"),
        ({"anything": {**ZIP, "roles": ["data"]}}, "https://here/p.zip"),
        ({"anything": {**ZIP, "roles": ["metadata"]}}, ""),
        ({"product": {**ZIP, "roles": ["metadata"]}}, "https://here/p.zip"),
        ({"product": {"href": "gs://b/p.SAFE/?x=1"}}, "gs://b/p.SAFE/?x=1"),
        ({"product": {"href": "p.zip"}}, ""),
        ({"safe": {"href": "s3://b/p.SAFE/manifest.safe"}}, ""),
        ({"product": {"href": 3}}, ""),
        ({"one": ZIP, "two": ZIP}, ""),
        ({"x": {"href": "https://here/$value", "roles": ["archive"]}}, "https://here/$value"),
        (
            {"product": {**ZIP, "alternate": {"a": 3, "b": {"href": "s3://b/p.zip"}}}},
            "s3://b/p.zip",
        ),
        ({"product": {**ZIP, "alternate": "no"}}, "https://here/p.zip"),
    ],
)
def test_the_product_is_the_one_asset_that_is_all_of_it(assets: Json, expected: str) -> None:
    assert stored_at(assets) == expected


def test_collections_lists_lines_and_single_items_are_read(area: Api) -> None:
    """In each form that scenes come in, with other scenes or without."""
    collection = {"type": "FeatureCollection", "features": [an_item(each) for each in NAMES]}
    assert add(area, collection).json["added"] == 4
    assert add(area, an_item()).json["known"] == 1
    mixed = [an_item(id="other"), a_request("A"), a_feature("B")]
    assert add(area, mixed).json["added"] == 3
    lines = "\n".join(json.dumps(an_item(id=str(number))) for number in range(3))
    answer = area.post(f"/aoi/{AREA}/scenes", data=lines, content_type="application/x-ndjson")
    assert answer.json["added"] == 3
    assert area.add(an_item(id="one")).status_code == 200


def test_an_item_without_geometry_has_no_footprint(area: Api) -> None:
    """Its bbox is none."""
    assert added(area, an_item(geometry=None))["GeometryWKT"] == ""


def test_heights_are_left_out(area: Api) -> None:
    """A footprint is on the ground."""
    ring = [[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]
    scene = added(area, an_item(geometry={"type": "Polygon", "coordinates": [ring]}))
    assert scene["GeometryWKT"] == "POLYGON ((0 0, 1 0, 1 1, 0 0))"


def test_members_that_are_missing_are_left_out(area: Api) -> None:
    """Links, assets, collection and bbox need not be there."""
    item = an_item(assets=None, links=REMOVED, collection=REMOVED, bbox=REMOVED)
    metadata = added(area, item)["data"]["metadata"]
    assert metadata["assets"] == {}
    assert not {"self", "collection", "bbox"} & metadata.keys()


WRONG: list[tuple[Json, list[str]]] = [
    (an_item(id=REMOVED), ["id"]),
    (an_item(id=""), ["id"]),
    (an_item(properties=REMOVED), ["properties"]),
    (an_item(properties=[]), ["properties"]),
    (an_item(assets=[]), ["assets"]),
    (an_item(assets={"red": "x"}), ["assets.red"]),
    (an_item(stac_version=1), ["stac_version"]),
    (an_item(geometry={"type": "Point", "coordinates": [1, 2]}), ["geometry"]),
    (with_properties(datetime="yesterday"), ["properties.datetime"]),
    (with_properties(datetime=None), ["properties.datetime"]),
    (with_properties(datetime=REMOVED), ["properties.datetime"]),
    (with_properties(datetime=None, start_datetime="x"), ["properties.start_datetime"]),
    (an_item(id=3, geometry={"type": "Point", "coordinates": [1, 2]}), ["id", "geometry"]),
    (with_properties(long="x" * 700_000), ["body"]),
    ({"type": "Collection", "stac_version": "1.0.0", "id": "c"}, ["body"]),
    ({"type": "Catalog", "stac_version": "1.0.0", "id": "c"}, ["body"]),
]


@pytest.mark.parametrize(("item", "paths"), WRONG)
def test_what_is_wrong_is_told_with_its_path(area: Api, item: Json, paths: list[str]) -> None:
    """Within the Item, all of it at once, by either call."""
    assert paths_of(area.add(item)) == paths
    answer = add(area, [item])
    assert [each["path"] for each in answer.json["scenes"][0]["errors"]] == paths
    assert (answer.json["refused"], area.overview()["scenes"]["total"]) == (1, 0)
    named = item.get("id") if isinstance(item.get("id"), str) else ""
    expected = named if item["type"] == "Feature" else ""
    assert answer.json["scenes"][0]["source_id"] == expected


def test_a_checksum_is_no_part_of_the_products_name() -> None:
    """Nor the form of its files."""
    name = "S1A_IW_GRDH_1SDV_20240610T053204_20240610T053229_054262_069988_"
    assert {product_name(name + end) for end in ("4B2C", "4B2C_COG", "")} == {name}
    assert product_name("S2B_31TCJ_20240610_0_L2A") == "S2B_31TCJ_20240610_0_L2A"


# --- what a request says for all its scenes ---

DEFAULTS = "?graph_name=Copy&tile_graph_name=Cut&retry_count=3&is_retriable=true"


def test_defaults_are_for_what_a_scene_leaves_out(area: Api) -> None:
    """In its data, its tiles' data, and its retries."""
    item = added(area, an_item(), DEFAULTS)
    request = added(area, a_request("A", tiles={"T": {}}), DEFAULTS)
    said = (item["data"]["graph_name"], item["data"]["is_retriable"], item["retry_countdown"])
    assert said == ("Copy", True, 3)
    assert (request["data"]["graph_name"], request["retry_countdown"]) == ("S1Preprocessing", 3)
    (tile,) = area.tiles(request["id"])
    assert (tile["Data"], tile["RetryCountDown"]) == (
        {"graph_name": "Cut", "is_retriable": True},
        3,
    )


def test_what_a_scene_says_itself_stays(area: Api) -> None:
    """Also that it wants no retries, or is not retriable."""
    data = {"date": "2022-01-11T17:01:24Z", "graph_name": "Own", "is_retriable": False}
    tiles = {"T": {"data": data}}
    request = added(area, a_request("A", data=data, tiles=tiles, retry_count=0), DEFAULTS)
    feature = added(area, a_feature("B", retry_countdown=1), DEFAULTS)
    assert request["data"].items() >= data.items()
    assert (request["retry_countdown"], feature["retry_countdown"]) == (0, 1)
    assert area.tiles(request["id"])[0]["Data"] == data


def test_one_scene_takes_defaults_too(area: Api) -> None:
    """By the call that adds one."""
    answer = area.post(f"/aoi/{AREA}/scene{DEFAULTS}", json=a_feature("A"))
    scene = area.get(f"/scene/{answer.json['id']}").json["properties"]
    assert (scene["data"]["graph_name"], scene["retry_countdown"]) == ("Copy", 3)


@pytest.mark.parametrize(
    "query", ["?retry_count=-1", "?retry_count=1001", "?is_retriable=1", f"?graph_name={'x' * 501}"]
)
def test_a_default_that_cannot_be_one_is_told(area: Api, query: str) -> None:
    """By its name."""
    said = problem_of(add(area, [], query), 400)["detail"]
    assert query[1:].partition("=")[0] in said


def test_an_item_is_not_changed_by_being_read() -> None:
    """Neither is what it holds."""
    item: Any = an_item()
    before = copy.deepcopy(item)
    read_scene(AREA, item)
    assert item == before


def test_the_tile_that_a_scene_is_has_the_defaults_of_tiles(area: Api) -> None:
    """Where links are automatic, each Item is one; by either call."""
    query = f"{DEFAULTS}&links=auto"
    assert add(area, [an_item()], query).json["added"] == 1
    later = with_properties(datetime="2024-06-15T10:56:21Z") | {"id": "S2A_31TCJ_20240615_0_L2A"}
    id_ = area.post(f"/aoi/{AREA}/scene{query}", json=later).json["id"]
    (tile,) = area.tiles(id_)
    assert (tile["SourceID"], tile["Data"]["graph_name"]) == ("T31TCJ", "Cut")
    assert tile["Previous"]["SceneID"] == "S2B_31TCJ_20240610_0_L2A"
