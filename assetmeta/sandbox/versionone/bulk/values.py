"""What a value of a command refers to: OID tokens, names, aliases and subqueries, looked up when the command runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..engine import Engine
from ..literals import parse_oid
from ..problems import VALIDATION, Cause, Problem, violation
from ..question import malformed, read_from, read_question
from ..types import AttributeDef, TypeDef
from .aliases import Aliases
from .document import Document


class Values:
    """Resolves the values of one request."""

    def __init__(self, engine: Engine, member: str, aliases: Aliases) -> None:
        self.engine = engine
        self.member = member
        self.aliases = aliases

    def oids(self, kind: TypeDef, attribute: AttributeDef, value: object) -> list[str]:
        """The assets one value of a relation names; none for null. Raises a 400 problem for what names none."""
        if value is None or value == "":
            return []
        if isinstance(value, Mapping) and "from" in value:
            return self.found(value)
        if isinstance(value, (Mapping, list, bool)):
            raise violation("Invalid", kind.name, attribute.name)
        text = str(value)
        if text.startswith("@"):
            return [self.aliases.oid(text)]
        return self._named(kind, attribute, text)

    def _named(self, kind: TypeDef, attribute: AttributeDef, text: str) -> list[str]:
        try:
            parsed = parse_oid(text)
        except ValueError:
            parsed = "", 0
        if parsed is None:
            return []
        if parsed[0] in self.engine.catalogue.types:
            return [f"{parsed[0]}:{parsed[1]}"]
        found = self.engine.named(attribute.related or "", text)
        if len(found) != 1:
            raise self.unresolved(kind, attribute, ambiguous=len(found) > 1)
        return found

    def unresolved(self, kind: TypeDef, attribute: AttributeDef, *, ambiguous: bool = False) -> Problem:
        """A name that no asset, or more than one, has. The type named is that of the relation's first declaration."""
        definition: AttributeDef | None = attribute
        related = attribute.related
        while definition is not None and definition.base is not None:
            owner, _, name = definition.base.partition(".")
            definition = self.engine.catalogue.attribute(owner, name)
            related = definition.related if definition else related
        rule = "Ambiguous" if ambiguous else "Unresolved"
        text = f"Resolution'{rule}'{kind.name}.{attribute.name}'{related}"
        return Problem(400, text, (Cause(VALIDATION, text),))

    def found(self, document: Document) -> list[str]:
        """The assets a query finds, each once. One that is just named by its own type needs no query."""
        named = self._alone(document)
        if named is not None:
            return [named] if self.engine.exists(named) else []
        question = read_question({**self.aliases.within(document), "select": None}, self.member)
        if question.groups:
            raise malformed("Invalid key at node(s): root->group")
        rows = self.engine.select(replace(question.query, select=())).rows
        return list(dict.fromkeys(row.asset for row in rows))

    def _alone(self, document: Document) -> str | None:
        """The asset of a query that is nothing but an OID token of a type with assets of its own."""
        if document.keys() != {"from"}:
            return None
        name, oid, moment = read_from(document)
        kind = self.engine.catalogue.types.get(name)
        return oid if moment is None and kind is not None and kind.concrete == {name} else None

    def argument(self, value: object) -> object:
        """The value of an operation's argument: of a subquery only the first result counts."""
        if isinstance(value, str):
            return self.aliases.oid(value)
        if isinstance(value, Mapping) and "from" in value:
            return next(iter(self.found(value)), None)
        return value
