"""What the command writes: letters that the output does not have, closed outputs, cells of tables."""

from __future__ import annotations

import io
import sys
from decimal import Decimal

import pytest

from assetmeta.tools.cli.explore import _cell, _text
from assetmeta.tools.cli.streams import prepare_streams


@pytest.mark.parametrize(
    ("errors", "written"), [("strict", b"5 \\u20ac"), ("replace", b"5 ?"), ("backslashreplace", b"5 \\u20ac")]
)
def test_letters_that_the_encoding_does_not_have(monkeypatch: pytest.MonkeyPatch, errors: str, written: bytes) -> None:
    raw = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(each, encoding="ascii", errors=errors, write_through=True) for each in raw]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    prepare_streams()
    for stream in (sys.stdout, sys.stderr):
        stream.write("5 €")
    assert [written, written] == [each.getvalue() for each in raw]


def test_closed_outputs_take_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_streams()
    for stream in (sys.stdout, sys.stderr):
        with stream:
            assert 3 == stream.write("5 €")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("a", "a"),
        (0, "0"),
        (Decimal("2.50"), "2.50"),
        (("a", 5, None), "a; 5; "),
        ([], ""),
        ({"a": 1}, "{'a': 1}"),
        (b"ab", "b'ab'"),
    ],
)
def test_a_value_in_a_table(value: object, text: str) -> None:
    assert text == _text(value)


@pytest.mark.parametrize("value", [5, 2.5, Decimal(-1), -3])
def test_numbers_stay_numbers_in_csv(value: object) -> None:
    assert value is _cell(value)


@pytest.mark.parametrize(("value", "text"), [("=1+1", "'=1+1"), ("-x", "'-x"), ("a=1", "a=1"), (["=a"], "'=a")])
def test_texts_that_a_spreadsheet_takes_for_formulas(value: object, text: str) -> None:
    assert text == _cell(value)
