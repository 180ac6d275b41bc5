"""rest-1.v1 and its twin rest-1.oauth.v1: Data, Hist and New."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from assetmeta.sandbox.messages import Response

from .call import Call, Writer, answer, no_such_path, whole_token
from .changes_in import read_changes, refused
from .engine import Engine
from .parameters import LIST, LIST_ONLY, ONE, WRITE, read_comment, read_query
from .problems import Cause, Problem, bad_parameter, invalid_oid, unknown_type
from .requests import EVERYTHING, History, Moment, Query, Result, RowOut, Written
from .tokens import parse_token
from .types import TypeDef

_ID = re.compile(r"-?\d{1,18}", re.ASCII)
_MOMENT = re.compile(r"\d{1,18}", re.ASCII)


class Rest:
    """The resources of rest-1.v1 over one engine.

    *extras* False sends only what `sel` names, without display attributes of relations. *totals* False leaves the
    total out of lists unless `needTotal=true` asks for it.
    """

    def __init__(self, engine: Engine, *, extras: bool = True, totals: bool = True) -> None:
        self.engine = engine
        self.extras = extras
        self.totals = totals
        self._branches: dict[str, Callable[[Call], Response]] = {
            "data": self._data,
            "hist": self._hist,
            "new": self._new,
        }

    def __call__(self, call: Call) -> Response:
        """Answer one request below rest-1.v1."""
        branch = self._branches.get(call.rest[0].lower()) if call.rest else None
        if branch is None or len(call.rest) < 2:
            raise no_such_path(call.request.path)
        return branch(call)

    def _data(self, call: Call) -> Response:
        """Data/{Type}[/{id}[/{moment}][/{Attr}]]."""
        kind, rest = self._kind(call), call.rest[2:]
        posted = call.request.method == "POST"
        if not rest:
            return self._create(call, kind) if posted else self._list(call, kind, None)
        oid = oid_of(kind, rest[0])
        if len(rest) == 1 and posted:
            return self._operate(call, kind, oid) if "op" in call.parameters else self._update(call, kind, oid)
        call.only("GET")
        moment = Moment(int(rest[1])) if len(rest) > 1 and _MOMENT.fullmatch(rest[1]) else None
        below = whole_token(rest[1:] if moment is None else rest[2:])
        if len(below) > 1:
            raise no_such_path(call.request.path)
        for name in LIST_ONLY & call.parameters.keys():
            del call.parameters[name]  # What chooses among assets means nothing beside the address of one.
        return self._attribute(call, kind, oid, moment, below[0]) if below else self._single(call, kind, oid, moment)

    def _hist(self, call: Call) -> Response:
        """Hist/{Type}[/{id}[/{Attr}]]: always a list."""
        kind, rest = self._kind(call), [*call.rest[2:3], *whole_token(call.rest[3:])]
        call.only("GET")
        if len(rest) > 2:
            raise no_such_path(call.request.path)
        if len(rest) == 2:
            if "sel" in call.parameters:
                raise bad_parameter("SEL", "An attribute in the path leaves nothing to select")
            call.parameters["sel"] = rest[1]
        return self._list(call, kind, oid_of(kind, rest[0]) if rest else None, past=True)

    def _new(self, call: Call) -> Response:
        """New/{Type}: what a context suggests for a new asset."""
        kind = self._kind(call)
        call.only("GET")
        call.known({"ctx"})
        if len(call.rest) > 2:
            raise no_such_path(call.request.path)
        changes = self.engine.template(kind.name, call.parameters.get("ctx") or None, member=call.member)
        writer = call.writer()
        href = f"{call.root}/{call.name}/New/{kind.name}"
        return answer(writer, writer.template(href, changes, kind.attributes))

    def _list(self, call: Call, kind: TypeDef, oid: str | None, *, past: bool = False) -> Response:
        call.only("GET")
        call.known(LIST)
        query = read_query(kind.name, call.parameters, call.member, History() if past else None)
        query = replace(query, oid=oid, lenient=True, extras=self.extras)
        result = self.engine.select(query)
        size = EVERYTHING if query.size is None else query.size
        writer = call.writer()
        root = "History" if past else "Assets"
        counted = self.totals or call.parameters.get("needtotal", "").lower() == "true"
        momented = query.at is not None
        return answer(writer, writer.listing(root, result, query.start, size, momented=momented, counted=counted))

    def _single(self, call: Call, kind: TypeDef, oid: str, moment: Moment | None) -> Response:
        call.known(ONE)
        query = read_query(kind.name, call.parameters, call.member, moment)
        query = replace(query, oid=oid, extras=self.extras)
        result = self.engine.select(query)
        writer = call.writer()
        return answer(writer, writer.single(result.rows[0], result.definitions, query.at is not None))

    def _attribute(self, call: Call, kind: TypeDef, oid: str, moment: Moment | None, text: str) -> Response:
        call.known(ONE - {"sel"})
        query = read_query(kind.name, call.parameters, call.member, moment)
        query = replace(query, oid=oid, select=(parse_token(text),))
        result = self.engine.select(query)
        key, row = only_key(result)
        writer = call.writer()
        return answer(writer, writer.attribute(row, key, result.definitions[key], query.at is not None))

    def _create(self, call: Call, kind: TypeDef) -> Response:
        call.known(WRITE)
        changes = read_changes(call.request.body, kind)
        context = call.parameters.get("ctx") or None
        comment = read_comment(call.parameters.get("comment"))
        written = self.engine.create(kind.name, changes, member=call.member, context=context, comment=comment)
        return self._written(call, written)

    def _update(self, call: Call, kind: TypeDef, oid: str) -> Response:
        call.known({"comment"})
        changes = read_changes(call.request.body, kind)
        comment = read_comment(call.parameters.get("comment"))
        number = int(oid.rpartition(":")[2])
        written = self.engine.update(kind.name, number, changes, member=call.member, comment=comment)
        return self._written(call, written)

    def _operate(self, call: Call, kind: TypeDef, oid: str) -> Response:
        call.known({"op"})
        if call.request.body.strip():
            raise refused("An operation takes no document")
        number = int(oid.rpartition(":")[2])
        written = self.engine.execute(kind.name, number, call.parameters["op"], member=call.member)
        writer = call.writer()
        row = RowOut(written.asset, written.moment, {})
        return answer(writer, writer.single(row, {}, True))

    def _written(self, call: Call, written: Written) -> Response:
        """The written attributes with their stored values, under an id of three parts."""
        type_name = written.asset.partition(":")[0]
        select = tuple(parse_token(name) for name in written.names)
        query = Query(type_name, select, oid=written.asset, at=Moment(written.moment), member=call.member)
        result = self.engine.select(query)
        writer: Writer = call.writer()
        row = RowOut(written.asset, written.moment, result.rows[0].values)
        return answer(writer, writer.single(row, result.definitions, True))

    def _kind(self, call: Call) -> TypeDef:
        name = call.rest[1]
        kind = self.engine.catalogue.find(name)
        if kind is None:
            raise unknown_type(name)
        return kind


def oid_of(kind: TypeDef, text: str) -> str:
    """The OID token of an id in the path."""
    if not _ID.fullmatch(text):
        raise invalid_oid(f"{kind.name}:{text}")
    return f"{kind.name}:{int(text)}"


def only_key(result: Result) -> tuple[str, RowOut]:
    """The one asset of a result and the key of its one value; 404 where the attribute is not of its type."""
    row = result.rows[0]
    for key in row.values:
        return key, row
    raise Problem(404, "Not Found", (Cause("VersionOne.NotFoundException", f"{row.asset} has no such attribute"),))
