"""What `from assetmeta import ...` offers, and what importing it does not do."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import rich.pretty

import assetmeta
from assetmeta import AttributeChange, Call, Oid
from assetmeta.model.http import Request
from assetmeta.model.printable import OwnRepr


def test_all_names_are_there_sorted_and_nothing_else() -> None:
    tree = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module not in ("typing", "assetmeta.model.optional")
        for alias in node.names
    }
    assert imported == set(assetmeta.__all__)
    assert len(assetmeta.__all__) == len(set(assetmeta.__all__))
    assert imported <= set(dir(assetmeta))


def test_the_package_defines_nothing_itself() -> None:
    tree = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    later = [node for node in tree.body if isinstance(node, ast.If)]
    assert {type(node) for node in tree.body if node not in later} <= {ast.Expr, ast.ImportFrom, ast.Assign}
    assert ["TYPE_CHECKING"] == [ast.unparse(node.test) for node in later]


def test_names_that_are_imported_with_their_first_use_are_those_of_their_modules() -> None:
    """What type checkers see of them is what a program gets."""
    tree = ast.parse(Path(assetmeta.__file__).read_text(encoding="utf-8"))
    checked = {
        alias.name: importlib.import_module(inner.module or "")
        for node in tree.body
        if isinstance(node, ast.If)
        for inner in node.body
        if isinstance(inner, ast.ImportFrom)
        for alias in inner.names
    }
    assert {"Job", "Cassette", "to_arrow"} <= checked.keys()
    assert {name: getattr(module, name) for name, module in checked.items()} == {
        name: getattr(assetmeta, name) for name in checked
    }
    with pytest.raises(AttributeError, match="has no attribute 'Jobs'"):
        _ = assetmeta.Jobs  # type: ignore[attr-defined]


def test_importing_imports_no_library_and_a_session_no_feature_and_no_sandbox() -> None:
    script = (
        "import sys, assetmeta\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('requests', 'lxml', 'cachetools')])\n"
        "from assetmeta import V1Meta\n"
        "print([name for name in sys.modules if name.startswith('assetmeta.features.')])\n"
        "print([name for name in sys.modules if 'sandbox' in name or name == 'uvicorn'])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n" * 3


def test_importing_reads_no_environment_and_opens_no_socket() -> None:
    script = (
        "import requests, lxml.etree, cachetools, socket, os\n"
        "def refuse(*a, **k): raise SystemExit('touched the network')\n"
        "socket.socket.connect = refuse\n"
        "from assetmeta import V1Meta\n"
        "print('quiet')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("quiet\n", 0), done.stderr


STORY = Oid("Story", 1)
VALUES: dict[type, tuple[object, str]] = {
    Oid: (STORY, "Oid(type='Story', key=1, moment=None)"),
    Call: (Call(STORY, "Close"), f"Call(oid={STORY!r}, operation='Close', arguments=())"),
    AttributeChange: (
        AttributeChange("Name", "a", "b"),
        "AttributeChange(name='Name', old='a', new='b', added=(), removed=(), is_multi=False)",
    ),
}


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_values_are_shown_compared_copied_and_never_changed(kind: type) -> None:
    value, shown = VALUES[kind]
    assert repr(value) == shown
    for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (twin, hash(twin)) == (value, hash(value))
    with pytest.raises(AttributeError):
        setattr(value, inspect.getfullargspec(kind).args[1], "x")
    with pytest.raises(TypeError):
        kind()


@pytest.mark.parametrize("name", ["AttributeChange", "Call", "Create", "Delete", "Done", "Failed", "Query", "Update"])
def test_signatures_of_values_name_their_fields(name: str) -> None:
    kind = getattr(assetmeta, name)
    parameters = inspect.signature(kind).parameters
    assert not {"args", "kwargs", "values", "named"} & parameters.keys()
    assert all(each.annotation is not each.empty for each in parameters.values())
    assert len(parameters) > 1 or name == "Delete"


def structs(base: type = msgspec.Struct) -> Iterator[type]:
    """The structs of the package."""
    for kind in base.__subclasses__():
        yield from structs(kind)
        if kind.__module__.startswith("assetmeta."):
            yield kind


def test_values_with_a_repr_of_their_own_show_no_field_in_any_other_way() -> None:
    """rich, whose tracebacks show local variables, would show every field of a struct: of a request, its secrets."""
    own = [kind for kind in structs() if kind.__repr__ is not msgspec.Struct.__repr__]
    assert {"Request", "Response", "Answer", "Query", "Compare"} <= {kind.__name__ for kind in own}
    assert [] == [kind for kind in own if kind.__rich_repr__ is not OwnRepr.__rich_repr__]  # type: ignore[attr-defined]
    request = Request("GET", "a", query=(("token", "s3cret"),), headers=(("Authorization", "s3cret"),))
    assert "s3cret" not in rich.pretty.pretty_repr(request)
