"""What the documentation shows runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "```python\n" in page.read_text(encoding="utf-8")
]
"""The pages with snippets; others are text alone."""


def snippets(page: Path) -> list[tuple[int, str]]:
    """The Python snippets of a page with their line numbers."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: match.start()].count("\n") + 2, match[1])
        for match in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_snippets_of_a_page_run_one_after_the_other(page: Path) -> None:
    namespace: dict[str, object] = {"__name__": "snippets"}
    found = snippets(page)
    assert found
    for line, code in found:
        exec(compile("\n" * (line - 1) + code, str(page), "exec", dont_inherit=True), namespace)


def test_the_tests_that_a_page_shows_pass(tmp_path: Path) -> None:
    """Fixtures are pytest's to give, so that it runs the page as a file of tests."""
    shown = {page: "".join(code for _, code in snippets(page)) for page in PAGES}
    shown = {page: code for page, code in shown.items() if "\ndef test_" in code}
    assert ROOT / "docs" / "testing.md" in shown
    for page, code in shown.items():
        (tmp_path / f"test_{page.stem}.py").write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{sum(code.count('def test_') for code in shown.values())} passed" in run.stdout
