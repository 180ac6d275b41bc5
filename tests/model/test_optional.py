"""What is imported when it is first needed, and what is reported when it is missing."""

from __future__ import annotations

import sys
import zoneinfo
from pathlib import Path

import pytest

from assetmeta.model import optional
from assetmeta.model.errors import Unsupported


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a module named `passing_module`, which can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "passing_module", raising=False)
    return tmp_path / "passing_module.py"


def test_it_returns_the_module_of_the_full_name() -> None:
    assert zoneinfo is optional.load("zoneinfo")
    assert sys.modules["assetmeta.model.errors"] is optional.load("assetmeta.model.errors", extra="frames")


@pytest.mark.parametrize("name", ["socks", "socks.part"])
def test_a_missing_package_is_reported_with_the_command_that_installs_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(Unsupported, match=r'needs the package socks, which.*pip install "assetmeta\[cli,socks\]"$'):
        optional.load(name, extra="cli,socks")


def test_a_module_of_ours_names_the_package_that_it_misses(package: Path) -> None:
    package.write_text("import missing_package.part\n")
    with pytest.raises(Unsupported, match=r"needs the package missing_package, which cannot be imported \(No module"):
        optional.load("passing_module", extra="frames")


def test_a_broken_package_is_reported_with_its_reason(package: Path) -> None:
    package.write_text("raise ImportError('libodd.so: no such file')\n")
    with pytest.raises(Unsupported, match=r"package passing_module, which .*libodd\.so: no such file"):
        optional.load("passing_module", extra="frames")


def test_other_errors_of_a_package_pass(package: Path) -> None:
    package.write_text("raise RuntimeError('odd platform')\n")
    with pytest.raises(RuntimeError, match="odd platform"):
        optional.load("passing_module", extra="frames")


@pytest.mark.parametrize("extra", [None, "frames"])
def test_a_missing_module_of_this_package_is_a_fault_that_passes(extra: str | None) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"assetmeta\.nowhere"):
        optional.load("assetmeta.nowhere", extra=extra)


def test_without_an_extra_the_import_error_passes() -> None:
    with pytest.raises(ModuleNotFoundError, match="missing_package"):
        optional.load("missing_package")
