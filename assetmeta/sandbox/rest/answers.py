"""What handlers answer, before it is written."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .refusals import Problem, Refusal

NO_CONTENT = 204


@dataclass(frozen=True)
class Answer:
    """What goes back: *data* as JSON, *content* as it is with its *content_type*, or nothing for status 204."""

    data: object = None
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    content_type: str = ""

    @classmethod
    def raw(cls, content: bytes, content_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
        """Bytes or text that are no JSON."""
        return cls(None, 200, headers, content, content_type)


NOTHING = Answer(status=NO_CONTENT)
"""The answer to most DELETEs."""


def refused(problem: Problem) -> Answer:
    """The answer that tells a problem."""
    headers = problem.headers if isinstance(problem, Refusal) else ()
    return Answer(problem.body, problem.status, headers)


def compact(data: object) -> bytes:
    """JSON without blanks, in UTF-8; a half of a pair of surrogates is written as an escape."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace")
