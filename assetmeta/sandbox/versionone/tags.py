"""api/tags: the texts of TaggedWith over all assets, and changing them everywhere at once.

Source: the pages `tags/` of versionone/api-docs-staging. Everybody sees every asset here, so both counts are equal.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path
from .engine import Engine
from .json_out import CONTENT_TYPE
from .problems import bad_parameter
from .question import malformed, read_documents
from .requests import Change, Query, RowOut
from .tokens import parse_filter, parse_selection

ATTRIBUTE = "TaggedWith"


class Tags:
    """api/tags over one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, call: Call) -> Response:
        """Answer one request."""
        words = [word.lower() for word in call.rest[1:]]
        if words == ["command", "merge"] or words == ["command", "remove"]:
            return self._change(call, words[1])
        call.only("GET")
        if not words:
            return answered(self._usage(asked(call, "tag")))
        if words == ["all"]:
            call.known(())
            return answered({camel(tag): usage(tag, count) for tag, count in self._counts().items()})
        if words == ["command", "search"]:
            term = asked(call, "term").casefold()
            return answered([tag for tag in self._counts() if term in tag.casefold()])
        raise no_such_path(call.request.path)

    def _usage(self, tag: str) -> dict[str, object]:
        return usage(tag, self._counts()[tag])

    def _counts(self) -> Counter[str]:
        """How many assets have each tag, by tag without regard to case."""
        found = Counter(tag for row in self._tagged() for tag in tags_of(row))
        return Counter({tag: found[tag] for tag in sorted(found, key=lambda tag: (tag.casefold(), tag))})

    def _tagged(self) -> Iterator[RowOut]:
        """Every asset with a tag."""
        for kind in self.engine.catalogue.types.values():
            if not kind.abstract and ATTRIBUTE in kind.attributes:
                query = Query(kind.name, parse_selection(ATTRIBUTE), where=parse_filter(f"+{ATTRIBUTE}"))
                yield from self.engine.select(query).rows

    def _change(self, call: Call, command: str) -> Response:
        """Take tags from every asset that has one of them; a merge gives those assets another tag instead."""
        call.only("POST")
        call.known(())
        body = read_command(call.request.body)
        gone = texts(body, "mergefrom" if command == "merge" else "removefrom")
        new = [text(body, "mergeto")] if command == "merge" else []
        with self.engine.together():
            for row in list(self._tagged()):
                present = tags_of(row)
                if set(present) & set(gone):
                    self._write(row, present, [tag for tag in present if tag not in gone], new, call.member)
        return Response(200)

    def _write(self, row: RowOut, old: Sequence[str], kept: Sequence[str], new: Sequence[str], member: str) -> None:
        wanted = [*kept, *(tag for tag in new if tag not in kept)]
        steps = [Change(ATTRIBUTE, "remove", tag) for tag in old if tag not in wanted]
        steps += [Change(ATTRIBUTE, "add", tag) for tag in wanted if tag not in old]
        name, _, key = row.asset.partition(":")
        self.engine.update(name, int(key), steps, member=member)


def asked(call: Call, name: str) -> str:
    """The only parameter of a question. Raises a 400 problem where it is missing."""
    call.known({name})
    if name not in call.parameters:
        raise bad_parameter(name.upper(), f"Missing parameter: {name}")
    return call.parameters[name]


def tags_of(row: RowOut) -> list[str]:
    """The tags of an asset."""
    return [str(tag) for tag in cast("list[object]", row.values[ATTRIBUTE])]


def usage(tag: str, count: int) -> dict[str, object]:
    """How often a tag is in use."""
    return {"tag": tag, "count": count, "visibleCount": count}


def camel(tag: str) -> str:
    """A tag as a key: with its first letter small."""
    return tag[:1].lower() + tag[1:]


def read_command(body: bytes) -> Mapping[str, object]:
    """The body of a command by lower-case key. Raises a 400 problem for what is no single map."""
    documents = read_documents(body)
    if len(documents) != 1 or not isinstance(documents[0], Mapping):
        raise malformed("The body must be a map")
    return {str(key).lower(): value for key, value in documents[0].items()}


def text(body: Mapping[str, object], key: str) -> str:
    """A text of a command that must be there."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise malformed(f"{key} must be a text")
    return value


def texts(body: Mapping[str, object], key: str) -> list[str]:
    """A list of texts of a command that must be there."""
    value = body.get(key)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise malformed(f"{key} must be a list of texts")
    return value


def answered(document: object) -> Response:
    """A JSON answer."""
    return Response(200, json.dumps(document).encode(), CONTENT_TYPE)
