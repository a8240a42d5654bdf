"""Which page a request asks for, and the link to the one after it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request

from tests.builders import a_scene
from tileweave.usecases.ports import Place, Window, place_of
from tileweave.web.paging import Page, Shown, links, page_of

PLACE = Place(datetime(2022, 1, 11, 17, 1, 24, 370_001, tzinfo=UTC), 2**53 - 1, 7)


def asked(query: str, path: str = "/aoi/A/scenes") -> Request:
    """Return a request of this query."""
    return Request.from_values(path=path, query_string=query)


def cursor_of(text: str) -> str:
    """Return a text as cursors are written."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("", Page(1_000, None, 0)),
        ("limit=1", Page(1, None, 0)),
        ("limit=10000", Page(10_000, None, 0)),
        ("limit=007&page=003", Page(7, None, 3, numbered=True)),
        ("page=0", Page(1_000, None, 0, numbered=True)),
        ("page=100000", Page(1_000, None, 100_000, numbered=True)),
    ],
)
def test_a_page_is_asked_for(query: str, page: Page) -> None:
    """By a limit and a number, both of which may be missing."""
    assert page_of(asked(query)) == page


@pytest.mark.parametrize(
    "value",
    [
        *("0", "10001", "-1", "+1", "1.0", "1e3", "abc", "", " 1", "1_000", "\u0661", "\u00b2"),
        "9" * 5_000,
        "0" * 12 + "99999",
    ],
)
def test_a_limit_is_a_number_from_1_to_10000(value: str) -> None:
    """The problem says so."""
    with pytest.raises(BadRequest, match=r"limit is .* a number from 1 to 10000"):
        page_of(Request.from_values(query_string={"limit": value}))


@pytest.mark.parametrize("value", ["-1", "100001", "x", "", "000000000000999999"])
def test_a_page_is_a_number_that_a_store_can_skip_to(value: str) -> None:
    """The problem says so."""
    with pytest.raises(BadRequest, match=r"page is .* a number from 0 to 100000"):
        page_of(Request.from_values(query_string={"page": value}))


def test_a_link_leads_to_where_a_page_ended() -> None:
    """To the microsecond, with ids as exact as JSON's integers."""
    [link] = links(asked("limit=5"), PLACE)
    url = urlsplit(link["href"])
    assert page_of(asked(url.query)) == Page(5, PLACE, 0)
    assert (link["rel"], url.path, url.netloc) == ("next", "/aoi/A/scenes", "")


def test_a_link_keeps_what_else_was_asked_for() -> None:
    """Percent-encoded as it must be; the old place is replaced."""
    query = f"view=tile&page=3&cursor={cursor_of('old')}&x=a%26b%3D%C3%A9&x=2&limit=5"
    [link] = links(asked(query, "/aoi/A:b-1/tiles/new"), PLACE)
    assert link["href"].startswith("/aoi/A:b-1/tiles/new?")
    assert link["href"].isascii()
    kept = parse_qs(urlsplit(link["href"]).query)
    assert kept.pop("cursor") != [cursor_of("old")]
    assert kept == {"view": ["tile"], "x": ["a&b=é", "2"], "limit": ["5"]}


def test_there_is_no_link_where_there_is_no_next_page() -> None:
    """The list is at its end."""
    assert links(asked(""), None) == []


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "xx",
        "=",
        "é",
        "a b",
        "\0",
        cursor_of(""),
        cursor_of("null"),
        cursor_of("[]"),
        cursor_of('["2022-01-11T17:01:24Z", 1]'),
        cursor_of('["2022-01-11T17:01:24Z", 1, 2, 3]'),
        cursor_of('["2022-01-11T17:01:24Z", "1", 2]'),
        cursor_of('["2022-01-11T17:01:24Z", 1.0, 2]'),
        cursor_of('["2022-01-11T17:01:24Z", true, 2]'),
        cursor_of('["2022-01-11T17:01:24Z", 0, 2]'),
        cursor_of(f'["2022-01-11T17:01:24Z", 1, {2**53}]'),
        cursor_of('["2022-01-11T17:01:24", 1, 2]'),
        cursor_of('["yesterday", 1, 2]'),
        cursor_of('["0001-01-01T00:00:00+23:00", 1, 2]'),
        cursor_of('["9999-12-31T23:59:59-23:00", 1, 2]'),
        cursor_of("\ud83d".encode("utf-8", "replace").decode()),
        "_" * 10_000,
    ],
)
def test_a_cursor_is_one_of_a_link(cursor: str) -> None:
    """Whatever else is given is a bad request."""
    with pytest.raises(BadRequest, match="cursor"):
        page_of(Request.from_values(query_string={"cursor": cursor}))


def test_a_cursor_and_a_page_exclude_each_other() -> None:
    """The first page is where the cursor says."""
    [link] = links(asked(""), PLACE)
    query = urlsplit(link["href"]).query
    assert page_of(asked(f"{query}&page=0")).after == PLACE
    with pytest.raises(BadRequest, match="exclude each other"):
        page_of(asked(f"{query}&page=1"))


def test_one_more_is_read_than_is_shown() -> None:
    """That tells whether there is a next page."""
    assert Page(5, PLACE, 3).window == Window(PLACE, 15, 6)


@pytest.mark.parametrize(("there", "last"), [(0, None), (1, None), (2, None), (3, 1)])
def test_a_page_is_shown_as_it_is_read(there: int, last: int | None) -> None:
    """Where it ends is known at its end."""
    scenes = [a_scene(number) for number in range(there)]
    page = Shown(Page(2, None, 0), iter(scenes))
    assert list(page) == scenes[:2]
    assert page.last == (None if last is None else place_of(scenes[last]))
