"""The console command `assetmeta`. Its version and help need no extra; help says which ones a command needs."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from assetmeta.model import optional
from assetmeta.model.errors import Unsupported, nearest
from assetmeta.version import __version__


class Command(NamedTuple):
    """A command: the module whose Typer application runs it, the extras it needs, and what it does."""

    module: str
    extras: str
    summary: str


COMMANDS = {
    "sandbox": Command("assetmeta.sandbox.command", "cli,sandbox", "Serve systems of the sandbox until interrupted."),
}


def overview() -> str:
    """Return the text of `assetmeta --help`."""
    width = max(map(len, COMMANDS))
    lines = [
        "Usage: assetmeta [--version] [--help] COMMAND [ARGUMENTS]...",
        "",
        "Remote asset servers as Python objects.",
        "",
        "Commands:",
    ]
    for name, command in COMMANDS.items():
        lines += [
            f"  {name:{width}}  {command.summary}",
            f"  {'':{width}}  Needs {optional.install_command(command.extras)}",
        ]
    return "\n".join([*lines, "", "`assetmeta COMMAND --help` explains a command."])


def main() -> None:
    """Run the command with the arguments of the process.

    Exits with 2 for a command that there is not, and with 1, saying what to install, where an extra is missing.
    """
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h"):
        print(overview())
    elif name in ("--version", "-V"):
        print(f"assetmeta {__version__}")
    elif name in COMMANDS:
        _application(name)(args=arguments, prog_name=f"assetmeta {name}")
    else:
        print(f"There is no command {name!r}.{nearest(name, COMMANDS)} See assetmeta --help.", file=sys.stderr)
        sys.exit(2)


def _application(name: str) -> Any:
    command = COMMANDS[name]
    try:
        return optional.load(command.module, extra=command.extras).app
    except Unsupported as error:
        sys.exit(f"assetmeta {name}: {error}")
