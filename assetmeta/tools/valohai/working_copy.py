"""Which files of a folder are code: those of a Git working copy, without what .gitignore and .vhignore name."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from assetmeta.model import optional

_IGNORED = 0
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What Git sets for its hooks, and would take for the repository of any folder."""


def code_files(folder: Path) -> Iterator[str]:
    """Yield the files below *folder* that are code, as paths with slashes. Links are none.

    Git chooses in a working copy that it knows (see upload_code); elsewhere all files are taken whose name, and whose
    folders' names, do not begin with a dot, but for those that a .gitignore in *folder* names. What a .vhignore there
    names is left out in either case. Raises Unsupported where a file with patterns needs the extra `valohai`.
    """
    names = _of_git(folder)
    if names is None:
        ignored = _patterns(folder / ".gitignore")
        names = (name for name in _walked(folder) if not ignored(name))
    left_out = _patterns(folder / ".vhignore")
    for name in names:
        path = folder / name
        if path.is_file() and not path.is_symlink() and not left_out(name):
            yield name


def _of_git(folder: Path) -> Iterable[str] | None:
    """The files that Git tracks, hidden ones at the top left out, and those that it neither tracks nor ignores, without
    hidden ones; None for a folder that Git does not know, or where there is no Git.
    """
    ignored = _git(folder, "check-ignore", "--quiet", ".")
    if ignored is None or ignored.returncode == _IGNORED:
        return None
    tracked = _listed(folder, "--cached", "--recurse-submodules")
    others = _listed(folder, "--others", "--exclude-standard")
    if tracked is None or others is None:
        return None
    shown = [name for name in tracked if not name.startswith(".")]
    return [*shown, *(name for name in others if not _is_hidden(name))]


def _listed(folder: Path, *options: str) -> list[str] | None:
    found = _git(folder, "ls-files", "-z", *options)
    if found is None or found.returncode:
        return None
    return [os.fsdecode(name) for name in found.stdout.split(b"\0") if name]


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes] | None:
    """Let Git look at *folder*; None where there is no Git. Nothing that the repository configures is run."""
    environment = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    command = ["git", "-c", "core.fsmonitor=false", *words]
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        return None


def _walked(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(place).relative_to(folder)
        yield from ((below / name).as_posix() for name in files if not name.startswith("."))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _patterns(path: Path) -> Callable[[str], bool]:
    """What a file in the form of .gitignore names; nothing where there is no such file, or no pattern in it."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return lambda name: False
    spec = optional.load("pathspec", extra="valohai").GitIgnoreSpec.from_lines(lines)
    return lambda name: bool(spec.match_file(name))
