"""A schema whose words act on terminals: classes work, and nothing that is shown of them acts."""

from __future__ import annotations

import pydoc

import pytest

from assetmeta import UnknownName, inspect
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import Bench, asset_type, attribute
from model.test_printable import ACTING, EVIL, SPELT

WORDS = "owned \u202e\u2066"
"""A text that an attribute takes."""


@pytest.fixture
def bench() -> Bench:
    kind = asset_type(
        EVIL,
        attribute("Name"),
        attribute(EVIL),
        attribute("Kind", EVIL),
        attribute("Up", "Relation", related=EVIL, reciprocal=f"{EVIL}.{EVIL}", multi=True),
        label=EVIL,
    )
    made = Bench(schema=Schema({EVIL: kind}))
    made.backend.assets[Oid(EVIL, 1)] = {"Name": EVIL, EVIL: EVIL, "Kind": "x", "Up": ()}
    return made


def assert_harmless(text: str) -> None:
    assert not any(character in text for character in ACTING if character != "\x08")
    assert "owned" in text


def test_classes_and_what_is_said_of_them(bench: Bench) -> None:
    kind = bench.classes.of(EVIL)
    assert SPELT == kind.__name__
    for shown in (repr(kind), kind.__doc__ or "", repr(kind.Name), kind.Kind.__doc__, kind.where(Name=WORDS).explain()):
        assert_harmless(shown)
    # Bold letters of help are letters over each other.
    assert_harmless(pydoc.plain(pydoc.render_doc(kind)))
    assert EVIL not in dir(kind)


def test_assets_are_read_and_written_under_such_names(bench: Bench) -> None:
    kind = bench.classes.of(EVIL)
    [asset] = kind.all()
    assert asset is kind(1)
    assert EVIL == asset[EVIL] == asset.Name
    for shown in (repr(asset), repr(inspect(asset)), repr(asset.Up), repr(asset.data)):
        assert_harmless(shown)
    asset.Name = WORDS
    assert_harmless(repr(asset))
    assert_harmless(repr(kind.new(Name="x")))
    with pytest.raises(UnknownName) as caught:
        kind.where(Unheard=1)
    assert_harmless(str(caught.value))
