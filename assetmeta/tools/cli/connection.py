"""Which server a command uses, where each setting comes from, and what a command's exit code means."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, ParamSpec

import typer

from assetmeta import AssetmetaError, BadValue, Session, TimedOut, UnknownName, Unreachable, Unsupported, UsageError
from assetmeta.model.printable import printable
from assetmeta.profiles import SECRETS, default_file, settings_of
from assetmeta.systems import connect
from assetmeta.tools.cli.streams import discard_output

PROFILE_VARIABLE = "ASSETMETA_PROFILE"

_LOGIN = {"token": "ASSETMETA_TOKEN", "username": "ASSETMETA_USERNAME", "password": "ASSETMETA_PASSWORD"}
"""Settings of a login beside --url, and the environment variables that hold them. A secret on a command line could
be read by every user of the machine.
"""

Profile = Annotated[
    str | None, typer.Option(help=f"A profile of {default_file()}. Default: the environment's {PROFILE_VARIABLE}.")
]
Url = Annotated[
    str | None,
    typer.Option(
        help="An address such as versionone+https://host/Instance, instead of a profile; the login comes from "
        f"{', '.join(_LOGIN.values())}."
    ),
]

_OPTIONS = (
    (
        r"Pass username= and password=, or token=\.",
        f"Set {_LOGIN['token']}, or {_LOGIN['username']} and {_LOGIN['password']}, in the environment for --url; a "
        "profile names its login itself (token_env, username and password_env).",
    ),
    (r"\bcolumns=\{('[^']*'|\"[^\"]*\"): None\}", r"--map \1="),
    (r"\bcommit\((?:plan, )?conflicts=(?:'(\w+)'|\.\.\.)\)", r"--conflicts \1"),
    (r"\b(missing|empty|conflicts)='(\w+)'", r"--\1 \2"),
    (r"\bcolumns=", "--map"),
    (r"\b(key|rate|missing|empty|conflicts)=", r"--\1 "),
    (r"\b(?:instance_)?url=", "--url"),
)
"""Patterns of advice about Python's arguments, and what the command has in place of each."""

_P = ParamSpec("_P")

FAILED, MISUSED, UNREACHED, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: something failed; wrong use; nothing could be reached; interrupted."""

_MISUSES = (BadValue, UnknownName, Unsupported, UsageError)


@dataclass(frozen=True)
class Setting:
    """One setting of a session: what may be shown of it, and where it comes from."""

    name: str
    shown: str
    source: str


@dataclass(frozen=True)
class Connection:
    """A server as the command's arguments and the environment name it."""

    target: str
    values: Mapping[str, Any]
    settings: tuple[Setting, ...]

    @classmethod
    def of(cls, profile: str | None, url: str | None, environment: Mapping[str, str] = os.environ) -> Connection:
        """Find the server of --profile, --url or the environment. Sends nothing. Raises BadValue when none is named,
        and for profiles that cannot be read.
        """
        if profile and url:
            raise BadValue("Give --profile or --url, not both.")
        if url:
            if "://" not in url:
                raise BadValue(
                    f"--url takes an address such as versionone+https://host/Instance, not {url!r:.80}. A profile is "
                    "named by --profile."
                )
            found = {name: variable for name, variable in _LOGIN.items() if environment.get(variable)}
            values = {name: environment[variable] for name, variable in found.items()}
            known = [Setting("url", url, "--url")]
            known += [Setting(name, _shown(name, values[name]), variable) for name, variable in found.items()]
            return cls(url, values, tuple(known))
        source = "--profile" if profile else PROFILE_VARIABLE
        name = profile or environment.get(PROFILE_VARIABLE)
        if not name:
            raise BadValue(f"Which server? Give --profile NAME, set {PROFILE_VARIABLE}, or give --url.")
        known = [Setting("profile", name, source)]
        for key, value, place in settings_of(name, environment=environment):
            known.append(Setting(key, _shown(key, value), place))
        return cls(name, {}, tuple(known))

    def open(self, **settings: Any) -> Session:
        """Make the session, with more *settings*; sends nothing. Raises BadValue."""
        made = connect(self.target, **self.values, **settings)
        assert isinstance(made, Session)
        return made


def _shown(name: str, value: object) -> str:
    return "(hidden)" if name in SECRETS else printable(str(value))


def connected(profile: str | None, url: str | None, **settings: Any) -> Session:
    """Make the session that the arguments name, with more *settings*; sends nothing. Raises BadValue."""
    return Connection.of(profile, url).open(**settings)


def guarded(command: Callable[_P, None]) -> Callable[_P, None]:
    """Turn errors of a command into a line on stderr and an exit code."""

    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> None:
        try:
            command(*arguments, **options)
            # An output that cannot be written to fails here, where it can be reported.
            sys.stdout.flush()
        except KeyboardInterrupt:
            leave("interrupted", INTERRUPTED)
        except BrokenPipeError:
            # The reader of the output, such as `head`, has closed it.
            discard_output()
        except _MISUSES as error:
            leave(as_options(str(error)), MISUSED)
        except (Unreachable, TimedOut) as error:
            leave(as_options(str(error)), UNREACHED)
        except AssetmetaError as error:
            leave(as_options(str(error)), FAILED)
        except OSError as error:
            # A file, or the output, cannot be written; then the rest of the output is dropped.
            if error.filename is None:
                discard_output()
            leave(f"{error.filename or 'the output'}: {error.strerror or error}", FAILED)

    return run


def as_options(message: str) -> str:
    """Return an error's text with options and environment variables in place of Python's arguments."""
    for argument, option in _OPTIONS:
        message = re.sub(argument, option, message)
    return message


def leave(message: str, code: int) -> NoReturn:
    """End the command with a line on stderr and an exit code."""
    typer.echo(f"assetmeta: {printable(message)}", err=True)
    raise typer.Exit(code)
