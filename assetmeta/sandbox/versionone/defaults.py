"""What a read sends that nobody asked for: the default selection, and the names of selected relations."""

from __future__ import annotations

from collections.abc import Iterator

from .requests import Selection
from .routes import Unresolved, resolve
from .tokens import Part, Token
from .types import Catalogue, TypeDef


def default_selection(kind: TypeDef, catalogue: Catalogue) -> tuple[Selection, ...]:
    """The basic attributes of a type, and the display attribute and short name of the relations among them."""
    basic = tuple(Token(each.name, (Part(each.name),)) for each in kind.attributes.values() if each.basic)
    return with_extras(basic, kind, catalogue)


def with_extras(selection: tuple[Selection, ...], kind: TypeDef, catalogue: Catalogue) -> tuple[Selection, ...]:
    """The selection, and for each relation in it the display attribute and the short name of the related type.

    A token that does not resolve passes through, for the reader to report.
    """
    known = {item.text for item in selection if isinstance(item, Token)}
    extras = dict.fromkeys(
        extra
        for item in selection
        if isinstance(item, Token)
        for extra in _names(item, kind, catalogue)
        if extra.text not in known
    )
    return (*selection, *extras)


def _names(token: Token, kind: TypeDef, catalogue: Catalogue) -> Iterator[Token]:
    try:
        route = resolve(token, kind, catalogue)
    except Unresolved:
        return
    reached = route.hops[-1].reached
    if reached is None or route.aggregate is not None or route.last.name == "ID":
        return
    for name in (reached.display_by, reached.short_name):
        if name is not None and name.rpartition(".")[2] in reached.attributes:
            yield token.then(name.rpartition(".")[2])
