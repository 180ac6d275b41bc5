"""Query parameters of rest-1.v1 read into the parts of an engine query."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .literals import parse_time
from .problems import bad_parameter
from .requests import EVERYTHING, AsOf, At, Moment, Query
from .tokens import parse_filter, parse_selection, parse_sort, parse_variables

ONE = frozenset({"sel", "asof", "with"})
LIST_ONLY = frozenset({"where", "sort", "page", "find", "findin", "needtotal"})
LIST = ONE | LIST_ONLY
WRITE = frozenset({"ctx", "comment"})

_PAGE = re.compile(r"(\d{1,10})(?:,(\d{1,10}))?", re.ASCII)


def read_query(type_name: str, parameters: Mapping[str, str], member: str, at: At | None = None) -> Query:
    """The query the parameters ask for, at *at* unless they say `asof`. Raises a 400 problem naming the wrong one."""
    size, start = read_page(parameters.get("page"))
    selected, where, find = parameters.get("sel"), parameters.get("where"), parameters.get("find")
    if parameters.get("needtotal", "true").lower() not in ("true", "false"):
        raise bad_parameter("NEEDTOTAL", f"Not a Boolean: {parameters['needtotal']}")
    if "asof" in parameters:
        if isinstance(at, Moment):
            raise bad_parameter("ASOF", "The path names a moment already")
        at = read_asof(parameters["asof"])
    return Query(
        type_name,
        select=None if selected is None else parse_selection(selected),
        where=parse_filter(where) if where else None,
        sort=parse_sort(parameters.get("sort", "")),
        start=start,
        size=size,
        find=find or None,
        find_in=parse_selection(parameters.get("findin", ""), "FINDIN"),
        at=at,
        variables=parse_variables(parameters.get("with", "")),
        member=member,
    )


def read_page(text: str | None) -> tuple[int | None, int]:
    """Size and start of a `page` parameter: size first. No size without one."""
    if text is None:
        return None, 0
    found = _PAGE.fullmatch(text)
    if not found or int(found[1]) > EVERYTHING or int(found[2] or 0) > EVERYTHING:
        raise bad_parameter("PAGE", f"Not a page (size[,start]): {text}")
    return int(found[1]), int(found[2] or 0)


def read_asof(text: str) -> AsOf:
    """The time of an `asof` parameter: a date is the start of that day."""
    try:
        return AsOf(parse_time(text))
    except ValueError:
        raise bad_parameter("ASOF", f"Not a date: {text}") from None


def read_comment(text: str | None) -> str | None:
    """The text of a `Comment` parameter. Some clients put it in single quotes: one pair is taken off."""
    if text is not None and len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1]
    return text or None
