"""Pages at the ends of a list, and the addresses of their neighbours."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.rest.paging import envelope, link, neighbours, number

URL = "http://h/x/"


@pytest.mark.parametrize(
    ("text", "least", "found"),
    [
        ("0", 0, 0),
        ("0", 1, None),
        ("1", 1, 1),
        ("9" * 18, 0, 10**18 - 1),
        ("9" * 19, 0, None),
        (None, 0, None),
        ("", 0, None),
        ("-1", 0, None),
        ("1.0", 0, None),
        ("²", 0, None),
        ("١", 0, None),
    ],
)
def test_numbers(text: str | None, least: int, found: int | None) -> None:
    assert number(text, least) == found


@pytest.mark.parametrize(
    ("count", "limit", "offset", "following", "previous"),
    [
        (0, 2, 0, None, None),
        (2, 2, 0, None, None),
        (3, 2, 0, "limit=2&offset=2", None),
        (4, 2, 2, None, "limit=2"),
        (5, 2, 2, "limit=2&offset=4", "limit=2"),
        (5, 2, 3, None, "limit=2&offset=1"),
        (5, 2, 1, "limit=2&offset=3", "limit=2"),
        (5, 2, 9, None, "limit=2&offset=7"),
    ],
)
def test_neighbours(count: int, limit: int, offset: int, following: str | None, previous: str | None) -> None:
    expected = tuple(query and f"{URL}?{query}" for query in (following, previous))
    assert neighbours(URL, {}, count, limit, offset) == expected


def test_other_parameters_are_kept_in_order_of_their_names() -> None:
    query = {"status": ["a", "b"], "offset": ["7"], "limit": ["9"], "find": [""]}
    following, previous = neighbours(URL, query, 100, 10, 10)
    assert following == f"{URL}?find=&limit=10&offset=20&status=a&status=b"
    assert previous == f"{URL}?find=&limit=10&status=a&status=b"
    assert link(URL, {"page": ["2"]}, {"page": None}) == URL
    assert link(URL, {"a": ["ä &"]}, {}) == f"{URL}?a=%C3%A4+%26"


def test_the_object_of_a_page() -> None:
    assert envelope(None, "n", None, [1]) == {"count": None, "next": "n", "previous": None, "results": [1]}
