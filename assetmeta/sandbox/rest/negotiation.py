"""Which format an answer takes: the Accept header against the renderers of an API, JSON and maybe an HTML page.

The rules are those of Django REST framework: the most specific media range wins, weights (`q=`) are not read, JSON
comes first among equals, and a format asked for by name must still be one that Accept admits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .refusals import Refusal, not_found


@dataclass(frozen=True)
class Format:
    """One way to write an answer: *name* is what `?format=` and the path's ending call it."""

    name: str
    media_type: str
    content_type: str


JSON = Format("json", "application/json", "application/json")
PAGE = Format("api", "text/html", "text/html; charset=utf-8")
FORMATS = (JSON, PAGE)


@dataclass(frozen=True)
class MediaRange:
    """One entry of an Accept header, without its weight."""

    main: str
    sub: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def precedence(self) -> int:
        """How specific it is: 0 for `*/*` up to 3 for a type with parameters. A weight alone is no parameter."""
        if self.main == "*":
            return 0
        if self.sub == "*":
            return 1
        return 2 if all(name == "q" for name, _ in self.parameters) else 3

    def admits(self, format_: Format) -> bool:
        """True when *format_* is in the range. Its parameters do not matter: neither format has any."""
        main, _, sub = format_.media_type.partition("/")
        return self.main in ("*", main) and self.sub in ("*", sub)


def negotiate(accept: str | None, wanted: str | None, formats: Sequence[Format] = FORMATS) -> Format:
    """The format of the answer, one of *formats*. *wanted* is the name given by ending or `?format=`.

    Raises Refusal: 404 for an unknown name, 406 where Accept admits none.
    """
    offered = [each for each in formats if wanted in (None, "", each.name)]
    if not offered:
        raise not_found()
    ranges = [media_range(item) for item in (accept or "*/*").split(",")]
    for precedence in (3, 2, 1, 0):
        level = [each for each in ranges if each.precedence == precedence]
        for format_ in offered:
            if any(each.admits(format_) for each in level):
                return format_
    raise Refusal(406, {"detail": "Could not satisfy the request Accept header."})


def media_range(item: str) -> MediaRange:
    """Read one entry of an Accept header."""
    kind, *options = (part.strip() for part in item.split(";"))
    main, _, sub = kind.lower().partition("/")
    pairs = (option.partition("=") for option in options if option)
    return MediaRange(main.strip(), sub.strip(), tuple((name.strip().lower(), value) for name, _, value in pairs))
