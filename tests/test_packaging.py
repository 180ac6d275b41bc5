"""The package as people install it: version, command, extras, source distribution."""

from __future__ import annotations

import configparser
import email
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import pytest

import assetmeta
from assetmeta.tools.cli import COMMANDS

ROOT = Path(__file__).parent.parent
LEFT_OUT = (".git", ".venv", "__pycache__", "*.egg-info", "build", "dist", ".*_cache", ".hypothesis", ".coverage")
"""What lies in the tree of somebody at work and belongs to no release, as .gitignore has it."""

EXTRA_MODULES = (
    "typer",
    "click",
    "uvicorn",
    "httptools",
    "pint",
    "yaml",
    "pandas",
    "numpy",
    "pathspec",
    "matplotlib",
    "vcr",
    "narwhals",
    "pyarrow",
    "openpyxl",
    "pyrate_limiter",
    "filelock",
    "sqlite_utils",
    "datasette",
)


RUN = """
import contextlib, io, json, sys
sys.modules.update(dict.fromkeys({blocked}))
from assetmeta.tools.cli import main
told = []
for arguments in {runs}:
    sys.argv = ["assetmeta", *arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = 1 if isinstance(end.code, str) else end.code or 0
            err.write(end.code + "\\n" if isinstance(end.code, str) else "")
    told.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(told))
"""


class Told(NamedTuple):
    """How one run of the command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


Runs = dict[tuple[str, ...], Told]


def commands(*runs: Sequence[str], blocked: Sequence[str] = ()) -> Runs:
    """Run `assetmeta` with each of some arguments, in one process where some modules cannot be imported."""
    script = RUN.format(blocked=blocked, runs=[list(run) for run in runs])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = (Told(*one) for one in json.loads(done.stdout))
    return dict(zip(map(tuple, runs), told, strict=True))


@pytest.fixture(scope="module")
def bare() -> Runs:
    """What `assetmeta` writes where no package of an extra can be imported."""
    runs = [("--help",), ("-h",), (), ("--version",), ("-V",), ("sandbx",), *((name, "--help") for name in COMMANDS)]
    return commands(*runs, blocked=EXTRA_MODULES)


@pytest.fixture(scope="module")
def explained() -> Runs:
    """What `assetmeta` writes about each of its commands."""
    return commands(*((name, "--help") for name in COMMANDS))


@pytest.fixture(scope="module")
def extras() -> dict[str, list[str]]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return {name: text.split() for name, text in parser["options.extras_require"].items()}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it lies here, without what is no part of it."""
    copy = tmp_path_factory.mktemp("release") / "tree"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return copy


@pytest.fixture(scope="module")
def archive(tree: Path) -> tarfile.TarFile:
    built = tree.parent / "built"
    script = f"from setuptools import build_meta; build_meta.build_sdist({str(built)!r})"
    done = subprocess.run([sys.executable, "-c", script], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [file] = built.iterdir()
    assert file.name == f"assetmeta-{assetmeta.__version__}.tar.gz"
    return tarfile.open(file)


@pytest.fixture(scope="module")
def metadata(archive: tarfile.TarFile) -> Message:
    file = archive.extractfile(f"assetmeta-{assetmeta.__version__}/PKG-INFO")
    assert file is not None
    return email.message_from_binary_file(file)


class TestCommand:
    @pytest.mark.parametrize("arguments", [("--help",), ("-h",), ()])
    def test_help_needs_no_extra_and_says_which_one_a_command_needs(
        self, bare: Runs, arguments: tuple[str, ...]
    ) -> None:
        done = bare[arguments]
        assert (done.returncode, done.stderr) == (0, "")
        for name, command in COMMANDS.items():
            assert name in done.stdout
            assert f'pip install "assetmeta[{command.extras}]"' in done.stdout

    @pytest.mark.parametrize("flag", ["--version", "-V"])
    def test_the_version_needs_no_extra(self, bare: Runs, flag: str) -> None:
        assert bare[flag,] == (0, f"assetmeta {assetmeta.__version__}\n", "")

    @pytest.mark.parametrize("name", COMMANDS)
    def test_a_command_without_its_extras_says_what_to_install(self, bare: Runs, name: str) -> None:
        done = bare[name, "--help"]
        assert (done.returncode, done.stdout) == (1, "")
        assert f'pip install "assetmeta[{COMMANDS[name].extras}]"' in done.stderr
        assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("name", COMMANDS)
    def test_a_command_explains_itself(self, explained: Runs, name: str) -> None:
        done = explained[name, "--help"]
        assert (done.returncode, done.stderr) == (0, "")
        assert f"assetmeta {name}" in done.stdout

    def test_a_command_is_a_process_of_its_own(self) -> None:
        command = [sys.executable, "-m", "assetmeta", "sandbox", "--help"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "assetmeta sandbox" in done.stdout

    def test_an_unknown_command_is_a_usage_error_with_the_nearest_name(self, bare: Runs) -> None:
        done = bare["sandbx",]
        assert (done.returncode, done.stdout) == (2, "")
        assert "Did you mean sandbox?" in done.stderr

    def test_the_sandbox_as_a_module_says_what_to_install(self) -> None:
        script = (
            "import runpy, sys\n"
            "sys.modules['typer'] = None\n"
            "runpy.run_module('assetmeta.sandbox', run_name='__main__')\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
        assert (done.returncode, done.stderr) == (
            1,
            "the sandbox needs typer: pip install 'assetmeta[cli,sandbox]'\n",
        )


class TestExtras:
    def test_all_is_every_extra_for_users(self, extras: dict[str, list[str]]) -> None:
        users = extras.keys() - {"all", "test", "bench", "lint"}
        assert extras["all"] == [f"assetmeta[{','.join(sorted(users))}]"]

    def test_a_distribution_is_spelt_one_way_and_requested_in_one_version(self, extras: dict[str, list[str]]) -> None:
        needs: dict[str, set[str]] = {}
        for requirement in (each for listed in extras.values() for each in listed):
            name = re.split(r"[\[<>=]", requirement)[0]
            if name != "assetmeta":
                needs.setdefault(name.lower(), set()).add(requirement)
        assert {name: asked for name, asked in needs.items() if len(asked) > 1} == {}

    def test_the_commands_name_extras_that_there_are(self, extras: dict[str, list[str]]) -> None:
        assert {extra for command in COMMANDS.values() for extra in command.extras.split(",")} <= extras.keys()

    def test_errors_name_extras_that_there_are(self, extras: dict[str, list[str]]) -> None:
        named = {
            extra
            for file in (ROOT / "assetmeta").rglob("*.py")
            for given in re.findall(r'extra="([a-z0-9,]+)"', file.read_text(encoding="utf-8"))
            for extra in given.split(",")
        }
        assert "arrow" in named
        assert named <= extras.keys()

    def test_the_readme_names_every_extra_for_users(self, extras: dict[str, list[str]]) -> None:
        rows = [
            line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")
        ]
        named = {name for row in rows for name in re.findall(r"`([a-z]+)`", row.split("|")[1])}
        assert extras.keys() - {"test", "bench", "lint"} <= named


class TestSourceDistribution:
    def test_it_holds_every_file_of_the_project(self, tree: Path, archive: tarfile.TarFile) -> None:
        """Tests, their helpers, cassettes, documentation and examples too: its own suite runs from it."""
        packed = {name.partition("/")[2] for name in archive.getnames()}
        there = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
        own = {name for name in there if not name.startswith("assetmeta.egg-info/")} - {".gitignore"}
        assert own - packed == set()

    def test_it_names_version_author_and_licence(self, metadata: Message) -> None:
        assert metadata["Version"] == assetmeta.__version__
        assert metadata["Author"] == "assetmeta developers"
        assert metadata["License-Expression"] == "MIT"
        assert metadata["License-File"] == "LICENSE"

    def test_a_bare_install_needs_few_libraries(self, metadata: Message) -> None:
        bare = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
        names = {re.split(r"[<>=]", need)[0] for need in bare}
        assert names == {"cachetools", "inscriptis", "lxml", "msgspec", "platformdirs", "requests", "urllib3"}
