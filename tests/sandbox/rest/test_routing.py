"""Which route a path has, which methods it takes, and what its headers say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assetmeta.sandbox.rest.answers import NOTHING, Answer, compact, refused
from assetmeta.sandbox.rest.refusals import Problem, throttled
from assetmeta.sandbox.rest.routing import ANY, Route, Router


def route(*pattern: str | None, name: str = "", methods: tuple[str, ...] = ("GET",)) -> Route:
    return Route(pattern, name or "/".join(part or "*" for part in pattern), dict.fromkeys(methods, lambda _: NOTHING))


ROUTER = Router(
    [
        route(),
        route("a"),
        route("a", ANY),
        route("a", "latest"),
        route(ANY, ANY, ANY),
        route("a", ANY, "log"),
        route("a", ANY, ANY),
    ]
)


@pytest.mark.parametrize(
    ("path", "name", "arguments"),
    [
        ("", "", ()),
        ("a", "a", ()),
        ("a/1", "a/*", ("1",)),
        ("a/latest", "a/latest", ()),
        ("a/1/log", "a/*/log", ("1",)),
        ("a/1/b", "a/*/*", ("1", "b")),
        ("b/1/log", "*/*/*", ("b", "1", "log")),
    ],
)
def test_the_more_fixed_parts_the_earlier(path: str, name: str, arguments: tuple[str, ...]) -> None:
    found = ROUTER.match(tuple(path.split("/")) if path else ())
    assert found is not None
    assert (found.route.name, found.arguments, found.suffix) == (name, arguments, "")


@pytest.mark.parametrize("path", ["b", "b/1", "a/1/b/c"])
def test_paths_of_nothing(path: str) -> None:
    assert ROUTER.match(tuple(path.split("/"))) is None


def test_routes_of_one_pattern_are_joined_and_the_first_has_the_last_word() -> None:
    def first(_: object) -> Answer:
        return Answer("first")

    def second(_: object) -> Answer:
        return Answer("second")

    one = Route(("a",), "One", {"GET": first})
    two = Route(("a",), "Two", {"GET": second, "POST": second})
    found = Router([one, two]).match(("a",))
    assert found is not None
    assert (found.route.name, found.route.handler("GET"), found.route.handler("POST")) == ("One", first, second)


def test_a_router_may_refuse_what_stands_at_a_variable_part() -> None:
    class Short(Router[Route]):
        def fits(self, route: Route, texts: Sequence[str]) -> bool:
            return all(len(text) < 3 for text in texts)

    router = Short([route("a", ANY)])
    assert router.match(("a", "12")) is not None
    assert router.match(("a", "123")) is None


def test_methods() -> None:
    whole = route("a", methods=("DELETE", "POST", "GET"))
    assert whole.allow == "GET, POST, DELETE, HEAD, OPTIONS"
    assert route("a", methods=("POST",)).allow == "POST, OPTIONS"
    assert whole.handler("HEAD") is whole.handlers["GET"]
    assert route("a", methods=("POST",)).handler("HEAD") is None
    assert whole.handler("PUT") is None


def test_answers() -> None:
    assert (NOTHING.status, NOTHING.data, NOTHING.content) == (204, None, None)
    raw = Answer.raw(b"x", "text/plain", (("A", "b"),))
    assert (raw.status, raw.content, raw.content_type, raw.headers) == (200, b"x", "text/plain", (("A", "b"),))
    told = refused(throttled(1))
    assert (told.status, told.headers) == (429, (("Retry-After", "1"),))
    assert told.data == {"detail": "Request was throttled. Expected available in 1 second."}
    assert refused(Problem(418, {"a": 1})) == Answer({"a": 1}, 418)


def test_json_is_compact_utf_8() -> None:
    assert compact({"ä": [1, "\ud83d"]}) == '{"ä":[1,"'.encode() + b'\\ud83d"]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        compact(float("nan"))
