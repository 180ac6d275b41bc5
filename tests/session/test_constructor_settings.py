"""Constructors name their settings: for type checkers by a TypedDict, for help and prompts by their signature."""

from __future__ import annotations

import pydoc
from collections.abc import Callable
from inspect import Parameter, signature, unwrap
from typing import Any

import pytest

from assetmeta import BadValue, TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.session import Session
from assetmeta.settings import SessionSettings
from assetmeta.v1pysdk import V1Meta as SdkMeta
from assetmeta.wire.driver import Driver, WireSettings

CONSTRUCTORS = [V1Meta, ValispaceMeta, ValohaiMeta, TestspaceMeta, SdkMeta]
BY_DIALECT = {"login_check", "server", "pace"}
"""What a session gives its driver by itself."""


def own_keywords(function: Callable[..., Any]) -> dict[str, str]:
    """The keywords that a function takes itself, with their annotations as they are written."""
    function = unwrap(function)
    return {name: function.__annotations__[name] for name in function.__kwdefaults__}


def as_written(settings: type) -> dict[str, str]:
    return {name: reference.__forward_arg__ for name, reference in settings.__annotations__.items()}


def test_the_types_of_the_settings_are_those_of_their_takers() -> None:
    wire = own_keywords(Driver.__init__)
    assert as_written(WireSettings) == {name: kind for name, kind in wire.items() if name not in BY_DIALECT}
    assert as_written(SessionSettings) == as_written(WireSettings) | own_keywords(Session.__init__)


@pytest.mark.parametrize("constructor", [*CONSTRUCTORS, Session])
def test_a_constructor_shows_every_setting_with_its_default(constructor: type) -> None:
    shown = signature(constructor).parameters
    assert Parameter.VAR_KEYWORD not in {each.kind for each in shown.values()}
    for taker in (Driver.__init__, Session.__init__):
        for name in own_keywords(taker).keys() - BY_DIALECT:
            assert shown[name].default is signature(taker).parameters[name].default
            assert shown[name].kind is Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_help_names_the_settings(constructor: type) -> None:
    text = pydoc.plain(pydoc.render_doc(constructor))
    assert [word for word in ("timeout:", "page_size:", "retries:", "schema_cache:") if word not in text] == []


@pytest.mark.parametrize("constructor", CONSTRUCTORS)
def test_a_slip_is_named_with_the_nearest_setting(constructor: type) -> None:
    with pytest.raises(TypeError, match=r"has no setting 'page_sizes'\. Did you mean page_size\?"):
        constructor("https://host.example", page_sizes=5)


@pytest.mark.parametrize("constructor", [V1Meta, ValispaceMeta, ValohaiMeta, TestspaceMeta])
@pytest.mark.parametrize("word", ["url", "instance_url", "base_url", "host", "domain", "server", "organization"])
def test_other_words_for_the_address_name_the_one_that_is_taken(constructor: type, word: str) -> None:
    taken = "instance_url" if constructor is V1Meta else "url"
    if word != taken:
        with pytest.raises(
            TypeError, match=f"no setting '{word}'. The address of the server is {taken}=, or the first"
        ):
            constructor(**{word: "https://host.example"}, token="x")


@pytest.mark.parametrize("constructor", [V1Meta, ValispaceMeta, ValohaiMeta, TestspaceMeta])
@pytest.mark.parametrize(
    ("word", "meant"),
    [("login", "username"), ("pwd", "password"), ("api_key", "token"), ("ssl", "verify"), ("threads", "pool")],
)
def test_other_words_for_settings_name_the_one_that_is_taken(constructor: type, word: str, meant: str) -> None:
    with pytest.raises(TypeError, match=rf"no setting '{word}'\. Did you mean {meant}\?"):
        constructor("https://host.example", **{word: "x"})


@pytest.mark.parametrize("constructor", [V1Meta, ValispaceMeta, ValohaiMeta, TestspaceMeta])
def test_an_address_is_a_text(constructor: type) -> None:
    with pytest.raises(BadValue, match="url= takes the address of a server, a text, not 5"):
        constructor(5)


@pytest.mark.parametrize("constructor", [ValispaceMeta, TestspaceMeta])
def test_a_missing_address_is_named_with_an_example(constructor: type) -> None:
    with pytest.raises(BadValue, match=r"is empty; give one such as https://name\."):
        constructor(token="x")


def test_a_subclass_with_a_constructor_of_its_own_passes_settings_on() -> None:
    class Ours(V1Meta):
        def __init__(self, name: str) -> None:
            super().__init__(f"https://host.example/{name}", token="x", timeout=3, bulk=False)

    class Slip(V1Meta):
        def __init__(self) -> None:
            super().__init__("https://host.example/x", token="x", timeuot=3)  # type: ignore[call-arg]

    assert Ours("Instance")._driver.base_url == "https://host.example/Instance"
    with pytest.raises(TypeError, match="Did you mean timeout"):
        Slip()


@pytest.mark.parametrize(
    "name, value",
    [
        *(("timeout", value) for value in ("5", True, 0, (1,), (1, 2, 3), (1, "2"), float("nan"), float("inf"))),
        *(("deadline", value) for value in ("5", True, 0, -1, float("nan"), float("inf"))),
        *(("retries", value) for value in ("3", -1, 1.5, True, None)),
        *(("patience", value) for value in ("3", -1, None, float("nan"), float("inf"))),
        *((name, value) for name in ("pool", "max_bytes", "page_size") for value in ("3", 0, -1, 1.5, None)),
        *(("keep", value) for value in ("3", -1, 1.5, None)),
        *(("schema_age", value) for value in ("3", None)),
        *((name, 5) for name in ("schema_cache", "verify", "cert", "cassette", "user_agent", "rate")),
        ("cassette", "tape.yaml"),
        ("verify", None),
    ],
)
@pytest.mark.parametrize("constructor", CONSTRUCTORS[:4])
def test_a_value_that_a_setting_does_not_take_is_refused_in_words(constructor: Any, name: str, value: object) -> None:
    named = {"user_agent": "user agent"}.get(name, name)
    with pytest.raises(BadValue, match=named):
        constructor("https://host.example", token="x", **{name: value})
