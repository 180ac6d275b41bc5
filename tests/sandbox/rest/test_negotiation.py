"""Which format an answer takes."""

from __future__ import annotations

import pytest

from assetmeta.sandbox.rest.negotiation import JSON, PAGE, negotiate
from assetmeta.sandbox.rest.refusals import Refusal

HTML = "text/html"


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "APPLICATION/JSON",
        "application/*",
        "text/html, application/json",
        "text/html;q=0.9, application/json;q=0.1",
        "text/*, application/json",
        "*/*, application/*",
        "text/html, application/json; indent=4",
        "image/png, */*",
    ],
)
def test_json(accept: str | None) -> None:
    assert negotiate(accept, None) is JSON


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "text/*",
        "text/html, */*",
        "text/html, application/*",
        "text/html;q=0.1, */*;q=0.9",
        "text/html; level=1, application/json",
        "text/html; level=1, application/json; q=1",
    ],
)
def test_the_page_for_browsers(accept: str) -> None:
    assert negotiate(accept, None) is PAGE


@pytest.mark.parametrize(("wanted", "found"), [("json", JSON), ("api", PAGE), ("", JSON)])
def test_a_format_by_name(wanted: str, found: object) -> None:
    assert negotiate("*/*", wanted) is found


@pytest.mark.parametrize(
    ("accept", "wanted", "status"),
    [("image/png", None, 406), ("text/html", "json", 406), ("application/json", "api", 406), ("*/*", "csv", 404)],
)
def test_refusals(accept: str, wanted: str | None, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        negotiate(accept, wanted)
    assert refused.value.status == status


def test_an_api_may_have_fewer_formats() -> None:
    with pytest.raises(Refusal):
        negotiate("text/html", None, (JSON,))
    assert negotiate("text/html, */*", None, (JSON,)) is JSON
