"""The console command `assetmeta`. Its version and help need no extra; help lists which ones a command needs."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from assetmeta.model import optional
from assetmeta.model.errors import Unsupported, nearest
from assetmeta.tools.cli.streams import discard_output, prepare_streams
from assetmeta.version import __version__


class Command(NamedTuple):
    """A command: the module whose Typer application has it, the extras it needs, and what it does."""

    module: str
    extras: str
    summary: str


_EXPLORE = "assetmeta.tools.cli.explore"
_CHANGES = "assetmeta.tools.cli.changes"
_MIRRORS = "assetmeta.tools.cli.mirrors"
_SCHEMAS = "assetmeta.tools.cli.schemas"
_BULK = "assetmeta.tools.cli.bulk"

COMMANDS = {
    "whoami": Command(_EXPLORE, "cli", "Show which server and user the settings lead to, and where each comes from."),
    "profiles": Command(_EXPLORE, "cli", "List the profiles of your settings file."),
    "types": Command(_EXPLORE, "cli", "List the server's asset types."),
    "describe": Command(_EXPLORE, "cli", "Show the attributes and operations of a type."),
    "search": Command(_EXPLORE, "cli", "Find types, attributes, operations and list values by a word."),
    "get": Command(_EXPLORE, "cli", "Show one asset."),
    "query": Command(_EXPLORE, "cli", "Read assets as a table, JSON, JSON lines, CSV, Parquet or Excel."),
    "load": Command(_BULK, "cli", "Make assets agree with a table: show the plan, save it, or write it."),
    "plan": Command(_BULK, "cli", "Print a saved plan."),
    "apply": Command(_BULK, "cli", "Write a saved plan."),
    "jobs": Command(_BULK, "cli", "List jobs and their journals, show one, go on with it, or forget it."),
    "watch": Command(_CHANGES, "cli", "Write what changes, as it is found, as text or JSON lines."),
    "stubs": Command(_SCHEMAS, "cli", "Write stubs of the server's types for type checkers."),
    "diff": Command(_SCHEMAS, "cli", "Show what became of a schema, and which of your files that breaks."),
    "mirror": Command(_MIRRORS, "cli,mirror", "Copy types into a SQLite file; again, to bring it up to date."),
    "browse": Command(_MIRRORS, "cli,mirror", "Show a mirror as pages in your browser, until interrupted."),
    "shell": Command(_EXPLORE, "cli", "Start IPython with a session."),
    "sandbox": Command("assetmeta.sandbox.command", "cli,sandbox", "Serve systems of the sandbox until interrupted."),
}

_INNER = "Value error, "
"""What some versions of Typer put before the reason why a value is refused."""

_COMPLETION = ("--install-completion", "--show-completion")


def overview() -> str:
    """Return the text of `assetmeta --help`."""
    width = max(map(len, COMMANDS))
    lines = [
        "Usage: assetmeta [--version] [--help] COMMAND [ARGUMENTS]...",
        "",
        "Remote asset servers as Python objects.",
        "",
        "Commands:",
        *(f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items()),
        "",
        f"sandbox needs {optional.install_command('cli,sandbox')}, mirror and browse need "
        f"{optional.install_command('cli,mirror')}, the others {optional.install_command('cli')}.",
        "`assetmeta COMMAND --help` explains a command; `assetmeta --install-completion` completes them in your shell.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the command with the arguments of the process.

    Exits with 0 when all went well, 1 when something failed, 2 for wrong use, 3 when no server could be reached, 130
    when it was interrupted; and with 1 and the command that installs it where an extra is missing.
    """
    prepare_streams()
    name, *arguments = sys.argv[1:] or ["--help"]
    try:
        _dispatch(name, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output, such as `head`, has closed it.
        discard_output()


def _dispatch(name: str, arguments: list[str]) -> None:
    if name in ("--help", "-h"):
        print(overview())
    elif name in ("--version", "-V"):
        print(f"assetmeta {__version__}")
    elif name in COMMANDS:
        _run(_application([name]), [name, *arguments])
    elif name in _COMPLETION or "_ASSETMETA_COMPLETE" in os.environ:
        _run(_application(COMMANDS), [name, *arguments])
    else:
        print(f"There is no command {name!r}.{nearest(name, COMMANDS)} See assetmeta --help.", file=sys.stderr)
        sys.exit(2)


def _run(application: Any, arguments: list[str]) -> None:
    """Run a Typer application and exit with its code."""
    try:
        code = application(args=arguments, prog_name="assetmeta", standalone_mode=False)
    except Exception as error:
        # What Typer raises for wrong use has no public name in all of its versions; it shows itself.
        if not hasattr(error, "show"):
            raise
        error.message = str(error.message).removeprefix(_INNER)  # type: ignore[attr-defined]
        error.show()
        code = getattr(error, "exit_code", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _application(names: Any) -> Any:
    """One Typer application with the commands *names*. Exits with 1 where an extra is missing."""
    extras = max((COMMANDS[name].extras for name in names), key=len)
    try:
        typer = optional.load("typer", extra=extras)
        whole = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
        whole.callback()(_commands)
        for command in {COMMANDS[name].module: COMMANDS[name] for name in names}.values():
            part = optional.load(command.module, extra=extras).app
            whole.registered_commands.extend(part.registered_commands)
    except Unsupported as error:
        sys.exit(f"assetmeta: {error}")
    return whole


def _commands() -> None:
    """Remote asset servers as Python objects."""
