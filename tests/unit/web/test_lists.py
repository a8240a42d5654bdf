"""Lists of AOIs, scenes and tiles: what they hold, in which order, and how they are paged."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator
from typing import Any

import pytest

from tests.builders import (
    AOI,
    BURST,
    NEIGHBOUR,
    World,
    a_chain,
    a_new_scene,
    a_new_tile,
    date_of,
    product,
    ref,
)
from tests.unit.web.api import AREA, Answer, Api, BrokenStore, a_request, denmark, problem_of
from tests.unit.web.test_geojson import rings_of, signed_area, without
from tileweave.adapters.memory import MemoryStore
from tileweave.domain.errors import Unavailable
from tileweave.domain.model import Json, Key, Scene, Tile
from tileweave.domain.status import Event, Status
from tileweave.usecases.ports import ALL, Stored, Which, Window

BURSTS = (BURST, NEIGHBOUR, "A44_IW2_9007")

LISTS = ("scenes", "tiles", "tiles?view=tile")

FROM_SERVER = {"id", "ID", "aoi", "PreviousID", "ReferenceID", "updated_at", "UpdatedAt"}


def listed(api: Api, path: str, area: str = AOI) -> list[Json]:
    """Return the Features of a list, all on one page."""
    answer = api.get(f"/aoi/{area}/{path}")
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json"), answer.text
    body = answer.json
    assert body.keys() == {"type", "features", "links"}
    assert (body["type"], body["links"]) == ("FeatureCollection", [])
    found: list[Json] = body["features"]
    return found


def paged(api: Api, path: str, area: str = AOI) -> Iterator[list[Json]]:
    """Return the Features of each page, following the links."""
    url = f"/aoi/{area}/{path}"
    while url:
        answer = api.get(url)
        assert answer.status_code == 200, answer.text
        yield answer.json["features"]
        url = next((each["href"] for each in answer.json["links"]), "")


def limited(path: str, limit: int) -> str:
    """Return the path of a list with a limit."""
    return f"{path}{'&' if '?' in path else '?'}limit={limit}"


def tiles_of(features: list[Json]) -> list[str]:
    """Return the tiles of scenes, each by scene and name, in order."""
    return [
        f"{each['SceneID']} {each['SourceID']}"
        for feature in features
        for each in feature["properties"]["Tiles"]
    ]


def ids(features: list[Json]) -> list[int]:
    """Return the ids of Features."""
    return [each["id"] for each in features]


@pytest.fixture
def world() -> World:
    """Seven dates of three bursts."""
    return World(*a_chain(7, BURSTS))


@pytest.fixture
def chained(world: World) -> Api:
    """All functions, over it."""
    return Api(world.services)


# --- scenes and tiles ---


def test_scenes_are_listed_by_date(world: World, chained: Api) -> None:
    """Each as GET answers it."""
    found = listed(chained, "scenes")
    assert ids(found) == [world.scene(number).id for number in range(7)]
    assert found[3] == chained.get(f"/scene/{found[3]['id']}").json


def test_tiles_are_listed_in_their_scenes(chained: Api) -> None:
    """Each scene as GET of its tiles answers it, but for their order."""
    found = listed(chained, "tiles")
    assert len(found) == 7
    for feature in found:
        [same] = chained.get(f"/scene/{feature['id']}/tiles").json["features"]
        assert sorted(tiles_of([feature])) == sorted(tiles_of([same]))
        assert without(feature, {"Tiles"}) == without(same, {"Tiles"})


def test_tiles_are_listed_by_themselves(chained: Api) -> None:
    """A Feature each, as GET answers it, with a link to its scene."""
    found = listed(chained, "tiles?view=tile")
    assert len(found) == 21
    for feature in found[::5]:
        assert feature == chained.get(f"/tile/{feature['id']}").json
        assert chained.get(feature["links"][0]["href"]).status_code == 200
    assert [each["properties"]["ID"] for each in found] == ids(found)


@pytest.mark.parametrize("status", ["done", "DONE", "Done"])
def test_lists_are_of_one_status(world: World, chained: Api, status: str) -> None:
    """In any case; of scenes those with a matching tile, and only those tiles."""
    for number in range(3):
        world.answer(world.scene(number))
    world.settle()
    world.answer(world.tile(0))
    assert len(listed(chained, f"scenes/{status}")) == 3
    [scene] = listed(chained, f"tiles/{status}")
    assert (scene["id"], tiles_of([scene])) == (world.scene(0).id, [f"{product(0)} {BURST}"])
    assert ids(listed(chained, f"tiles/{status}?view=tile")) == [world.tile(0).id]
    assert listed(chained, "tiles/failed") == listed(chained, "scenes/retry") == []


@pytest.mark.parametrize("path", ["scenes/nix", "tiles/nix", "tiles/NEW,DONE", "tiles/new%20"])
def test_a_status_that_there_is_not_is_a_bad_request(chained: Api, path: str) -> None:
    """The problem names those there are."""
    problem = problem_of(chained.get(f"/aoi/{AOI}/{path}"), 400)
    assert "NEW, PENDING, DONE, RETRY, FAILED" in problem["detail"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "limit=abc", "cursor=x", "page=-1"])
def test_a_page_that_cannot_be_is_a_bad_request(chained: Api, path: str, query: str) -> None:
    """The problem names the parameter."""
    url = f"/aoi/{AOI}/{path}{'&' if '?' in path else '?'}{query}"
    assert query.partition("=")[0] in problem_of(chained.get(url), 400)["detail"]


def test_a_view_that_there_is_not_is_a_bad_request(chained: Api) -> None:
    """The problem names those there are."""
    detail = problem_of(chained.get(f"/aoi/{AOI}/tiles?view=burst"), 400)["detail"]
    assert "scene, tile" in detail


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_aoi_has_empty_lists(api: Api, path: str) -> None:
    """Without a link."""
    assert listed(api.with_area(), path, AREA) == []


@pytest.mark.parametrize("path", [*LISTS, "roottiles", "leaftiles"])
def test_a_list_can_be_asked_for_its_head(chained: Api, path: str) -> None:
    """Without a body, and with the same type."""
    answer = chained.call("HEAD", f"/aoi/{AOI}/{path}")
    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert answer.mimetype == chained.get(f"/aoi/{AOI}/{path}").mimetype


@pytest.mark.parametrize("path", [*LISTS, "roottiles", "leaftiles"])
def test_a_store_that_does_not_answer_is_told(path: str) -> None:
    """Before the answer begins."""
    api = Api(store=BrokenStore(Unavailable("nobody answers")))
    problem_of(api.get(f"/aoi/{AREA}/{path}"), 503)


@pytest.mark.parametrize("path", [*LISTS, "roottiles", "leaftiles"])
def test_a_list_is_a_stream(chained: Api, path: str) -> None:
    """The function hands out its pieces one by one."""
    answer = chained.get(f"/aoi/{AOI}/{path}", buffered=False)
    assert answer.is_streamed
    assert sum(1 for _ in answer.response) > 3


# --- pages ---


@pytest.mark.parametrize("path", ["scenes", "tiles?view=tile", "scenes/pending"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 21, 22])
def test_the_pages_together_are_the_list(chained: Api, path: str, limit: int) -> None:
    """Each is full but the last, and no page is empty."""
    pages = list(paged(chained, limited(path, limit)))
    whole = listed(chained, path)
    assert [each for page in pages for each in page] == whole
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert 0 < len(pages[-1]) <= limit


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 8, 20, 21])
@pytest.mark.parametrize("path", ["tiles", "tiles/new"])
def test_a_page_of_tiles_ends_with_a_scene(chained: Api, path: str, limit: int) -> None:
    """The limit counts tiles; a scene it would cut is on the next page, or is one by itself."""
    pages = list(paged(chained, limited(path, limit)))
    assert [each for page in pages for each in page] == listed(chained, path)
    sizes = [len(tiles_of(page)) for page in pages]
    assert set(sizes[:-1]) <= {max(3, limit // 3 * 3)}
    assert 0 < sizes[-1] <= sizes[0]


def test_a_scene_larger_than_a_page_shows_the_tiles_that_match(world: World, chained: Api) -> None:
    """Those of the status that is asked for, and nothing after the last of them."""
    world.operate(world.tile(6, NEIGHBOUR), Event.FORCE_FAIL)
    pages = [tiles_of(page) for page in paged(chained, "tiles/new?limit=1")]
    assert [len(page) for page in pages] == [3, 3, 3, 3, 3, 3, 2]
    assert pages[-1] == tiles_of(listed(chained, "tiles/new"))[-2:]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 20, 21])
def test_a_page_of_tiles_by_number_ends_where_it_says(chained: Api, limit: int) -> None:
    """So many tiles on each, so that no two hold the same one: a scene may be on both."""
    pages: list[list[str]] = []
    while not pages or pages[-1]:
        path = f"/aoi/{AOI}/tiles?limit={limit}&page={len(pages)}"
        pages.append(tiles_of(chained.get(path).json["features"]))
    assert [each for page in pages for each in page] == tiles_of(listed(chained, "tiles"))
    assert {len(page) for page in pages[:-2]} <= {limit}


def test_a_page_can_be_asked_for_by_its_number(chained: Api) -> None:
    """From 0; the link of each leads to the next by cursor; past the end there is nothing."""
    whole = listed(chained, "scenes")
    for number in range(3):
        answer = chained.get(f"/aoi/{AOI}/scenes?limit=3&page={number}")
        assert answer.json["features"] == whole[3 * number : 3 * number + 3]
    middle = chained.get(f"/aoi/{AOI}/scenes?limit=3&page=1").json
    assert chained.get(middle["links"][0]["href"]).json["features"] == whole[6:]
    past = chained.get(f"/aoi/{AOI}/scenes?limit=3&page=100000").json
    assert (past["features"], past["links"]) == ([], [])


def test_what_is_added_meanwhile_shifts_no_page(world: World, chained: Api) -> None:
    """What comes before the cursor is not seen, what comes after it is; nothing is seen twice."""
    before = ids(listed(chained, "scenes"))
    pages = paged(chained, "scenes?limit=2")
    seen = [*ids(next(pages)), *ids(next(pages))]
    early, late = (
        [each for each in a_chain(number) if each.source_id == product(number - 1)]
        for number in (9, 8)
    )
    world.add(*late, *early)
    chained.added(
        a_request("between", aoi=AOI, data={"date": date_of(1).isoformat()}, tiles={}), AOI
    )
    seen += [number for page in pages for number in ids(page)]
    assert seen == [*before, world.scene(7).id, world.scene(8).id]


def test_what_changes_its_status_meanwhile_shifts_no_page(world: World, chained: Api) -> None:
    """A list of one status goes on where it was."""
    before = ids(listed(chained, "scenes/pending"))
    pages = paged(chained, "scenes/pending?limit=2")
    seen = ids(next(pages))
    world.answer(world.scene(0))
    world.answer(world.scene(1))
    seen += [number for page in pages for number in ids(page)]
    assert seen == before


class CountingStore(MemoryStore):
    """Counts the scenes and tiles that are read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read(self, keys: Collection[Key]) -> Any:  # noqa: ANN401 - as the store's
        self.reads += len(keys)
        found: dict[Key, Stored | None] = dict(super().read(keys))
        return found

    def scenes(
        self, aoi: str, statuses: Collection[Status] = (), window: Window = ALL
    ) -> Iterator[Scene]:
        for each in super().scenes(aoi, statuses, window):
            self.reads += 1
            yield each

    def tiles(
        self,
        aoi: str,
        statuses: Collection[Status] = (),
        window: Window = ALL,
        which: Which = Which.EVERY,
    ) -> Iterator[Tile]:
        for each in super().tiles(aoi, statuses, window, which):
            self.reads += 1
            yield each


@pytest.mark.parametrize(("path", "cost"), [("scenes", 4), ("tiles?view=tile", 4), ("tiles", 5)])
def test_a_page_costs_the_same_at_any_depth(path: str, cost: int) -> None:
    """What it shows, one more, and the scenes of tiles."""
    store = CountingStore()
    api = Api(World(*a_chain(12, BURSTS), store=store).services)
    url, costs = f"/aoi/{AOI}/{limited(path, 3)}", []
    while url:
        store.reads = 0
        links = api.get(url).json["links"]
        costs.append(store.reads)
        url = next((each["href"] for each in links), "")
    assert set(costs[:-1]) == {cost}
    assert costs[-1] <= cost
    assert len(costs) >= 4


# --- GeoJSON ---


def assert_geojson(body: Json) -> None:
    """Check a FeatureCollection against RFC 7946, section by section."""
    assert body["type"] == "FeatureCollection"
    assert not {"geometry", "properties", "coordinates", "crs"} & body.keys()
    for feature in body["features"]:
        assert feature["type"] == "Feature"
        assert {"geometry", "properties"} <= feature.keys()
        assert not {"coordinates", "features", "crs"} & feature.keys()
        assert isinstance(feature["properties"], dict)
        assert isinstance(feature["id"], int)
        assert 1 <= feature["id"] <= 2**53 - 1
        if feature["geometry"] is not None:
            assert_geometry(feature["geometry"])


def assert_geometry(geometry: Json) -> None:
    """Check a Polygon or MultiPolygon: closed rings, the outer ones counter-clockwise."""
    assert geometry.keys() == {"type", "coordinates"}
    assert geometry["type"] in ("Polygon", "MultiPolygon")
    for ring in rings_of(geometry):
        assert len(ring) >= 4
        assert ring[0] == ring[-1]
        assert all(len(point) == 2 for point in ring)
        assert all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in ring)
    several = geometry["type"] == "MultiPolygon"
    for outer, *holes in geometry["coordinates"] if several else [geometry["coordinates"]]:
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [2, 1_000])
def test_lists_are_geojson(api: Api, path: str, limit: int) -> None:
    """By RFC 7946, of geometries in either order, with holes and without any."""
    api.with_area().with_denmark()
    square = [[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]
    hole = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75], [0.25, 0.25]]
    polygon = {"type": "Polygon", "coordinates": [square, hole]}
    api.added(a_request("with a hole", geometry=polygon, tiles={"A": {"geometry": polygon}}))
    api.added(a_request("København 日本 🛰", tiles={"é": {}}))
    answer = api.get(f"/aoi/{AREA}/{limited(path, limit)}")
    assert answer.mimetype == "application/geo+json"
    assert_geojson(json.loads(answer.get_data().decode("utf-8")))
    if limit > 2:
        assert "København 日本 🛰" in answer.text


# --- from one AOI to another ---


def copied(api: Api, features: list[Json], target: str = "Copy") -> Answer:
    """Add the Features of a list to another AOI."""
    api.with_area(target)
    return api.post(
        f"/aoi/{target}/scenes", json={"type": "FeatureCollection", "features": features}
    )


def graph_of(api: Api, area: str) -> dict[str, tuple[Any, ...]]:
    """Return what each tile of an AOI is linked to, by names."""
    return {
        f"{tile['SceneID']} {tile['SourceID']}": (
            without(tile["Previous"], set()),
            without(tile["Reference"], set()),
            tile["Data"],
            tile["AnxTime"],
            tile["GeometryWKT"],
        )
        for feature in listed(api, "tiles", area)
        for tile in feature["properties"]["Tiles"]
    }


def test_denmark_is_copied_from_one_aoi_to_another(api: Api) -> None:
    """All but ids and the AOI is the same, also once it is done there."""
    api.with_area().with_denmark()
    answer = copied(api, listed(api, "tiles", AREA))
    assert answer.json["added"] == len(denmark()), answer.text
    theirs, ours = (listed(api, "tiles", each) for each in (AREA, "Copy"))
    for our, their in zip(ours, theirs, strict=True):
        tiles = [
            sorted(without(each, FROM_SERVER)["properties"]["Tiles"], key=lambda x: x["SourceID"])
            for each in (our, their)
        ]
        assert tiles[0] == tiles[1]
        assert without(our, {*FROM_SERVER, "Tiles", "geometry"}) == without(
            their, {*FROM_SERVER, "Tiles", "geometry"}
        )
    api.finish()
    assert api.overview("Copy")["status"] == "DONE"
    assert copied(api, listed(api, "tiles", "Copy"), "Again").json["added"] == 3
    assert graph_of(api, "Again") == graph_of(api, AREA)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_chain_is_copied_in_any_order(seed: int) -> None:
    """Fifty dates of three bursts, of all scenes in one request."""
    api = Api(World(*a_chain(50, BURSTS)).services)
    features = listed(api, "tiles")
    random.Random(seed).shuffle(features)
    answer = copied(api, features)
    assert answer.json["added"] == 50, answer.text
    names = [each["properties"]["source_id"] for each in features]
    assert [each["source_id"] for each in answer.json["scenes"]] == names
    assert graph_of(api, "Copy") == graph_of(api, AOI)
    edges = [api.get(f"/aoi/{each}/dot?reference=true").text.count("->") for each in (AOI, "Copy")]
    assert edges == [50 * 3 + 49 * 3 * 2] * 2


@pytest.mark.parametrize("limit", [1, 2, 4, 10])
def test_pages_are_copied_one_by_one(chained: Api, limit: int) -> None:
    """Each holds whole scenes, and comes after those that it names."""
    chained.with_area("Copy")
    for page in paged(chained, limited("tiles", limit)):
        body = {"type": "FeatureCollection", "features": page}
        answer = chained.post("/aoi/Copy/scenes", json=body)
        assert {each["outcome"] for each in answer.json["scenes"]} == {"added"}
    assert graph_of(chained, "Copy") == graph_of(chained, AOI)


@pytest.mark.parametrize("limit", [1, 2, 4, 10])
def test_pages_by_number_are_copied_together(chained: Api, limit: int) -> None:
    """In one request: the parts of a scene become one."""
    numbers = range(-(-21 // limit))
    url = f"/aoi/{AOI}/tiles?limit={limit}&page="
    pages = [chained.get(f"{url}{number}").json["features"] for number in numbers]
    answer = copied(chained, [each for page in pages for each in page])
    assert {each["outcome"] for each in answer.json["scenes"]} == {"added"}
    assert graph_of(chained, "Copy") == graph_of(chained, AOI)


def test_scenes_are_copied_without_tiles(chained: Api) -> None:
    """As their list shows them."""
    assert copied(chained, listed(chained, "scenes")).json["added"] == 7
    assert chained.overview("Copy")["tiles"]["total"] == 0


@pytest.mark.parametrize("number", [0, 3, 6])
def test_what_failed_is_copied_as_a_new_tile_that_nobody_names(
    world: World, chained: Api, number: int
) -> None:
    """The links are those that are shown: past it; it is tried anew, by itself."""
    world.operate(world.tile(number), Event.FORCE_FAIL)
    world.settle()
    answer = copied(chained, listed(chained, "tiles"))
    assert answer.json["added"] == 7, answer.text
    assert graph_of(chained, "Copy") == graph_of(chained, AOI)
    failed = {each["id"] for each in listed(chained, "tiles/failed?view=tile", "Copy")}
    assert failed == set()
    copies = [each["properties"] for each in listed(chained, "tiles?view=tile", "Copy")]
    [again] = [
        each for each in copies if (each["SceneID"], each["SourceID"]) == (product(number), BURST)
    ]
    named = {each[key] for each in copies for key in ("PreviousID", "ReferenceID")}
    assert (again["Status"], again["ID"] in named) == ("NEW", False)


def a_relinked_graph() -> World:
    """Return scenes 1 and 2 that name each other, since the root that they had failed."""
    [root] = a_chain(1)
    first = [a_new_tile(BURST, reference=ref(0)), a_new_tile(NEIGHBOUR)]
    both = ref(0), ref(1, NEIGHBOUR)
    second = [
        a_new_tile(BURST, previous=both[0], reference=both[0]),
        a_new_tile(NEIGHBOUR, previous=both[1], reference=both[1]),
    ]
    world = World(root, a_new_scene(1, first), a_new_scene(2, second))
    world.operate(world.tile(0), Event.FORCE_FAIL)
    world.settle()
    assert world.tile(1).reference == world.tile(2).link
    assert world.tile(2, NEIGHBOUR).previous == world.tile(1, NEIGHBOUR).link
    return world


@pytest.mark.parametrize("backwards", [True, False])
def test_scenes_that_name_each_other_since_a_root_failed_are_copied(*, backwards: bool) -> None:
    """Their tiles make no circle; the copy runs to its end, and can be copied again."""
    world = a_relinked_graph()
    api = Api(world.services)
    api.publisher = world.publisher
    features = listed(api, "tiles")

    answer = copied(api, features[::-1] if backwards else features)

    assert answer.json["added"] == 3, answer.text
    assert graph_of(api, "Copy") == graph_of(api, AOI)
    api.finish()
    assert api.overview("Copy")["status"] == "DONE"
    assert copied(api, listed(api, "tiles", "Copy"), "Again").json["added"] == 3
    assert graph_of(api, "Again") == graph_of(api, AOI)


# --- root and leaf tiles ---


def test_roots_and_leaves_are_listed_as_messages_show_tiles(world: World, chained: Api) -> None:
    """With their scenes; the first and the last of each chain."""
    for path, number in (("roottiles", 0), ("leaftiles", 6)):
        answer = chained.get(f"/aoi/{AOI}/{path}")
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert {each["source_id"] for each in answer.json} == set(BURSTS)
        for each in answer.json:
            assert each.keys() == {"id", "source_id", "scene", "data"}
            assert each["id"] == world.tile(number, each["source_id"]).id
            assert each["scene"].keys() == {"id", "source_id", "aoi", "data"}
            assert (each["scene"]["id"], each["scene"]["aoi"]) == (world.scene(number).id, AOI)


def test_what_failed_is_neither_root_nor_leaf(world: World, chained: Api) -> None:
    """The next of its chain is."""
    for number in (0, 6):
        world.operate(world.tile(number), Event.FORCE_FAIL)
    world.settle()
    for path, number in (("roottiles", 1), ("leaftiles", 5)):
        [tile] = [
            each for each in chained.get(f"/aoi/{AOI}/{path}").json if each["source_id"] == BURST
        ]
        assert tile["id"] == world.tile(number).id


@pytest.mark.parametrize("path", ["roottiles", "leaftiles"])
def test_an_empty_aoi_has_neither_roots_nor_leaves(api: Api, path: str) -> None:
    """An empty list, not nothing."""
    assert api.with_area().get(f"/aoi/{AREA}/{path}").json == []


def test_root_tiles_are_not_cut_short(api: Api) -> None:
    """There is no page of them."""
    tiles: Json = {f"T{number:04}": {} for number in range(1_203)}
    api.with_area().added(a_request(tiles=tiles))
    for path in ("roottiles", "leaftiles"):
        assert len(api.get(f"/aoi/{AREA}/{path}").json) == 1_203


# --- AOIs ---

NAMES = ["A", "AB", "ABC", "B-1", "B:1", "B_1", "a"]


@pytest.fixture
def areas(api: Api) -> Api:
    """All functions, over several AOIs."""
    for name in reversed(NAMES):
        api.with_area(name)
    return api


def named(api: Api, path: str) -> list[str]:
    """Return the names of the AOIs of a list."""
    answer = api.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
    return [each["ID"] for each in answer.json]


@pytest.mark.parametrize("path", ["/aoi/", "/aoi", "/aoi/*", "/aoi/**", "/aoi/%2A"])
def test_all_aois_are_listed_by_name(areas: Api, path: str) -> None:
    """With what their overviews say."""
    assert named(areas, path) == sorted(NAMES)
    for each in areas.get(path).json:
        overview = areas.overview(each["ID"])
        assert {**each, "name": each["ID"]} == {**overview, "ID": each["ID"]}


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("A*", ["A", "AB", "ABC"]),
        ("A%3F", ["AB"]),
        ("%3F", ["A", "a"]),
        ("*B*", ["AB", "ABC", "B-1", "B:1", "B_1"]),
        ("B%3F1", ["B-1", "B:1", "B_1"]),
        ("B:*", ["B:1"]),
        ("*C", ["ABC"]),
        ("a*", ["a"]),
        ("%3F%3F%3F%3F", []),
        ("[A]*", []),
        ("*[A]", []),
        ("*[!B]*", []),
        ("%5BA*", []),
        (".*", []),
        ("(A|B)*", []),
        ("A+*", []),
        ("*%5Cw", []),
        ("*%0A", []),
        ("*$", []),
        ("%C3%89*", []),
        ("%FF*", []),
        ("%00*", []),
        ("x" * 2_000 + "*", []),
        ("*" * 200 + "A" + "*" * 200 + "x", []),
    ],
)
def test_a_pattern_has_two_special_characters(areas: Api, pattern: str, names: list[str]) -> None:
    """A star is any text, a question mark any character; all others are themselves."""
    assert named(areas, f"/aoi/{pattern}") == names


def test_the_list_of_no_aois_is_empty(api: Api) -> None:
    """Not nothing."""
    assert named(api, "/aoi/") == []


def test_a_name_without_pattern_is_an_overview(areas: Api) -> None:
    """Or not found."""
    assert areas.get("/aoi/AB").json["name"] == "AB"
    problem_of(areas.get("/aoi/ABCD"), 404)
