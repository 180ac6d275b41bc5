"""The second phase of a request: the projected commands carried out in order, each succeeding or failing alone."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine import Engine
from ..problems import Problem, unknown_type
from ..query import result_set
from ..question import malformed, read_question
from .aliases import Aliases
from .document import CONTEXT, Command, kind_of
from .edits import Edits
from .projection import Projector
from .report import Report
from .values import Values

COUNTS_ONLY = "counts-only"


class Run:
    """One request of one member."""

    def __init__(self, engine: Engine, member: str) -> None:
        self.engine = engine
        self.member = member
        self.report = Report()
        self.aliases = Aliases()
        self._values = Values(engine, member, self.aliases)
        self._edits = Edits(engine, self._values)
        self._projector = Projector(engine, self._values)

    def project(self, commands: Iterable[Command]) -> list[Command]:
        """The projection of the commands posted: what `previewOnly` shows."""
        return [each for command in commands for each in self._projector.project(command)]

    def carry_out(self, commands: Iterable[Command]) -> Report:
        """Carry out all commands, in one transaction that keeps every success."""
        with self.engine.together():
            for command in self.project(commands):
                self._carry_out(command)
        return self.report

    def _carry_out(self, command: Command) -> None:
        try:
            if command.problem is not None:
                raise command.problem
            parts = list(self._projector.expand(command))
        except Problem as problem:
            self.report.fail(command, problem)
            return
        for part in parts:
            try:
                self._do(part)
            except Problem as problem:
                self.aliases.forget(part.alias)
                self.report.fail(part, problem)

    def _do(self, command: Command) -> None:
        kind = kind_of(command.body)
        if kind == "create":
            self._create(command)
        elif kind == "update":
            self._update(command)
        elif kind == "execute":
            self._execute(command)
        elif kind == "query":
            self._query(command)
        else:
            self._configure(command)

    def _create(self, command: Command) -> None:
        values = dict(command.body)
        name, context = values.pop("AssetType"), values.pop(CONTEXT, None)
        if context is not None:
            context = self.aliases.oid(str(context))
        kind = self.engine.catalogue.find(str(name))
        if kind is None:
            raise unknown_type(str(name))
        changes = self._edits.changes(kind, values)
        asset = self.engine.create(kind.name, changes, member=self.member, context=context).asset
        self.aliases.learn(command.alias, asset)
        self.report.created.append(asset)

    def _update(self, command: Command) -> None:
        type_name, number = _split(command.body["oid"])
        kind = self.engine.catalogue.find(type_name)
        if kind is None:
            raise unknown_type(type_name)
        changes = self._edits.changes(kind, command.body["update"], command.body["oid"])
        written = self.engine.update(type_name, number, changes, member=self.member, deleted=True)
        self.report.modified.append(written.asset)

    def _execute(self, command: Command) -> None:
        type_name, number = _split(command.body["oid"])
        call = command.body["execute"]
        arguments = {name: self._values.argument(value) for name, value in call["args"].items()}
        self.engine.execute(type_name, number, call["op"], arguments, member=self.member)
        self.report.operated.append(command.body["oid"])

    def _query(self, command: Command) -> None:
        self.report.asked = True
        question = read_question(self.aliases.within(command.body), self.member)
        self.report.results.append(result_set(self.engine, question))

    def _configure(self, command: Command) -> None:
        if command.body != {"config": COUNTS_ONLY}:
            raise malformed(f"Unknown config: {command.body['config']}")
        self.report.counts_only = True


def _split(oid: str) -> tuple[str, int]:
    type_name, _, number = oid.partition(":")
    return type_name, int(number)
