"""docs/architecture.md names files that exist, and answers each question with few of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DIALECTS = ("versionone", "valispace", "valohai", "testspace", "rest")
FILES = sorted(set(re.findall(r"`([\w./<>]+\.py)`", PAGE)))


def exists(name: str) -> bool:
    """Whether a file of the package, of one dialect at least, or of the project has this name."""
    places = [name.replace("<dialect>", dialect) for dialect in DIALECTS]
    return any((ROOT / "assetmeta" / place).is_file() for place in places) or (ROOT / name).is_file()


def test_every_file_that_the_page_names_exists() -> None:
    assert len(FILES) > 30
    assert [] == [name for name in FILES if not exists(name)]


def test_every_package_of_the_picture_exists() -> None:
    picture = PAGE.split("```text\n", 1)[1].split("```", 1)[0]
    packages = re.findall(r"\b([a-z]\w*)/", picture)
    assert {"model", "wire", "backends", "core", "features", "tools", "v1pysdk", "sandbox"} == set(packages)
    assert [] == [name for name in packages if not (ROOT / "assetmeta" / name / "__init__.py").is_file()]


@pytest.mark.parametrize("row", re.findall(r"^\| [A-Z][^|]*\? \|[^|]*\|$", PAGE, re.MULTILINE))
def test_a_question_is_answered_by_three_files_at_most(row: str) -> None:
    assert 1 <= len(re.findall(r"`[\w./<>]+\.py`", row)) <= 3


def test_there_are_five_questions_and_the_dialects_link_the_page() -> None:
    assert len(re.findall(r"^\| [A-Z][^|]*\? \|", PAGE, re.MULTILINE)) == 5
    assert "docs/architecture.md" in (ROOT / "assetmeta/backends/__init__.py").read_text(encoding="utf-8")
    assert "docs/architecture.md" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
