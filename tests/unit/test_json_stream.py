"""Large JSON is read an item at a time, by the rules of a whole request."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileweave import json_stream
from tileweave.domain.errors import Invalid
from tileweave.json_stream import JsonStream
from tileweave.web.answers import parsed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read so little at once that everything is cut somewhere."""
    monkeypatch.setattr(json_stream, "PIECE", 7)


def read(text: str) -> list[Any]:
    return list(JsonStream(io.StringIO(text)).items())


@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 1]), st.booleans())
def test_the_items_of_a_list_are_those_that_json_reads(
    items: list[Any],
    indent: int | None,
    ascii_only: bool,  # noqa: FBT001 - drawn
) -> None:
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only)

    assert read(text) == parsed(text.encode())


@given(st.lists(VALUES, max_size=6), st.dictionaries(st.text("xyz", min_size=1), VALUES))
def test_the_features_of_a_collection_are_its_items_and_the_rest_is_beside_them(
    items: list[Any], more: dict[str, Any]
) -> None:
    for body in ({**more, "features": items}, {"features": items, **more}):
        stream = JsonStream(io.StringIO(json.dumps(body)))

        assert list(stream.items()) == items
        assert stream.members == {**more, "features": []}


@pytest.mark.parametrize(
    "text",
    ["", "  ", "1", '"a"', "null", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1] x", "{",
     '{"a"', '{"a":', '{"a":1', '{"a":1,}', "{a:1}", "{1:2}", '{"features":[1}', "[yes]", "[NaN]",
     "[1e999]",
     '["a]', '["\\u12"]', '[{"a":1,"a":2}]', '{"a":1,"a":2}', '{"features":[],"features":[]}',
     "[" + "1" * 5_000 + "]", "[" * 100_000],
)  # fmt: skip
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        read(text)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Invalid, match="half a surrogate pair"):
        read('[{"a": "\\ud800"}]')


def test_an_item_that_is_too_large_is_refused_without_reading_all() -> None:
    source = io.StringIO('["' + "a" * 10_000)

    with pytest.raises(ValueError, match="more than 100 characters"):
        list(JsonStream(source, most=100).items())
    assert source.tell() < 1_000


def test_an_error_far_from_the_end_is_told_without_reading_all() -> None:
    source = io.StringIO("[1, 2, oops, " + "3, " * 10_000)

    with pytest.raises(ValueError, match="Expecting value"):
        list(JsonStream(source).items())
    assert source.tell() < 1_000
