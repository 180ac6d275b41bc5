"""What the documentation shows runs as it stands: Python, commands and profiles; its links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.main import get_command

import assetmeta
from assetmeta import AssetmetaError, V1Meta, sandbox
from assetmeta.profiles import profile
from assetmeta.sandbox import Server
from assetmeta.tools import cli

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
ALL = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [page for page in ALL if "```python\n" in page.read_text(encoding="utf-8")]
"""The pages with snippets; others are text alone."""

BLOCKING = ("shell", "sandbox", "browse")
"""Commands that end when somebody ends them: their options are looked at."""


def snippets(page: Path, language: str = "python") -> list[tuple[int, str]]:
    """The snippets of a page with their line numbers."""
    text = page.read_text(encoding="utf-8")
    return [
        (text[: match.start()].count("\n") + 2, match[1])
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    ]


class Raising(ast.NodeTransformer):
    """Has a snippet fail when what it shows as an error is none; functions handle errors that may come."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return node

    def visit_Try(self, node: ast.Try) -> ast.Try:
        self.generic_visit(node)
        if not node.orelse:
            node.orelse = ast.parse(f"raise AssertionError('line {node.lineno}: no error was raised')").body
        return node


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name if page.parent == ROOT else f"docs/{page.name}")
def test_the_snippets_of_a_page_run_one_after_the_other(page: Path) -> None:
    namespace: dict[str, object] = {"__name__": "snippets"}
    found = snippets(page)
    assert found
    for line, code in found:
        tree = ast.fix_missing_locations(Raising().visit(ast.parse("\n" * (line - 1) + code, str(page))))
        exec(compile(tree, str(page), "exec", dont_inherit=True), namespace)


def test_the_tests_that_a_page_shows_pass(pytester: pytest.Pytester) -> None:
    """Fixtures are pytest's to give, so that it runs the page as a file of tests."""
    shown = {page: "".join(code for _, code in snippets(page)) for page in PAGES}
    shown = {page: code for page, code in shown.items() if "\ndef test_" in code}
    assert {ROOT / "docs" / "testing.md", ROOT / "docs" / "requests.md"} <= set(shown)
    for page, code in shown.items():
        (pytester.path / f"test_{page.stem}.py").write_text(code, encoding="utf-8")
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist")
    done.assert_outcomes(passed=sum(code.count("def test_") for code in shown.values()))


def commands(page: Path) -> list[list[str]]:
    """The arguments of each `assetmeta` command that a page shows."""
    lines = [line for _, code in snippets(page, "console") for line in code.splitlines()]
    split = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines if line.startswith("$ ")]
    return [words[1:] for words in split if words[0] == "assetmeta"]


@pytest.fixture(scope="module")
def work() -> Iterator[Server]:
    with sandbox.running("versionone", assets=300) as server:
        yield server


@pytest.fixture
def folder(work: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a page's commands are typed: with the files that they name, and a profile "work"."""
    (tmp_path / "profiles.toml").write_text(
        f'[work]\nurl = "versionone+{work.url}"\ntoken_env = "V1_TOKEN"\n', encoding="utf-8"
    )
    environment = {"ASSETMETA_PROFILES": str(tmp_path / "profiles.toml"), "ASSETMETA_PROFILE": "work"}
    for name, value in {**environment, "ASSETMETA_STATE": str(tmp_path), "V1_TOKEN": work.token}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    with V1Meta(**work.credentials) as v1:
        story = v1.Story.where(AssetState="Active").first()
        (tmp_path / "stories.csv").write_text(f"Number,Reference\n{story.Number},{tmp_path.name}\n", encoding="utf-8")
        with v1.planning() as planning:
            v1.Task.new(Name="From a plan", Parent=story)
    planning.plan.save(tmp_path / "plan.json")
    book = openpyxl.Workbook()
    for row in (["Name", "Story points", "Remark"], ["No such story", 3, "left out"]):
        book.active.append(row)
    book.save(tmp_path / "points.xlsx")
    return tmp_path


@pytest.mark.parametrize("page", [page for page in ALL if commands(page)], ids=lambda page: page.stem)
@pytest.mark.usefixtures("folder")
def test_the_commands_of_a_page_run(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in commands(page):
        monkeypatch.setattr(sys, "argv", ["assetmeta", *arguments])
        blocks = arguments[0] in BLOCKING
        if blocks:
            monkeypatch.setattr(sys, "argv", ["assetmeta", arguments[0], "--help"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert ended.value.code in (0, None), (arguments, out, err)
        assert not blocks or {word for word in arguments if word.startswith("--")} <= set(re.findall(r"--\w+", out))


@pytest.mark.parametrize("page", [page for page in ALL if snippets(page, "toml")], ids=lambda page: page.stem)
def test_the_profiles_of_a_page_can_be_read(page: Path, tmp_path: Path) -> None:
    for _, text in snippets(page, "toml"):
        file = tmp_path / "profiles.toml"
        file.write_text(text, encoding="utf-8")
        environment = dict.fromkeys(re.findall(r'_env = "(\w+)"', text), "secret")
        for name in tomllib.loads(text):
            assert profile(name, file, environment)["token"] == "secret"


def anchors(page: Path) -> set[str]:
    """What headings are called in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name if page.parent == ROOT else f"docs/{page.name}")
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL))
    for link in links:
        if not link.startswith("http"):
            place, _, anchor = link.partition("#")
            target = (page.parent / place).resolve() if place else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    others = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in others if f"]({name})" not in index} == set()
    assert "(docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_example_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert {file.name for file in (ROOT / "examples").glob("*.py") if f"`{file.name}`" not in index} == set()


def test_the_page_of_errors_has_the_whole_tree_in_its_order() -> None:
    rows = re.findall(r"^\| (?:\*\*)?`(\w+)`(?:\*\*)? \| ", (ROOT / "docs" / "errors.md").read_text("utf-8"), re.M)
    public = {name: value for name in assetmeta.__all__ if inspect.isclass(value := getattr(assetmeta, name))}
    classes = {name for name, value in public.items() if issubclass(value, AssetmetaError)}
    named = [name for name in rows if name in classes]
    assert sorted(named) == sorted(classes)
    # Below a bold name stand the classes that are a kind of it.
    tree = re.findall(r"── (\w+) ", sys.modules[AssetmetaError.__module__].__doc__ or "")
    assert named[1:] == tree


def test_the_page_of_the_command_has_every_command_and_option() -> None:
    text = (ROOT / "docs" / "command.md").read_text(encoding="utf-8")
    assert {name for name in cli.COMMANDS if not re.search(rf"`(assetmeta )?{name}[ `]", text)} == set()
    group: Any = get_command(cli._application(cli.COMMANDS))
    assert group.commands.keys() == cli.COMMANDS.keys()
    for name, command in group.commands.items():
        options = {word for part in command.params for word in part.opts if word.startswith("--")}
        assert {word for word in options - {"--help"} if word not in text} == set(), name
