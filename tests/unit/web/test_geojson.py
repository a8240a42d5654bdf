"""Scenes and tiles as GeoJSON: the keys of the document's examples, and what was added."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.unit.web.api import AREA, Api, a_feature, a_request, denmark
from tileweave.domain.model import Json

ADDED_TO_A_SCENE = {"status", "message", "retry_countdown", "attempt", "updated_at"}
ADDED_TO_A_TILE = {
    "Status",
    "Message",
    "RetryCountDown",
    "Attempt",
    "PreviousID",
    "ReferenceID",
    "UpdatedAt",
}
NUMBERED_ANEW = {"id", "ID"}
"""Keys whose value the document shows as 0, for there is no server behind it."""

GRAPH_IDS = {"id", "ID", "PreviousID", "ReferenceID", "updated_at", "UpdatedAt"}

SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
HOLE = [[0.25, 0.25], [0.25, 0.75], [0.75, 0.75], [0.75, 0.25], [0.25, 0.25]]


@pytest.fixture
def shown(api: Api) -> list[Json]:
    """Denmark's scenes as GET scene/tiles answers them, the newest first."""
    numbers = api.with_area().with_denmark()
    return [api.get(f"/scene/{each}/tiles").json["features"][0] for each in numbers]


def rings_of(geometry: Json) -> list[Any]:
    """Return all rings of a geometry, of one polygon after the other."""
    coordinates = geometry["coordinates"]
    polygons = [coordinates] if geometry["type"] == "Polygon" else coordinates
    return [ring for polygon in polygons for ring in polygon]


def signed_area(ring: list[list[float]]) -> float:
    """Return the area of a ring, above 0 if it runs counter-clockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) / 2


def in_one_direction(geometry: Json) -> list[Any]:
    """Return the points of each ring, in whatever direction and wherever it begins."""
    return [sorted(ring[:-1]) for ring in rings_of(geometry)]


def without(value: Any, names: set[str]) -> Any:  # noqa: ANN401 - JSON
    """Return JSON without these keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(each, names) for key, each in value.items() if key not in names}
    if isinstance(value, list):
        return [without(each, names) for each in value]
    return value


def test_a_scene_has_the_keys_of_the_document_and_those_added(shown: list[Json]) -> None:
    """No other."""
    for ours, theirs in zip(shown, denmark(), strict=True):
        assert ours.keys() == theirs.keys()
        assert ours["properties"].keys() == theirs["properties"].keys() | ADDED_TO_A_SCENE


def test_a_tile_has_the_keys_of_the_document_and_those_added(shown: list[Json]) -> None:
    """No other; nor has a link."""
    for ours, theirs in zip(shown, denmark(), strict=True):
        pairs = zip(ours["properties"]["Tiles"], theirs["properties"]["Tiles"], strict=True)
        for our_tile, their_tile in pairs:
            assert our_tile.keys() == their_tile.keys() | ADDED_TO_A_TILE


def test_every_value_of_the_document_comes_back(shown: list[Json]) -> None:
    """Dates, names, links, tags and data to the last digit; only ids are new."""
    for ours, theirs in zip(shown, denmark(), strict=True):
        added = NUMBERED_ANEW | ADDED_TO_A_SCENE | ADDED_TO_A_TILE | {"geometry"}
        assert without(ours, added) == without(theirs, added)


def test_scenes_without_tiles_come_back_as_well(api: Api) -> None:
    """As in the document's first example: Tiles is null, the geometry one Polygon."""
    api.with_area()
    for theirs in denmark("scenes"):
        ours = api.get(f"/scene/{api.added(theirs)}").json
        added = NUMBERED_ANEW | ADDED_TO_A_SCENE
        assert without(ours, added) == without(theirs, added)
        assert ours["geometry"]["type"] == "Polygon"


def test_the_geometry_of_a_scene_with_tiles_holds_all_of_them(shown: list[Json]) -> None:
    """The scene's polygon comes first, then those of its tiles, as in the document."""
    for ours, theirs in zip(shown, denmark(), strict=True):
        assert ours["geometry"]["type"] == "MultiPolygon"
        assert in_one_direction(ours["geometry"]) == in_one_direction(theirs["geometry"])


def test_a_tile_has_its_own_geometry(api: Api) -> None:
    """The second polygon of its scene's Feature in the document is its first tile's."""
    newest = api.with_area().with_denmark()[0]
    tile = api.get(f"/tile/{api.tiles(newest)[0]['ID']}").json
    assert tile["geometry"]["type"] == "Polygon"
    theirs = denmark()[0]["geometry"]["coordinates"][1]
    assert in_one_direction(tile["geometry"]) == [sorted(theirs[0][:-1])]


def test_outer_rings_run_counter_clockwise(shown: list[Json]) -> None:
    """As RFC 7946 asks, though the document's tiles do not."""
    assert all(signed_area(ring) > 0 for each in shown for ring in rings_of(each["geometry"]))


@pytest.mark.parametrize("outer", [SQUARE, SQUARE[::-1]])
@pytest.mark.parametrize("hole", [HOLE, HOLE[::-1]])
@pytest.mark.parametrize("as_wkt", [True, False])
def test_holes_run_clockwise(api: Api, outer: Any, hole: Any, as_wkt: bool) -> None:  # noqa: ANN401, FBT001
    """However they came."""
    if as_wkt:
        texts = [", ".join(f"{x} {y}" for x, y in ring) for ring in (outer, hole)]
        request = a_request(wkt=f"POLYGON (({texts[0]}), ({texts[1]}))")
    else:
        request = a_request(geometry={"type": "Polygon", "coordinates": [outer, hole]})
    geometry = api.get(f"/scene/{api.with_area().added(request)}").json["geometry"]
    assert [signed_area(ring) for ring in geometry["coordinates"]] == [1.0, -0.25]


def test_coordinates_keep_every_digit_and_lose_their_height(api: Api) -> None:
    """A footprint lies on the ground."""
    start = [0.1234567890123456, 1e-7, 5.0]
    ring = [start, [1.0, 0.0, 5.0], [1.0, 1.0, 5.0], start]
    request = a_request(geometry={"type": "Polygon", "coordinates": [ring]})
    shown = api.get(f"/scene/{api.with_area().added(request)}").json
    assert shown["geometry"]["coordinates"] == [[point[:2] for point in ring]]
    assert shown["properties"]["GeometryWKT"].startswith("POLYGON")


def test_what_has_no_geometry_has_null(api: Api) -> None:
    """As RFC 7946 says of what is nowhere."""
    number = api.with_area().added(a_request())
    tile = api.tiles(number)[0]
    found = [api.get(f"/scene/{number}").json, api.get(f"/tile/{tile['ID']}").json]
    assert [each["geometry"] for each in found] == [None, None]
    assert [found[0]["properties"]["GeometryWKT"], tile["GeometryWKT"]] == ["", ""]


def test_the_ids_of_links_are_those_of_the_tiles_they_name(api: Api) -> None:
    """A reader can follow them."""
    newest, _, oldest = api.with_area().with_denmark()
    last, first = api.tiles(newest)[0], api.tiles(oldest)[0]
    assert last["ReferenceID"] == first["ID"]
    previous = api.get(f"/tile/{last['PreviousID']}").json["properties"]
    assert (previous["SceneID"], previous["SourceID"]) == tuple(
        last["Previous"][name] for name in ("SceneID", "SourceID")
    )


def test_what_was_added_tells_of_the_run(api: Api) -> None:
    """Before it, and after."""
    number = api.with_area().added(a_request(retry_count=2))

    def told() -> list[object]:
        scene = api.get(f"/scene/{number}").json["properties"]
        tile = api.tiles(number)[0]
        assert scene["updated_at"].endswith("Z")
        assert tile["UpdatedAt"].endswith("Z")
        names = ("status", "message", "retry_countdown", "attempt", "Ingested")
        own = ("Status", "Message", "RetryCountDown", "Attempt", "Ingested")
        return [*(scene[name] for name in names), *(tile[name] for name in own)]

    assert told() == ["PENDING", "", 2, 1, False, "NEW", "", 2, 0, False]
    api.finish()
    assert told() == ["DONE", "", 2, 1, True, "DONE", "", 2, 1, True]


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2022-01-11T17:01:24.37Z", "2022-01-11T17:01:24.37Z"),
        ("2022-01-11T17:01:24Z", "2022-01-11T17:01:24Z"),
        ("2022-01-11T17:01:20.000Z", "2022-01-11T17:01:20Z"),
        ("2022-01-11T17:01:24.123456789Z", "2022-01-11T17:01:24.123456Z"),
        ("2022-01-11T18:01:24.370+01:00", "2022-01-11T17:01:24.37Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_dates_are_shown_in_utc_with_as_few_digits_as_say_it(
    api: Api, date: str, shown: str
) -> None:
    """As Go writes them; the data keeps the date as it came."""
    number = api.with_area().added(a_request(data={"date": date}))
    assert api.tiles(number)[0]["Date"] == shown
    assert api.get(f"/scene/{number}").json["properties"]["data"]["date"] == date


def graph_of(api: Api, numbers: list[int]) -> list[Json]:
    """Return scenes with their tiles, without ids and moments of change."""
    found = [api.get(f"/scene/{each}/tiles").json["features"][0] for each in numbers]
    return [without(each, GRAPH_IDS | {"aoi"}) for each in found]


def test_what_is_answered_makes_the_same_graph_in_another_aoi(api: Api) -> None:
    """Denmark, from one AOI to the next: the same but for its ids."""
    numbers = api.with_area().with_denmark()
    features = [api.get(f"/scene/{each}/tiles").json["features"][0] for each in numbers]
    api.with_area("Other")
    copies = [api.added(each, "Other") for each in reversed(features)][::-1]
    assert graph_of(api, copies) == graph_of(api, numbers)
    assert not set(copies) & set(numbers)


def test_what_is_answered_after_a_run_starts_from_the_beginning(api: Api) -> None:
    """Statuses, messages and attempts of the one AOI are nothing to the other."""
    numbers = api.with_area().with_denmark()
    fresh = graph_of(api, numbers)
    api.finish()
    features = [api.get(f"/scene/{each}/tiles").json["features"][0] for each in numbers]
    api.with_area("Other")
    copies = [api.added(each, "Other") for each in reversed(features)][::-1]
    assert graph_of(api, copies) == fresh


def test_a_chain_of_fifty_dates_makes_the_same_graph_in_another_aoi(api: Api) -> None:
    """With a geometry of its own for some, and none for others."""
    api.with_area()
    numbers = []
    for date in range(50):
        tile: Json = {"data": {"swath_id": "IW1", "tile_nr": date}}
        if date:
            tile |= {"previous_tile_id": "B", "previous_scene_id": f"S{date - 1:02}"}
            tile |= {"reference_tile_id": "B", "reference_scene_id": "S00"}
        if date % 2:
            tile["wkt"] = "POLYGON ((0 0, 1 0, 1 1, 0 0))"
        data = {"date": f"2022-01-01T{date // 60:02}:{date % 60:02}:00Z", "nested": [[1, [2]]]}
        numbers.append(api.added(a_request(f"S{date:02}", data=data, tiles={"B": tile})))
    api.with_area("Other")
    features = [api.get(f"/scene/{each}/tiles").json["features"][0] for each in numbers]
    copies = [api.added(each, "Other") for each in features]
    assert graph_of(api, copies) == graph_of(api, numbers)


def test_a_scene_that_is_answered_alone_can_be_added_elsewhere(api: Api) -> None:
    """Without its tiles, which it does not show, and with its geometry."""
    number = api.with_area().with_denmark()[0]
    feature = api.get(f"/scene/{number}").json
    copy = api.with_area("Other").added(feature, "Other")
    assert api.get(f"/scene/{copy}").json["geometry"] == feature["geometry"]
    assert api.tiles(copy) == []


def test_a_feature_of_another_catalogue_has_its_geometry_as_geojson(api: Api) -> None:
    """Where no GeometryWKT tells otherwise."""
    api.with_area()
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    for number, properties in enumerate(({}, {"GeometryWKT": ""})):
        feature = {**a_feature(f"S{number}", **properties), "geometry": geometry}
        assert api.get(f"/scene/{api.added(feature)}").json["geometry"] == geometry


def test_tiles_alone_do_not_give_their_scene_a_geometry(api: Api) -> None:
    """A Feature shows theirs as its own: it is not taken for the scene's when it comes back."""
    tiles = {"B": {"wkt": "POLYGON ((0 0, 1 0, 1 1, 0 0))"}}
    number = api.with_area().added(a_request(tiles=tiles))
    feature = api.get(f"/scene/{number}/tiles").json["features"][0]
    copy = api.with_area("Other").added(feature, "Other")
    assert feature["geometry"] is not None
    assert api.get(f"/scene/{copy}").json["geometry"] is None


def test_text_beyond_ascii_is_written_as_it_is(api: Api) -> None:
    """In UTF-8, whatever it says of quotes and lines."""
    name = 'København "\\\n\t🛰 <b>&amp;</b> \x00'
    body = a_request(name, tiles={name: {"data": {name: [name, 2**90, 1.5, None, True]}}})
    number = api.with_area().added(body)
    answer = api.get(f"/scene/{number}/tiles")
    [tile] = api.tiles(number)
    assert "København" in answer.get_data().decode()
    assert (tile["SceneID"], tile["SourceID"]) == (name, name)
    assert tile["Data"] == {name: [name, 2**90, 1.5, None, True]}


def test_the_examples_are_the_documents() -> None:
    """Three scenes with three tiles each, linked; the same without tiles."""
    assert [len(each["properties"]["Tiles"]) for each in denmark()] == [3, 3, 3]
    assert [each["properties"]["Tiles"] for each in denmark("scenes")] == [None] * 3
    assert json.dumps(denmark()).count('"Previous": {') == 6
    assert {each["properties"]["aoi"] for each in denmark()} == {AREA}
