"""Which files become a package of code: those that valohai-cli chooses, and how much is too much."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from valohai_cli import packager

from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.tools.valohai import code, pack
from assetmeta.tools.valohai.working_copy import code_files

FILES = {
    "valohai.yaml": "- step: {}",
    "train.py": "print()",
    "lib/model.py": "x",
    "lib/data.csv": "1,2",
    "data/big.bin": "bytes",
    "notes.txt": "mine",
    ".env": "SECRET=1",
    "lib/.cache/x": "y",
}


def fill(folder: Path, files: dict[str, str] = FILES) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def git(folder: Path, *words: str) -> None:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    calm = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "protocol.file.allow=always", *words]
    subprocess.run(command, cwd=folder, env={**os.environ, **identity, **calm}, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "code")


@pytest.fixture
def repository(folder: Path) -> Path:
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text("*.csv\ndata/\n")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(code_files(folder))


def chosen_by_the_client(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    found = packager.get_files_for_package(str(folder))
    capsys.readouterr()
    return sorted(name for name in found if (folder / name).is_file())


def test_a_folder_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = ["data/big.bin", "lib/data.csv", "lib/model.py", "notes.txt", "train.py", "valohai.yaml"]
    assert expected == names(folder) == chosen_by_the_client(folder, capsys)


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ("", ["data/big.bin", "lib/data.csv", "lib/model.py", "notes.txt", "train.py", "valohai.yaml"]),
        ("# nothing\n\n", ["data/big.bin", "lib/data.csv", "lib/model.py", "notes.txt", "train.py", "valohai.yaml"]),
        ("*.csv\n", ["data/big.bin", "lib/model.py", "notes.txt", "train.py", "valohai.yaml"]),
        ("/lib\n!valohai.yaml\n", ["data/big.bin", "notes.txt", "train.py", "valohai.yaml"]),
        ("data/\n*.txt\n", ["lib/data.csv", "lib/model.py", "train.py", "valohai.yaml"]),
        ("*\n!train.py\n", ["train.py"]),
    ],
)
@pytest.mark.parametrize("file", [".vhignore", ".gitignore"])
def test_patterns(folder: Path, capsys: pytest.CaptureFixture[str], file: str, patterns: str, left: list[str]) -> None:
    (folder / file).write_text(patterns)
    assert left == names(folder) == chosen_by_the_client(folder, capsys)


class TestGit:
    """In a working copy Git says what is ignored."""

    def test_what_is_ignored_is_no_code_and_what_is_untracked_is(
        self, repository: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        expected = ["lib/model.py", "notes.txt", "train.py", "valohai.yaml"]
        assert expected == names(repository)
        assert {*expected, "lib/.cache/x"} == set(chosen_by_the_client(repository, capsys)), "which takes hidden ones"

    def test_what_is_tracked_is_code_also_where_it_is_ignored_or_hidden(
        self, repository: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        git(repository, "add", "-f", "lib", ".env")
        expected = ["lib/.cache/x", "lib/data.csv", "lib/model.py", "notes.txt", "train.py", "valohai.yaml"]
        assert expected == names(repository) == chosen_by_the_client(repository, capsys)

    def test_a_vhignore_counts_on_top(self, repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
        git(repository, "add", ".")
        (repository / ".vhignore").write_text("notes.*\nlib/.cache\n")
        assert ["lib/model.py", "train.py", "valohai.yaml"] == names(repository)
        assert names(repository) == chosen_by_the_client(repository, capsys)

    def test_what_was_deleted_is_not_packed(self, repository: Path) -> None:
        git(repository, "add", ".")
        (repository / "train.py").unlink()
        assert "train.py" not in names(repository)

    def test_deeper_ignore_files_count(self, repository: Path) -> None:
        (repository / "lib" / ".gitignore").write_text("model.py\n")
        assert not [name for name in names(repository) if name.startswith("lib/")]

    def test_a_folder_in_a_working_copy(self, repository: Path) -> None:
        assert ["model.py"] == names(repository / "lib")

    def test_a_folder_that_is_ignored_as_a_whole_is_a_folder_alone(self, repository: Path) -> None:
        assert ["big.bin"] == names(repository / "data")

    def test_names_that_are_awkward(self, repository: Path) -> None:
        fill(repository, {"a b/ü\n\"'.py": "x"})
        assert "a b/ü\n\"'.py" in names(repository)

    def test_submodules(self, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        other = fill(tmp_path / "other", {"part.py": "x"})
        git(other, "init", "-q")
        git(other, "add", ".")
        git(other, "commit", "-qm", "x")
        git(repository, "submodule", "add", "-q", str(other), "vendor")
        assert "vendor/part.py" in names(repository)
        assert "vendor/part.py" in chosen_by_the_client(repository, capsys)

    def test_the_repository_of_a_hook_is_not_taken_for_the_folders(
        self, folder: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = fill(tmp_path / "other", {"valohai.yaml": "x"})
        monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
        monkeypatch.setenv("GIT_WORK_TREE", str(repository))
        assert ["valohai.yaml"] == names(other)

    @pytest.mark.parametrize("broken", ["no git", "no repository"])
    def test_without_git_the_patterns_count_all_the_same(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        if broken == "no git":
            (tmp_path / "empty").mkdir()
            monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        else:
            (repository / ".git" / "HEAD").unlink()
        assert ["lib/model.py", "notes.txt", "train.py", "valohai.yaml"] == names(repository)

    def test_nothing_that_a_repository_configures_is_run(self, repository: Path, tmp_path: Path) -> None:
        hook = tmp_path / "hook"
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        hook.chmod(0o755)
        git(repository, "config", "core.fsmonitor", str(hook))
        assert "train.py" in names(repository)
        assert not (tmp_path / "ran").exists()


def test_a_file_without_patterns_needs_no_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pathspec", None)
    (folder / ".vhignore").write_text("# nothing\n\n  \n")
    (folder / ".gitignore").write_text("")
    assert list(code_files(folder))


def test_links_are_no_code(folder: Path) -> None:
    (folder / "link.py").symlink_to(folder / "train.py")
    assert "link.py" not in names(folder)


@pytest.mark.parametrize("file", [".vhignore", ".gitignore"])
def test_patterns_that_cannot_be_read_are_not_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setitem(sys.modules, "pathspec", None)
    assert "train.py" in names(folder)
    (folder / file).write_text("*.csv\n")
    with pytest.raises(Unsupported, match=r'pip install "assetmeta\[valohai\]"'):
        names(folder)


class TestSizes:
    """Data are no code."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thousandth of the limits."""
        for name in ("LARGE_FILE", "LARGE_PACKAGE", "MOST_BYTES", "MOST_PACKED"):
            monkeypatch.setattr(code, name, getattr(code, name) // 1000)

    def sized(self, folder: Path, *sizes: int) -> Path:
        for number, size in enumerate(sizes):
            (folder / f"f{number}").write_bytes(b"\0" * size)
        return folder

    def packed(self, folder: Path, **options: Any) -> list[str]:
        with pack(folder, **options) as source, tarfile.open(fileobj=source) as package:
            return package.getnames()

    def test_a_large_file_is_warned_of(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.packed(self.sized(folder, code.LARGE_FILE - 1))
        with pytest.warns(UserWarning, match=r"f1: .*f0: .*inputs.*\.vhignore") as caught:
            self.packed(self.sized(folder, code.LARGE_FILE, code.LARGE_FILE + 1))
        assert __file__ == caught[0].filename

    def test_a_large_package_is_warned_of(self, folder: Path) -> None:
        parts = code.LARGE_PACKAGE // 4
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.packed(self.sized(folder, parts, parts, parts))
        with pytest.warns(UserWarning, match="large package of code"):
            self.packed(self.sized(folder, parts, parts, parts, parts))

    def test_too_many_bytes_are_refused(self, folder: Path) -> None:
        with pytest.raises(BadValue, match="are too many"):
            self.packed(self.sized(folder, code.MOST_BYTES))

    def test_too_large_a_package_is_refused(self, folder: Path) -> None:
        (folder / "noise").write_bytes(os.urandom(code.MOST_PACKED))
        with pytest.warns(UserWarning), pytest.raises(BadValue, match="The package of"):
            self.packed(folder)

    def test_too_many_files_are_refused(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(code, "MOST_FILES", 6)
        assert 6 == len(self.packed(folder))
        fill(folder, {"one more": ""})
        with pytest.raises(BadValue, match="more than 6 files"):
            self.packed(folder)

    def test_who_insists_may(self, folder: Path) -> None:
        (folder / "valohai.yaml").unlink()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert "f0" in self.packed(self.sized(folder, code.MOST_BYTES), validate=False)

    def test_a_configuration_that_is_ignored_is_missed(self, folder: Path) -> None:
        (folder / ".vhignore").write_text("*.yaml\n")
        with pytest.raises(BadValue, match=r"no valohai\.yaml, or it is ignored"):
            self.packed(folder)
        assert "valohai.yaml" in self.packed(folder, files=["valohai.yaml", ".env"])


def test_the_limits_are_those_of_the_client() -> None:
    assert packager.FILE_COUNT_HARD_THRESHOLD == code.MOST_FILES
    assert packager.FILE_SIZE_WARN_THRESHOLD == code.LARGE_FILE
    assert packager.UNCOMPRESSED_PACKAGE_SIZE_SOFT_THRESHOLD == code.LARGE_PACKAGE
    assert packager.COMPRESSED_PACKAGE_SIZE_HARD_THRESHOLD == code.MOST_PACKED
    assert packager.UNCOMPRESSED_PACKAGE_SIZE_HARD_THRESHOLD == code.MOST_BYTES
