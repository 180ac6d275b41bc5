"""What an answer of api/asset says (bulk: response; failure semantics)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from assetmeta.backends.responses import Json, parse_json
from assetmeta.backends.versionone.bulk_request import PATH, BulkRequest, Command
from assetmeta.backends.versionone.query_response import Objects
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Response
from assetmeta.model.plans import Create, Update
from assetmeta.model.record import Record
from assetmeta.model.values import Key, Oid

_SECTIONS = ("assetsCreated", "assetsModified", "assetsOperatedOn")


class BulkResponse(Record):
    """One answer. *created* keeps its order; *modified* and *operated* count by key, which is unique over all types.

    *failures* are the server's words by alias, None from a server that does not report failures (18.x). *unfound* are
    the creates whose query failed. *sets* are the results of those that did not. *finished* is False when the server
    says that it is still at work. *contradiction* says why the answer cannot be believed, if it cannot.
    """

    created: tuple[Oid, ...]
    modified: Counter[Key]
    operated: Counter[Key]
    failures: dict[str, str] | None
    unfound: frozenset[str]
    sets: list[Objects]
    finished: bool
    contradiction: str | None = None


def parse_response(response: Response, chunk: BulkRequest) -> BulkResponse:
    """Read the answer to a chunk. Raises InvalidResponse."""
    document = parse_json(response)
    if not isinstance(document, dict):
        raise unreadable("it is no object", response)
    listed = document.get("commandFailures")
    entries = listed.get("commands") if isinstance(listed, dict) else None
    failures = _Failures(chunk)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            failures.read(entry)
    sections = {name: tuple(_oids(document, name, response)) for name in _SECTIONS}
    created, modified, operated = sections.values()
    return BulkResponse(
        created=created,
        modified=Counter(oid.key for oid in modified),
        operated=Counter(oid.key for oid in operated),
        failures=failures.commands if isinstance(listed, dict) else None,
        unfound=frozenset(failures.queries),
        sets=_sets(document, response),
        finished=document.get("complete") is not False and document.get("processing") is not True,
        contradiction=_contradiction(document, sections),
    )


def _contradiction(document: dict[str, Json], sections: Mapping[str, Sequence[Oid]]) -> str | None:
    """Find what cannot be true in an answer: a count that is not that of its list, or an asset that was
    created or modified twice.
    """
    lists: dict[str, int] = {name: len(oids) for name, oids in sections.items()}
    listed = document.get("commandFailures")
    if isinstance(listed, dict) and isinstance(listed.get("commands"), list):
        lists["commandFailures"] = len(listed["commands"])  # type: ignore[arg-type]
    for name, number in lists.items():
        content = document.get(name)
        count = content.get("count") if isinstance(content, dict) else None
        if isinstance(count, int) and count != number:
            return f"{name} lists {number} and counts {count}"
    for name in ("assetsCreated", "assetsModified"):
        twice = next((oid for oid, number in Counter(sections[name]).items() if number > 1), None)
        if twice is not None:
            return f"{name} has {twice.token} twice"
    return None


def unreadable(reason: str, response: Response | None = None) -> InvalidResponse:
    """The error for an answer that is JSON and yet not what was asked for."""
    status = response.status if response else None
    return InvalidResponse(f"The answer of {PATH} cannot be read: {reason}.", status=status, request=f"POST {PATH}")


def identity(value: Json) -> Oid | None:
    """Return the asset that a text names, without its moment; None when it names none."""
    try:
        found = Oid.parse(value).current if isinstance(value, str) else None
    except BadValue:
        return None
    return found if found is not None and isinstance(found.key, int) else None


def _oids(document: dict[str, Json], section: str, response: Response) -> Iterator[Oid]:
    content = document.get(section)
    tokens = content.get("oidTokens") if isinstance(content, dict) else None
    if not isinstance(tokens, list):
        raise unreadable(f"it has no {section}", response)
    for token in tokens:
        oid = identity(token)
        if oid is None:
            raise unreadable(f"{token!r:.80} is not the identity of an asset", response)
        yield oid


def _sets(document: dict[str, Json], response: Response) -> list[Objects]:
    content = document.get("queryResult")
    results = content.get("results", []) if isinstance(content, dict) else []
    if not isinstance(results, list) or not all(isinstance(each, list) for each in results):
        raise unreadable("a result set is a list of assets", response)
    return [[item for item in each if isinstance(item, dict)] for each in results if isinstance(each, list)]


class _Failures:
    """Finds the commands and queries of a chunk that entries of `commandFailures` are about."""

    def __init__(self, chunk: BulkRequest) -> None:
        self.commands: dict[str, str] = {}
        self.queries: set[str] = set()
        self._chunk = chunk
        self._aliases = list(chunk.commands)

    def read(self, entry: dict[str, Json]) -> None:
        """Take one entry. One that cannot be told from others is left aside: no change counts as done without proof."""
        error = entry.get("error")
        error = error if isinstance(error, dict) else {}
        body = next((value for key, value in entry.items() if key != "error" and isinstance(value, dict)), {})
        alias = next((key for key in entry if key in self._chunk.commands), None)
        asked = body.get("from")
        if alias is None and asked in self._chunk.commands and not {"update", "execute"} & body.keys():
            self.queries.add(str(asked))
            return
        alias = alias or self._by_place(error.get("sourceCommandIndex"), body)
        if alias is not None:
            self.commands[alias] = str(error.get("message") or "it gave no reason")

    def _by_place(self, place: Json, body: dict[str, Json]) -> str | None:
        """The alias of the command at a place of the list posted, unless the echoed command is another."""
        if not isinstance(place, int) or not 0 <= place < len(self._aliases):
            return None
        alias = self._aliases[place]
        return alias if _is_echo(body, self._chunk.commands[alias], self._chunk) else None


def _is_echo(body: dict[str, Json], command: Command, chunk: BulkRequest) -> bool:
    if isinstance(command.change, Create):
        return body.get("AssetType", command.change.oid.type) == command.change.oid.type
    if "AssetType" in body or ("execute" if isinstance(command.change, Update) else "update") in body:
        return False
    named = body.get("oid", body.get("from"))
    return named is None or named == chunk.name(command.change.oid)
