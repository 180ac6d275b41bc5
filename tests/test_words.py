"""The words of the project: names and texts are in the plain English of the field."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent / "assetmeta"
MODULES = [path for path in sorted(ROOT.rglob("*.py")) if "sandbox" not in path.relative_to(ROOT).parts]

CLEAN = (
    "model",
    "wire",
    "core",
    "features",
    "tools",
    "v1pysdk",
    "backends/rest",
    "backends/local",
    "backends/valispace",
    "backends/valohai",
    "backends/testspace",
    "backends/versionone",
    *(f"backends/{path.name}" for path in sorted((ROOT / "backends").glob("*.py"))),
    "session.py",
    "systems.py",
    "settings.py",
    "work.py",
    "profiles.py",
    "trace.py",
)
"""The layers whose docstrings and messages are checked."""

WORDS = re.compile(
    r"\b(tells?|told|says?|said|speaks?|spoken|side by side|lacks?|lacking|goes out|went out|landed|did not land"
    r"|carried out|came to nothing|left alone|no way to|halves of characters|half a character|nobody|somebody|anew"
    r"|asks? for|asked for|stood|stands for|hangs)\b",
    re.IGNORECASE,
)
"""Quaint or unclear words: write returns, contains, is sent, is missing, was saved, requests, concurrently ..."""

REST = ("backends/rest", "backends/local", "backends/valispace", "backends/valohai", "backends/testspace")
"""The engine of REST servers and its dialects, in which these words are not used either."""

REST_WORDS = re.compile(
    r"\b(asks?|asked|asking|telling|saying|stands?|standing|lies|lands?|goes (?:on|along|through|out)"
    r"|go (?:on|along|through|out)|gone through|looked at|looks? at|comes? along|broke off|breaks off|met|held)\b",
    re.IGNORECASE,
)

NAMES = re.compile(
    r"^(Workspace|Tracked|Cell|KnownCell|Layout|Aftermath|Watch|Repeat|Loads|Tracks|Writes|Runs|Keeps|Stream|Members"
    r"|NoMembers|Unset|Can|Explains|Delta|Moment|Courier|Line|Gate|Bound|Custom|Patience|Trial|Shelf|Tape|Scrub|Budget"
    r"|Upload|Rewind|Renewable|Complaint|Known|Unaided|Teller|Verdict|Changer|Learned|Kind|Reading|Narrowed"
    r"|Variant|Around|Held|Told|Survey|Described|Spelling|Wanted|Footprint|Progress|Chunk|Misuse|Busy|Unreadable|Moved|NotOne"
    r"|LoginRefused|OverBudget|Refused|Record)$"
)
"""Names of classes that were given up for those of the field."""

FUNCTIONS = re.compile(
    r"^_?(forsake|doomed|absorb|obtain_asset|seen_from|own_oid|needed_oid|admits|asked_paths|settled|carried_out"
    r"|one_by_one|answered_write|left_alone|whole_list|whereabouts|singly|spell|spelled|told|read_told"
    r"|unfound|doubtful|side_by_side|lacking|telling|asking|judging|meant|whole_or_none|spell_plain)$"
)
"""Names of functions that were given up, participles most of them."""

TESTS = Path(__file__).parent
TEST_NAMES = re.compile(r"def (test_(?:\w*_)?(?:told|anew|asked_for|carried_out|side_by_side)(?:_\w*)?)\(")
"""Names of tests with words that are not used: reported, again, requested, performed, concurrently."""

PARTICIPLE = re.compile(r"(?:^|_)\w+(?:ing|ed)$")
NOUNS = {"ordering", "loading", "paging", "sorting"}
"""Files are named by nouns of the field; these only look like participles."""


class Words(NamedTuple):
    """The words of a file: texts with their lines, and the names of classes and functions. Its tree is not kept."""

    texts: list[tuple[int, str]]
    classes: list[str]
    functions: list[str]


@cache
def words(path: Path) -> Words:
    """Read a file once for all tests."""
    found = Words([], [], [])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            found.classes.append(node.name)
        elif isinstance(node, ast.FunctionDef):
            found.functions.append(node.name)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.isidentifier():
            found.texts.extend((node.lineno + number, line) for number, line in enumerate(node.value.split("\n")))
    return found


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_clean(path: Path) -> bool:
    return any(place(path).startswith(f"{layer}/" if "." not in layer else layer) for layer in CLEAN)


@pytest.mark.parametrize("layer", CLEAN)
def test_docstrings_and_messages_have_no_quaint_word(layer: str) -> None:
    found = [
        f"{place(path)}:{number}: {line.strip()}"
        for path in MODULES
        if place(path).startswith(f"{layer}/" if "." not in layer else layer)
        for number, line in words(path).texts
        if WORDS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("layer", REST)
def test_dialects_and_their_engine_have_none_of_the_quaint_verbs(layer: str) -> None:
    found = [
        f"{place(path)}:{number}: {line.strip()}"
        for path in MODULES
        if place(path).startswith(f"{layer}/")
        for number, line in words(path).texts
        if REST_WORDS.search(line)
    ]
    assert found == []


def test_no_class_has_a_name_that_was_given_up() -> None:
    found = [f"{place(path)}: {name}" for path in MODULES for name in words(path).classes if NAMES.match(name)]
    assert found == []


def test_no_function_has_a_name_that_was_given_up() -> None:
    clean = filter(is_clean, MODULES)
    found = [f"{place(path)}: {name}" for path in clean for name in words(path).functions if FUNCTIONS.match(name)]
    assert found == []


def test_no_test_has_a_quaint_name() -> None:
    found = [
        f"{path.relative_to(TESTS).as_posix()}: {name}"
        for path in sorted(TESTS.rglob("test_*.py"))
        for name in TEST_NAMES.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_files_are_named_by_nouns() -> None:
    assert [] == [place(path) for path in MODULES if PARTICIPLE.search(path.stem) and path.stem not in NOUNS]


def test_the_patterns_find_what_they_are_for() -> None:
    assert WORDS.search("what the server told of it")
    assert WORDS.search("Nobody is asked for a passphrase")
    assert not WORDS.search("a landing page, a teller")
    assert NAMES.match("Courier")
    assert not NAMES.match("SelectNode")
    assert FUNCTIONS.match("_told")
    assert TEST_NAMES.search(f"def test_what_is_wrong_is_{'told'}_at_once(")
    assert not TEST_NAMES.search("def test_a_teller_is_reported(")
    assert REST_WORDS.search("where the list goes on")
    assert not REST_WORDS.search("a standard method")
    assert PARTICIPLE.search("changing")
