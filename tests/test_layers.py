"""Imports go down the layers only. import-linter's contracts in setup.cfg say what may import what; here stands what
they cannot say: what is imported inside functions or by name, and the order of files within a layer.
"""

from __future__ import annotations

import ast
import logging.config
import re
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from assetmeta.model import errors
from assetmeta.model.errors import AssetmetaError

PROJECT = Path(__file__).parent.parent
ROOT = PROJECT / "assetmeta"
SETUP = ConfigParser()
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")


def modules() -> dict[str, Path]:
    """All modules of the package by dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def nodes(module: str) -> list[ast.AST]:
    """The imports, calls and names in the text of *module*."""
    kinds = ast.Import, ast.ImportFrom, ast.Call, ast.Name
    return [node for node in ast.walk(tree(module)) if isinstance(node, kinds)]


@cache
def imports(module: str) -> set[str]:
    """The modules of the package, and the outside packages, that *module* imports anywhere in its text."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                start = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*start, base] if base else start)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if whole in MODULES else base)
    return found | {name for name in loaded(module) if name in MODULES}


@cache
def loaded(module: str) -> set[str]:
    """The modules that *module* imports when they are first needed: `optional.load("name")`, `optional.later("name")`,
    `lazy_names(__name__, {...})`.
    """
    calls = [node for node in nodes(module) if isinstance(node, ast.Call)]
    named = [node.args[0] for node in calls if is_called(node, "load") or is_called(node, "later")]
    named += [value for node in calls if is_name(node.func, "lazy_names") for value in keys_of(node.args[1])]
    return {node.value for node in named if isinstance(node, ast.Constant)}


def keys_of(node: ast.expr) -> list[ast.expr | None]:
    """The keys of a dictionary that is written out."""
    assert isinstance(node, ast.Dict)
    return list(node.keys)


def is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def is_called(node: ast.Call, name: str) -> bool:
    """Whether a call is one of `optional.name(...)`."""
    return isinstance(node.func, ast.Attribute) and node.func.attr == name and is_name(node.func.value, "optional")


def test_the_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Those in setup.cfg: `lint-imports` shows them one by one."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(sys, "path", [*sys.path])
    # It would disable the loggers of all other libraries for the tests that follow.
    monkeypatch.setattr(logging.config, "dictConfig", lambda settings: None)
    status = lint_imports(no_cache=True)
    shown = capsys.readouterr().out
    assert status == EXIT_STATUS_SUCCESS, shown
    contracts = [name for name in SETUP.sections() if name.startswith("importlinter:contract:")]
    assert f"{len(contracts)} kept, 0 broken" in shown
    assert len(contracts) >= 10


def layers() -> list[str]:
    """The layers from the top down, several in one line."""
    return SETUP["importlinter:contract:layers"]["layers"].split("\n")


def height(module: str) -> int:
    """How many layers are below that of a module of the package, whose own file is above all."""
    if module == "assetmeta":
        return len(layers())
    name = ".".join(module.split(".")[:2])
    [place] = [place for place, line in enumerate(reversed(layers())) if name in line.split(" | ")]
    return place


def test_what_is_loaded_by_its_name_is_of_a_lower_layer() -> None:
    upward = [
        f"{module} loads {name}"
        for module in MODULES
        for name in loaded(module)
        if name in MODULES and height(name) >= height(module)
    ]
    assert [] == upward
    assert height("assetmeta.model.http") < height("assetmeta.backends.rest") == height("assetmeta.wire.driver")


IMPORTERS = {"assetmeta.model.optional", "assetmeta.sandbox.extra"}
"""What may import by a name: the sandbox imports nothing of the client."""


def later_imports(
    module: str, node: ast.AST, around: tuple[ast.AST, ...] = ()
) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports below *node* inside functions and conditions, but for those of types that may be there."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        allowed = is_optional(node) or (isinstance(node, ast.ImportFrom) and node.module in loaded(module))
        if any(not (is_for_types(outer) and allowed) for outer in around):
            yield node
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
        around = (*around, node)
    if not isinstance(node, ast.expr):
        for inner in ast.iter_child_nodes(node):
            yield from later_imports(module, inner, around)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def test_only_the_helper_imports_later_than_at_the_top() -> None:
    """Types of optional packages, and of what the same module loads with its first use, may be imported under
    TYPE_CHECKING: they cost nothing and need no package.
    """
    hidden = [f"{module}, line {found.lineno}" for module in MODULES for found in later_imports(module, tree(module))]
    by_name = [
        module
        for module in MODULES.keys() - IMPORTERS
        if imports(module) & {"importlib", "pkgutil", "runpy", "imp"}
        or any(isinstance(node, ast.Name) and node.id in ("__import__", "exec") for node in nodes(module))
    ]
    assert (hidden, by_name) == ([], [])


def required() -> set[str]:
    """The packages that every installation has."""
    return {line.partition(">=")[0] for line in SETUP["options"]["install_requires"].split()}


def is_optional(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is of a package that users may do without."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    needed = {"assetmeta", "", *sys.stdlib_module_names, *required()}
    return all(name.partition(".")[0] not in needed for name in names)


@pytest.mark.parametrize("name", ["core", "wire"])
def test_a_file_imports_only_files_named_before_it(name: str) -> None:
    """The package's docstring lists its files in order; the list and the imports have to agree."""
    docstring = ast.get_docstring(ast.parse((ROOT / name / "__init__.py").read_text(encoding="utf-8"))) or ""
    files = {path.stem for path in (ROOT / name).glob("*.py")} - {"__init__"}
    words = [word.strip(",.`") for word in docstring.split("named before", 1)[1].replace("\n", " ").split()]
    order = list(dict.fromkeys(word for word in words if word in files))
    assert files == set(order)
    for position, stem in enumerate(order):
        used = {
            other.rpartition(".")[2]
            for other in imports(f"assetmeta.{name}.{stem}")
            if other.startswith(f"assetmeta.{name}.")
        }
        assert used <= set(order[:position]), f"{stem} imports {sorted(used - set(order[:position]))}"


SMALL = {
    "assetmeta.__main__": "`python -m assetmeta`",
    "assetmeta.version": "the build reads it without importing anything",
    "assetmeta.backends.asset_state": "the package exports it, and imports no dialect for that",
    "assetmeta.backends.rest.files": "the role of the same name in the dialects, as far as they share it",
    "assetmeta.backends.testspace.files": "every dialect has a file for its files",
    "assetmeta.backends.valispace.codecs": "every dialect has a file for its codecs",
    "assetmeta.tools.cli.streams": "the command prepares its output before it imports anything",
    "assetmeta.tools.common": "what the tools of several servers share",
    "assetmeta.v1pysdk.none_deref": "a module of that name in v1pysdk",
    "assetmeta.v1pysdk.string_utils": "a module of that name in v1pysdk",
}
"""Files of the client under 40 lines, and why each stands alone. Besides them there are the docstrings of packages."""


def test_files_of_the_client_hold_one_idea_each() -> None:
    lines = {
        name: len(path.read_text(encoding="utf-8").splitlines())
        for name, path in MODULES.items()
        if not name.startswith("assetmeta.sandbox") and path.stem != "__init__"
    }
    assert {name for name, number in lines.items() if number < 40} <= SMALL.keys() <= lines.keys()
    assert [] == [name for name, number in lines.items() if number > 450]


def test_the_docstring_of_the_tools_names_every_file() -> None:
    described = ast.get_docstring(tree("assetmeta.tools")) or ""
    named = set(re.findall(r"^ *(\w+(?:, \w+)*)  ", described, re.MULTILINE))
    files = {name.rpartition(".")[2] for name in MODULES if name.startswith("assetmeta.tools.")}
    assert files == {word for line in named for word in line.split(", ")}


def test_an_error_that_begins_with_an_asset_carries_it() -> None:
    """What a program finds in `error.oid` is what people read."""
    known = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, AssetmetaError)}
    silent, carrying = [], 0
    for module in MODULES:
        for node in nodes(module) if not module.startswith(("assetmeta.sandbox", "assetmeta.v1pysdk")) else ():
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known and node.args
            ):
                continue
            text = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else None
            begins = text.value if isinstance(text, ast.FormattedValue) else None
            if isinstance(begins, ast.Attribute) and begins.attr in ("token", "idref"):
                carrying += 1
                if "oid" not in {keyword.arg for keyword in node.keywords}:
                    silent.append(f"{module}:{node.lineno}")
    assert (silent, True) == ([], carrying > 20)
