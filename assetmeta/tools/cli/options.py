"""Options that several commands share, each declared once. A command has a parameter of one of these classes, and
`with_options` gives it an option for each field.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from assetmeta.features import GIVE_UP_AFTER
from assetmeta.model.errors import BadValue
from assetmeta.tools.cli.connection import Profile, Url


def writable(file: Path | None) -> Path | None:
    """Return *file*. Raises BadParameter, before anything is sent, when its folder does not exist."""
    if file is not None and not file.expanduser().absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.expanduser().absolute().parent}")
    return file


class Conflicts(StrEnum):
    """What is done about values that another user changed meanwhile."""

    overwrite = "overwrite"
    error = "error"
    merge = "merge"


@dataclass(frozen=True)
class Sending:
    """Where changes are written to, and how."""

    conflicts: Annotated[
        Conflicts | None,
        typer.Option(help="What to do about values that another user changed meanwhile. In a job: error."),
    ] = None
    rate: Annotated[
        list[str] | None, typer.Option(help="Requests at most, such as 100/minute; several are allowed.")
    ] = None
    log: Annotated[
        Path | None,
        typer.Option(callback=writable, help="A file to which one line of JSON is appended per outcome."),
    ] = None
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print only what went wrong.")] = False
    profile: Profile = None
    url: Url = None


@dataclass(frozen=True)
class GiveUpAfter:
    """How long a job waits for a server that is away."""

    give_up_after: Annotated[
        float, typer.Option(min=0, help="Seconds without progress, while the server is away, after which a job ends.")
    ] = GIVE_UP_AFTER


@dataclass(frozen=True)
class JobChoice(GiveUpAfter):
    """The job in which changes are written."""

    job: Annotated[
        str | None, typer.Option(help="Keep a journal by this name, so that a run that breaks off can go on.")
    ] = None
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the job's journal and start again.")] = False
    extend: Annotated[
        bool, typer.Option("--extend", help="Add changes to the job's journal that it does not have.")
    ] = False

    def settings(self) -> dict[str, Any]:
        """The settings of the job. Raises BadValue for options that make no sense together."""
        if self.job is None and (self.fresh or self.extend):
            raise BadValue("--fresh and --extend are about the journal of a job: give --job, too.")
        if self.fresh and self.extend:
            raise BadValue("--fresh starts again, --extend goes on: give one of them.")
        return {"fresh": self.fresh, "extend": self.extend, "give_up_after": self.give_up_after}


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter of one of these classes by options for its fields; the command gets the object."""
    parameters = inspect.signature(command).parameters
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hints[name] for name in parameters if hints[name] in (Sending, GiveUpAfter, JobChoice)}
    own: list[inspect.Parameter] = []
    shared: list[inspect.Parameter] = []
    for name, parameter in parameters.items():
        known = get_type_hints(groups[name], include_extras=True) if name in groups else {name: hints[name]}
        several = inspect.signature(groups[name]).parameters.values() if name in groups else [parameter]
        (shared if name in groups else own).extend(
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=known[each.name]) for each in several
        )
    options = [*own, *shared]

    @functools.wraps(command)
    def run(**given: Any) -> None:
        made = {name: kind(**{each: given.pop(each) for each in _fields(kind)}) for name, kind in groups.items()}
        command(**given, **made)

    run.__annotations__ = {each.name: each.annotation for each in options}
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
    return run


def _fields(kind: type) -> list[str]:
    return list(inspect.signature(kind).parameters)
