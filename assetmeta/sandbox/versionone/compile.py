"""The main statement of a query: which records match, in which order, which page of them, and how many in all."""

from __future__ import annotations

from dataclasses import dataclass

from .aggregates import aggregate, follow
from .bindings import Binding, Place, among, during
from .filters import condition, restrict
from .literals import parse_oid
from .problems import bad_parameter, unknown_token, unknown_type
from .requests import EVERYTHING, History, Query
from .routes import Route, Unresolved, resolve
from .tokens import Part, SortKey, Token, asks_for_deleted
from .types import TypeDef

DEFAULT_FIND = ("Name", "Number", "Description", "Nickname", "Username", "Email", "Reference", "Content")


@dataclass(frozen=True, slots=True)
class Main:
    """The matching records: FROM and WHERE, ORDER BY, and the place they are seen from."""

    where: str
    order: str
    place: Place

    @property
    def count(self) -> str:
        """How many records match."""
        return f"SELECT COUNT(*) FROM record r0 WHERE {self.where}"

    def page(self, start: int, size: int | None) -> str:
        """Row, asset, moment and the moment of sight of the records of one page."""
        limit = ""
        if size is not None or start:
            limit = f" LIMIT {-1 if size is None else min(size, EVERYTHING)} OFFSET {min(start, EVERYTHING)}"
        sight = self.place.time or "NULL"
        return (
            f"SELECT r0.row, r0.asset, r0.since, {sight} FROM record r0 WHERE {self.where} ORDER BY {self.order}{limit}"
        )


def compile_main(query: Query, kind: TypeDef, moment: int | None, binding: Binding) -> Main:
    """Compile type, moment, filter, search and order of a query. *moment* is what its `asof` stands for."""
    history = isinstance(query.at, History)
    place = Place("r0", kind, "r0.since" if history else None if moment is None else str(moment))
    binding.context = "r0.asset"
    terms = [among("r0", kind.concrete)]
    if not history:
        terms.append(during("r0", place.time))
        if not asks_for_deleted(query.where, kind.attributes):
            terms.append("r0.state <> 255")
    if query.oid is not None:
        terms.append(_only(query.oid, binding))
    if query.where is not None:
        terms.append(condition(query.where, place, binding))
    if query.find is not None:
        terms.append(_found(query.find, query.find_in, place, binding))
    return Main(" AND ".join(terms), _order(query.sort, place, binding), place)


def _only(oid: str, binding: Binding) -> str:
    name, key = parse_oid(oid) or ("NULL", 0)
    kind = binding.catalogue.find(name)
    if kind is None:
        raise unknown_type(name)
    return f"r0.id = {binding.bind(key)} AND {among('r0', kind.concrete)}"


def _found(words: str, tokens: tuple[Token, ...], place: Place, binding: Binding) -> str:
    if not words.strip():
        return "1"
    routes = [resolved(token, place.kind, binding, "FINDIN") for token in tokens or default_search(place.kind)]
    texts = [_text(route, place, binding) for route in routes]
    everything = " || char(10) || ".join(f"IFNULL({text}, '')" for text in texts) or "NULL"
    try:
        words.encode()
    except UnicodeEncodeError:
        raise bad_parameter("FIND", "Not a text") from None
    return f"found({everything}, {binding.bind(words)})"


def default_search(kind: TypeDef) -> tuple[Token, ...]:
    """The attributes `find` looks into when no `findin` names any."""
    kept = (
        name for name in DEFAULT_FIND if name in kind.attributes and kind.attributes[name].kind in ("Text", "LongText")
    )
    return tuple(Token(name, (Part(name),)) for name in kept)


def _text(route: Route, place: Place, binding: Binding) -> str:
    if not route.multi:
        return expression(route, place, binding)
    chain = follow(route.hops, place, binding, restrict)
    return f"(SELECT group_concat({chain.value}, char(10)) FROM {chain.source} WHERE {chain.where})"


def resolved(token: Token, kind: TypeDef, binding: Binding, parameter: str) -> Route:
    """Resolve a token, or raise the problem of the query parameter it stands in."""
    try:
        return resolve(token, kind, binding.catalogue)
    except Unresolved as cause:
        raise unknown_token(parameter, token.text, cause.definition) from None


def expression(route: Route, place: Place, binding: Binding) -> str:
    """A single-valued route as one scalar expression on the record at *place*; a relation gives its OID token."""
    if route.aggregate is not None:
        return aggregate(route, place, binding, restrict)
    chain = follow(route.hops, place, binding, restrict)
    if not chain.source:
        return chain.value
    return f"(SELECT {chain.value} FROM {chain.source} WHERE {chain.where} LIMIT 1)"


def _order(keys: tuple[SortKey, ...], place: Place, binding: Binding) -> str:
    terms = [term for key in keys for term in sorted_by(key, place, binding)]
    return ", ".join((*terms, "r0.id", "r0.type", "r0.since"))


def sorted_by(key: SortKey, place: Place, binding: Binding) -> tuple[str, ...]:
    """The ORDER BY terms of one sort key. Raises a 400 problem for what has no single value."""
    route = resolved(key.token, place.kind, binding, "SORT")
    if route.multi:
        raise unknown_token("SORT", key.token.text, f"{place.kind.name}.{route.token.text}")
    direction = " DESC" if key.descending else ""
    if route.kind == "Relation":
        return _by_relation(key, route, place, binding, direction)
    value = _guarded(route, place, expression(route, place, binding))
    if route.kind == "Rank":
        return f"({value} IS NULL){direction}", f"{value}{direction}"
    if route.kind in ("Numeric", "Date", "Boolean", "State", "Opaque", "LongInt"):
        return (f"{value}{direction}",)
    return (f"fold({value}){direction}",)


def _by_relation(key: SortKey, route: Route, place: Place, binding: Binding, direction: str) -> tuple[str, ...]:
    """A relation sorts by the order attribute of the related type; without one, and for ID itself, by id."""
    reached = route.hops[-1].reached
    by = reached.order_by if reached is not None and route.last.name != "ID" else None
    if by is not None and by != "ID":
        ordered = sorted_by(SortKey(key.token.then(by.rpartition(".")[2]), key.descending), place, binding)
        # The last term is the value; a rank puts its nulls last, but an asset without a relation comes first.
        return f"({ordered[-1].removesuffix(' DESC')} IS NOT NULL){direction}", ordered[-1]
    keyed = resolved(key.token.then("Key"), place.kind, binding, "SORT")
    return (f"{_guarded(keyed, place, expression(keyed, place, binding))}{direction}",)


def _guarded(route: Route, place: Place, value: str) -> str:
    return value if route.only is None else f"CASE WHEN {among(place.alias, route.only)} THEN {value} END"


def find_type(name: str, binding: Binding) -> TypeDef:
    """The type a query is about, or the problem that there is none."""
    found = binding.catalogue.find(name)
    if found is None:
        raise unknown_type(name)
    return found
