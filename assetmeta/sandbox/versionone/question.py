"""Documents of query.v1 read into engine queries: one map per query, in JSON or YAML. api/asset asks the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from .parameters import read_asof
from .problems import META, Cause, Problem, bad_parameter, unknown_token
from .requests import EVERYTHING, At, History, Moment, Query, Selection, SubSelect
from .spelling import number
from .tokens import (
    Comparison,
    Filter,
    Part,
    SortKey,
    Token,
    all_of,
    equality,
    parse_filter,
    parse_sort,
    parse_token,
)

NESTED_KEYS = frozenset({"from", "select", "where", "filter", "sort"})
KEYS = NESTED_KEYS | {"with", "group", "page", "find", "findin", "findIn", "asof"}
GROUP_KEYS = frozenset({"from", "select", "sort"})
UNREADABLE = "Server Error"
PAGE_KEYS = frozenset({"start", "size"})

_OID = re.compile(r"(\w+):(-?\d{1,18})(?::(\d{1,18}))?", re.ASCII)
_NAMED = re.compile(r"(\w+)\s+as\s+(\w+)", re.ASCII)
_VARIABLE = re.compile(r"\$(\w+)", re.ASCII)

Document = Mapping[str, Any]


class PlainLoader(yaml.SafeLoader):
    """YAML with texts, null and Booleans only: numbers, dates and times keep the spelling they were written in."""


PlainLoader.yaml_implicit_resolvers = {}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


@dataclass(frozen=True)
class Group:
    """One level of grouping: by the relation *token*, showing *select* of the related asset."""

    token: Token
    select: tuple[Token, ...]
    sort: tuple[SortKey, ...]


@dataclass(frozen=True)
class Question:
    """One query of a request and how its rows are grouped."""

    query: Query
    groups: tuple[Group, ...] = ()


def malformed(detail: str) -> Problem:
    """A value that is not of the form it must have."""
    return Problem(400, "Invalid query", (Cause(META, detail),))


def unreadable(detail: str) -> Problem:
    """A body that is no document at all."""
    return Problem(400, UNREADABLE, (Cause(META, detail),), error=UNREADABLE)


def read_documents(body: bytes) -> list[Any]:
    """The commands of a body, in order: a JSON array, one JSON object, or YAML documents and lists of them."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(f"The body is not UTF-8: {error}") from None
    documents = _json(text) if text.lstrip()[:1] in ("{", "[") else None
    if documents is None:
        documents = _yaml(text)
    flat = [each for document in documents for each in (document if isinstance(document, list) else [document])]
    if not flat and not any(isinstance(document, list) for document in documents):
        raise unreadable("The body is empty")
    return flat


def _json(text: str) -> list[Any] | None:
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return None


def _yaml(text: str) -> list[Any]:
    try:
        documents = list(yaml.load_all(text, PlainLoader))
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise unreadable(f"Malformed document: {' '.join(str(error).split())}") from None
    return [document for document in documents if document is not None]


def read_question(document: object, member: str) -> Question:
    """One query. Raises a 400 problem for an unknown key and for a value of the wrong form."""
    node = checked(document, KEYS, "root")
    if "findin" in node and "findIn" in node:
        raise malformed("findin is given twice")
    type_name, oid, moment = read_from(node)
    variables = read_variables(node.get("with"))
    size, start = read_page(node.get("page"))
    find_in = texts(node.get("findin", node.get("findIn")), "findin")
    query = Query(
        type_name,
        select=read_select(node.get("select"), variables),
        where=read_where(node, variables),
        sort=read_sort(node.get("sort")),
        start=start,
        size=size,
        find=scalar(node["find"], "find") or None if "find" in node else None,
        find_in=tuple(parse_token(text, "FINDIN") for text in find_in),
        oid=oid,
        lenient=True,
        at=read_at(node.get("asof"), moment),
        variables=variables,
        member=member,
    )
    return Question(query, tuple(read_group(each) for each in entries(node.get("group"), "group")))


def checked(document: object, allowed: Collection[str], place: str) -> Document:
    """The map a document is. Raises a 400 problem where it is none or has other keys."""
    if not isinstance(document, Mapping):
        raise (unreadable if place == "root" else malformed)(f"{place} must be a map")
    unknown = ", ".join(f"{place}->{key}" for key in document if key not in allowed)
    if unknown:
        text = f"Invalid key at node(s): {unknown}"
        raise Problem(400, text, (Cause(META, text),))
    return document


def read_from(node: Document) -> tuple[str, str | None, Moment | None]:
    """The type a query asks, the one asset it may be narrowed to, and the moment of a token with three parts."""
    name = node.get("from")
    if not isinstance(name, str) or not name:
        raise malformed("from must name an asset type or an asset")
    found = _OID.fullmatch(name)
    if not found:
        return name, None, None
    return found[1], f"{found[1]}:{int(found[2])}", Moment(int(found[3])) if found[3] else None


def read_select(value: object, variables: Mapping[str, tuple[str, ...]]) -> tuple[Selection, ...]:
    """Tokens and nested queries. None selects nothing."""
    selected: list[Selection] = []
    for each in entries(value, "select"):
        selected.append(parse_token(each) if isinstance(each, str) else read_nested(each, variables))
    return tuple(selected)


def read_nested(document: object, variables: Mapping[str, tuple[str, ...]]) -> SubSelect:
    """A query on a relation of the asset around it: `{from: Children:Task, select: [...]}`."""
    node = checked(document, NESTED_KEYS, "root->select")
    text = node.get("from")
    if not isinstance(text, str):
        raise malformed("from of a nested query must name a relation")
    named = _NAMED.fullmatch(text.strip())
    if named:
        text, token = named[1], Token(named[1], (Part(named[1], downcast=named[2]),))
    else:
        token = parse_token(text)
    return SubSelect(
        text,
        token,
        read_select(node.get("select"), variables),
        read_where(node, variables),
        read_sort(node.get("sort")),
    )


def read_where(node: Document, variables: Mapping[str, tuple[str, ...]]) -> Filter | None:
    """The `where` map and the `filter` list of a query, all of which must hold."""
    where = node.get("where")
    if where is not None and not isinstance(where, Mapping):
        raise malformed("where must be a map")
    equal = [equal_to(str(token), value, variables) for token, value in (where or {}).items()]
    return all_of((*equal, *(parse_filter(text) for text in texts(node.get("filter"), "filter"))))


def equal_to(token: str, value: object, variables: Mapping[str, tuple[str, ...]]) -> Filter:
    """One entry of `where`: the value is data and needs no quoting, unless it is a variable of `with`."""
    if isinstance(value, (Mapping, list)):
        text = f'Key "{token}" must have corresponding scalar value\r\nParameter name: {token}'
        raise Problem(400, text, (Cause("System.ArgumentException", text),))
    plain = scalar(value, token)
    named = _VARIABLE.fullmatch(plain)
    if named and named[1] in variables:
        compared = equality(token, plain)
        return Comparison(compared.token, "=", variable=named[1], text=f"{token}={plain}")
    return equality(token, plain)


def read_variables(value: object) -> dict[str, tuple[str, ...]]:
    """The `with` map: values by name without the dollar sign. Values are data, never parsed."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise malformed("with must be a map")
    variables = {}
    for key, given in value.items():
        named = _VARIABLE.fullmatch(str(key))
        if not named:
            raise malformed(f"A variable is written $name, not {key}")
        variables[named[1]] = tuple(scalar(each, str(key)) for each in (given if isinstance(given, list) else [given]))
    return variables


def read_sort(value: object) -> tuple[SortKey, ...]:
    """A list of signed tokens, or one text of them."""
    return tuple(key for text in texts(value, "sort") for key in parse_sort(text))


def read_page(value: object) -> tuple[int | None, int]:
    """Size and start of a `page` map, whose values may be texts."""
    if value is None:
        return None, 0
    node = checked(value, PAGE_KEYS, "root->page")
    numbers: dict[str, int] = {}
    for key, given in node.items():
        text = scalar(given, key)
        if not (text.isascii() and text.isdecimal() and len(text) <= 10) or int(text) > EVERYTHING:
            raise bad_parameter("PAGE", f"Not a number: {key}={text}")
        numbers[key] = int(text)
    return numbers.get("size"), numbers.get("start", 0)


def read_at(value: object, moment: Moment | None) -> At | None:
    """The time of `asof`: a date, a time, or All for every record."""
    if value is None:
        return moment
    if moment is not None:
        raise bad_parameter("ASOF", "from names a moment already")
    text = scalar(value, "asof")
    return History() if text.lower() == "all" else read_asof(text)


def read_group(document: object) -> Group:
    """One entry of `group`."""
    node = checked(document, GROUP_KEYS, "root->group")
    relation = node.get("from")
    if not isinstance(relation, str):
        raise malformed("from of a group must name a relation")
    names = [scalar(each, "select") for each in entries(node.get("select"), "select")]
    select = tuple(parse_token(name) for name in names)
    token = parse_token(relation)
    if token.aggregate:
        raise unknown_token("GROUP", relation)
    return Group(token, select, read_sort(node.get("sort")))


def entries(value: object, key: str) -> list[object]:
    """The items of a list; none of null."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise malformed(f"{key} must be a list")
    return value


def texts(value: object, key: str) -> list[str]:
    """The texts of a list, or the one text given instead."""
    return [scalar(each, key) for each in (value if isinstance(value, list) else [] if value is None else [value])]


def scalar(value: object, key: str) -> str:
    """A scalar as text: null is the empty text, Booleans are true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, (int, float)):
        return number(value)
    raise malformed(f"{key} must be a scalar")
