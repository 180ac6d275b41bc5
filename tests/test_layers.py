"""Imports go down the layers only: a cycle, an upward import or a hidden import is a mistake in the structure."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "assetmeta"
ABOVE = ("trace", "session", "systems", "profiles", "connect", "v1pysdk", "tools", "sandbox")
FORBIDDEN = {
    "model": ("wire", "backends", "core", "features", *ABOVE),
    "wire": ("backends", "core", "features", *ABOVE),
    "backends": ("wire", "core", "features", *ABOVE),
    "core": ("wire", "backends", "features", *ABOVE),
    "features": ("wire", "backends", *ABOVE),
    **{name: ABOVE[place + 1 :] for place, name in enumerate(ABOVE)},
    "tools": (),
    "sandbox": ("model", "wire", "backends", "core", "features", *ABOVE[:-1]),
}
WITHOUT_LIBRARIES = {"model"}
THIRD_PARTY = {
    "wire": {"requests", "urllib3"},
    "backends": {"inscriptis", "lxml"},
    "core": {"cachetools"},
    "session": {"requests"},
}


def modules() -> dict[str, Path]:
    """All modules of the package by dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def layer(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> set[str]:
    """The modules of the package, and the outside packages, that *module* imports anywhere in its text."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(tree(module)):
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


def loaded(module: str) -> set[str]:
    """The modules that *module* imports when they are first needed: `optional.load("name")`."""
    return {
        node.args[0].value
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "optional.load"
        and isinstance(node.args[0], ast.Constant)
    }


def test_imports_go_down() -> None:
    upward = {
        f"{module} imports {name}"
        for module in MODULES
        for name in imports(module)
        if name.startswith("assetmeta.") and layer(name) in FORBIDDEN.get(layer(module), ())
    }
    assert set() == upward


def test_there_is_no_import_cycle() -> None:
    graph = {name: imports(name) & MODULES.keys() - {name} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        for other in graph[name]:
            visit(other, (*trail, name))
        done.add(name)

    for name in graph:
        visit(name, ())
    assert done == MODULES.keys()


IMPORTERS = {"assetmeta.model.optional", "assetmeta.sandbox.extra"}
"""What may import by a name: the sandbox imports nothing of the client."""


def test_only_the_helper_imports_later_than_at_the_top() -> None:
    """Types of optional packages may be imported under TYPE_CHECKING: they cost nothing and need no package."""
    hidden = [
        f"{module}, line {inner.lineno}"
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.If)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and is_optional(inner))
    ]
    by_name = [
        module
        for module in MODULES.keys() - IMPORTERS
        if imports(module) & {"importlib", "pkgutil", "runpy", "imp"}
        or any(isinstance(node, ast.Name) and node.id in ("__import__", "exec") for node in ast.walk(tree(module)))
    ]
    assert (hidden, by_name) == ([], [])


def is_optional(node: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is of a package that users may do without."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    needed = {"assetmeta", "msgspec", "", *sys.stdlib_module_names}.union(*THIRD_PARTY.values())
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


def test_the_model_needs_the_standard_library_and_msgspec() -> None:
    outside = {
        name.split(".")[0]
        for module in MODULES
        if layer(module) in WITHOUT_LIBRARIES
        for name in imports(module)
        if not name.startswith("assetmeta")
    }
    assert outside - sys.stdlib_module_names == {"msgspec"}


@pytest.mark.parametrize("name", sorted(THIRD_PARTY))
def test_each_layer_uses_its_own_libraries_only(name: str) -> None:
    libraries = {"requests", "urllib3", "lxml", "cachetools", "starlette", "uvicorn", "yaml", "typer"}
    used = {
        other.split(".")[0]
        for module in MODULES
        if layer(module) == name
        for other in imports(module)
        if other.split(".")[0] in libraries
    }
    assert used <= THIRD_PARTY[name]
