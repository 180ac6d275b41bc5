"""Words of servers are shown, and act on nothing: one function, and everything that is shown goes through it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.error_documents import parse_error as jsonrest
from assetmeta.backends.responses import failure
from assetmeta.backends.testspace.connection import parse_error as of_testspace
from assetmeta.backends.versionone.errors import parse_error as versionone
from assetmeta.core.plan import Plan
from assetmeta.core.report import Report
from assetmeta.model.errors import AssetmetaError, Finding, Rejected
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange, Create, Done, Failed
from assetmeta.model.printable import printable
from assetmeta.model.schema import AssetType, Operation
from assetmeta.model.values import Oid
from assetmeta.wire.ledger import Entry, Ledger

ACTING = [
    *(chr(number) for number in range(32) if chr(number) not in "\t\n"),
    *(chr(number) for number in range(0x7F, 0xA0)),
    *"\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\U000e0041",
    "\ud800",
    "\udfff",
]
EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202egnp.exe\u2066"
SPELT = "\\x1b]0;owned\\x07\\x1b[31m\\x9b2J\\u202egnp.exe\\u2066"


def is_harmless(text: str) -> bool:
    return not any(character in text for character in ACTING)


@pytest.mark.parametrize("character", ACTING)
def test_what_acts_is_spelt_as_python_spells_it(character: str) -> None:
    number = ord(character)
    spelt = f"x{number:02x}" if number < 0x100 else f"u{number:04x}" if number < 0x10000 else f"U{number:08x}"
    assert f"a\\{spelt}b" == printable(f"a{character}b")


@pytest.mark.parametrize(
    "text", ["", "plain\n\ttext", "Grüße, 漢字, עברית, हिन्दी", "👩\u200d🚀 ❤\ufe0f", "می\u200cخواهم", "a\xa0b\xad"]
)
def test_languages_and_emoji_stay(text: str) -> None:
    assert text == printable(text)


def test_every_error_says_its_words_so() -> None:
    error = Rejected(
        f"no: {EVIL}",
        server_message=EVIL,
        causes=(EVIL, EVIL),
        findings=(Finding("a.b", EVIL, "code"),),
        request=f"GET /{EVIL}",
    )
    assert f"no: {SPELT}" == str(error)
    assert (SPELT, (SPELT, SPELT)) == (error.server_message, error.causes)
    assert (Finding("a.b", SPELT, "code"),) == error.findings
    again = pickle.loads(pickle.dumps(error))
    assert (str(error), error.findings, error.request) == (str(again), again.findings, again.request)


@pytest.mark.parametrize(
    ("explain", "kind", "body"),
    [
        (versionone, "text/xml", "<Error><Message>\x9b2J\u202e</Message></Error>"),
        (versionone, "application/json", '{"message": "\\u001b[31m\\u202e"}'),
        (jsonrest, "application/json", '{"name": ["\\u001b[31m\\u202e"], "detail": "\\u009b2J"}'),
        (of_testspace, "application/json", '{"message": "\\u001b[31m\\u202e"}'),
        (jsonrest, "text/html", "<html>\x1b[31m\u202e"),
        (jsonrest, "text/plain", "\x1b[31m\u202e"),
    ],
)
def test_error_documents_of_every_dialect(explain: Callable[..., Any], kind: str, body: str) -> None:
    error = failure(Response(400, {"content-type": kind}, body.encode(), Request("GET", "x")), explain)
    assert is_harmless(str(error))
    assert "\\u202e" in f"{error} {error.findings}"
    assert is_harmless(f"{error.server_message}{error.causes}{[finding.message for finding in error.findings]}")


def test_plans_and_reports() -> None:
    change = Create(Oid("Story", EVIL), (AttributeChange(EVIL, None, (EVIL,)), AttributeChange("Name", None, EVIL)))
    error = AssetmetaError(EVIL)
    for shown in (
        str(Plan((change,), {change.oid: EVIL})),
        str(Report((Failed(change, error), Done(change, change.oid, notes=(EVIL,))))),
    ):
        assert is_harmless(shown)
        assert "\\x1b]0;owned" in shown


def test_schemas_and_ledgers() -> None:
    kind = AssetType(EVIL, {}, {EVIL: Operation(EVIL)})
    ledger = Ledger()
    ledger.add(Entry("GET", f"/{EVIL}", ((EVIL, EVIL),), error=EVIL))
    for shown in (repr(kind), str(ledger), str(next(iter(ledger)))):
        assert is_harmless(shown)
        assert "owned" in shown
