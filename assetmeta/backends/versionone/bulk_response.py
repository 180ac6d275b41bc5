"""The answer of api/asset as outcomes (bulk: response; failure semantics). A change is done only where the answer
proves it; what the documentation leaves open is compared by a read, or unknown.

create     its alias query names a new asset of `assetsCreated`; where failed queries left no result, the order of
           `assetsCreated` does, which is that of the commands without the failed ones
update     `assetsModified` names the asset
operation  `assetsOperatedOn` names the asset, as often as it was operated on
failure    `commandFailures` names the command's alias, or its place in the request; with a create that it needs, it is
           skipped

The answer contains no stored values of updates, and not what an operation such as Copy made: its outcome names the
asset that was operated on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from assetmeta.backends.responses import Json, parse_json
from assetmeta.backends.versionone.bulk_request import PATH, BulkRequest, Command
from assetmeta.backends.versionone.errors import find_violation
from assetmeta.backends.versionone.query_response import Objects, Reader
from assetmeta.backends.versionone.single_writes import WriteState
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Rejected
from assetmeta.model.http import Response
from assetmeta.model.ordering import references
from assetmeta.model.plans import Call, Change, Create, Delete, Done, Failed, Outcome, Row, Skipped, Unknown, Update
from assetmeta.model.values import Key, Oid

_SECTIONS = ("assetsCreated", "assetsModified", "assetsOperatedOn")

_NO_QUERY = -1
"""The count of result sets in the answer to a request without queries."""

_LONGEST_WORDS = 500
"""Characters of the server's message in ours; `server_message` holds it whole."""


class BulkResponse(Struct, frozen=True):
    """One answer. *created* keeps its order; *modified* and *operated* count by key, which is unique over all types.

    *failures* are the server's messages by alias, None from a server that reports none (18.x). *sets* are the results
    of the alias queries. *finished* is False when the server reports that it is still at work. *contradiction* is why
    the answer is not trusted, None where it is.
    """

    created: tuple[Oid, ...]
    modified: Counter[Key]
    operated: Counter[Key]
    failures: dict[str, str] | None
    sets: list[Objects]
    finished: bool
    contradiction: str | None = None


def parse_response(response: Response, chunk: BulkRequest) -> BulkResponse:
    """Read the answer to a chunk. Raises InvalidResponse."""
    document = parse_json(response)
    if not isinstance(document, dict):
        raise unreadable("it is no object", response)
    created, modified, operated = (tuple(_oids(document, name, response)) for name in _SECTIONS)
    return BulkResponse(
        created=created,
        modified=Counter(oid.key for oid in modified),
        operated=Counter(oid.key for oid in operated),
        failures=_failures(document, list(chunk.commands)),
        sets=_sets(document, response),
        finished=document.get("complete") is not False and document.get("processing") is not True,
        contradiction=_contradiction(document, {"assetsCreated": created, "assetsModified": modified}),
    )


def _oids(document: dict[str, Json], section: str, response: Response) -> Iterator[Oid]:
    content = document.get(section)
    tokens = content.get("oidTokens") if isinstance(content, dict) else None
    if not isinstance(tokens, list):
        raise unreadable(f"it has no {section}", response)
    for token in tokens:
        oid = _identity(token)
        if oid is None:
            raise unreadable(f"{token!r:.80} is not the identity of an asset", response)
        yield oid


def _identity(value: Json) -> Oid | None:
    """Return the asset that a text names, without its moment; None when it names none."""
    try:
        found = Oid.parse(str(value)).current
    except BadValue:
        return None
    return found if isinstance(found.key, int) else None


def _failures(document: dict[str, Json], aliases: list[str]) -> dict[str, str] | None:
    """The server's messages by alias. An entry has the alias of its command, or one of the server's own; then
    `sourceCommandIndex` is the command's place in the request, where the queries follow the commands.
    """
    section = document.get("commandFailures")
    if not isinstance(section, dict):
        return None
    entries = section.get("commands")
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        error = entry.get("error")
        error = error if isinstance(error, dict) else {}
        place = error.get("sourceCommandIndex")
        by_place = aliases[place] if type(place) is int and 0 <= place < len(aliases) else None
        alias = next((key for key in entry if key in aliases), by_place)
        if alias is not None:
            found[alias] = str(error.get("message") or "it gave no reason")
    return found


def _sets(document: dict[str, Json], response: Response) -> list[Objects]:
    content = document.get("queryResult")
    results = content.get("results", []) if isinstance(content, dict) else []
    if not isinstance(results, list) or not all(isinstance(each, list) for each in results):
        raise unreadable("a result set is a list of assets", response)
    return [[item for item in each if isinstance(item, dict)] for each in results if isinstance(each, list)]


def _contradiction(document: dict[str, Json], once: Mapping[str, tuple[Oid, ...]]) -> str | None:
    """Find a count that is not that of its list, or an asset that was created or modified twice."""
    lists = {**dict.fromkeys(_SECTIONS, "oidTokens"), "commandFailures": "commands", "queryResult": "results"}
    for name, key in lists.items():
        section = document.get(name)
        content, count = (section.get(key), section.get("count")) if isinstance(section, dict) else (None, None)
        if isinstance(content, list) and isinstance(count, int) and count not in (len(content), _NO_QUERY):
            return f"{name} lists {len(content)} and counts {count}"
    for name, oids in once.items():
        twice = next((oid for oid, number in Counter(oids).items() if number > 1), None)
        if twice is not None:
            return f"{name} has {twice.token} twice"
    return None


def unreadable(reason: str, response: Response | None = None) -> InvalidResponse:
    """The error for an answer that is JSON and yet not what was requested."""
    status = response.status if response else None
    return InvalidResponse(f"The answer of {PATH} cannot be read: {reason}.", status=status, request=f"POST {PATH}")


def outcomes_from(chunk: BulkRequest, answer: BulkResponse, state: WriteState) -> list[Outcome | None]:
    """Return the outcomes of a chunk, one per command, same order, and note in *state* what was created.

    None means an update or a delete whose outcome the answer does not prove: its asset is not listed, or the answer
    contradicts itself.
    """
    made = _made(chunk, answer, state.known_keys)
    expected = _expected(chunk, answer)
    lost: set[Oid] = set()
    outcomes: list[Outcome | None] = []
    for alias, each in chunk.commands.items():
        outcome = _outcome(chunk, answer, alias, each, made, expected, lost)
        if outcome is None and not (answer.finished and isinstance(each.change, Update | Delete)):
            outcome = Unknown(each.change, unreadable(answer.contradiction or "the server is still at work"))
        if isinstance(each.change, Create) and not isinstance(outcome, Done):
            lost.add(each.change.oid)
        state.take_over([outcome])
        outcomes.append(outcome)
    return outcomes


def _outcome(
    chunk: BulkRequest,
    answer: BulkResponse,
    alias: str,
    command: Command,
    made: Mapping[str, dict[str, Json]],
    expected: Counter[Key],
    lost: Container[Oid],
) -> Outcome | None:
    change = command.change
    if answer.contradiction is not None:
        return None
    message = (answer.failures or {}).get(alias)
    is_modified = isinstance(change, Update) and answer.modified[chunk.real(change.oid).key] > 0
    if message is not None:
        needed = next((oid for oid in (change.oid, *references(change)) if oid in lost), None)
        if needed is not None:
            return Skipped(change, needed)
        return None if is_modified else Failed(change, refused(change, message))
    if isinstance(change, Create):
        return _created(command, made.get(alias), len(made) == len(answer.created) and answer.finished)
    oid = chunk.real(change.oid)
    if isinstance(change, Update):
        return Done(change, oid) if is_modified else None
    return _executed(change, oid, expected, answer)


def _created(command: Command, found: dict[str, Json] | None, accounted: bool) -> Outcome:
    """*accounted* means that every new asset belongs to a command, so that a create without one made none."""
    change = command.change
    if found is not None:
        oid = _identity(found.get("_oid"))
        assert oid is not None
        return Done(change, oid, _row(command, found))
    if accounted:
        return Failed(change, refused(change, None))
    return Unknown(change, unreadable("it does not show which of the new assets is which"))


def _row(command: Command, found: dict[str, Json]) -> Row | None:
    assert command.query is not None
    try:
        return Reader(command.query).rows([found])[0]
    except InvalidResponse:
        # The asset exists, which is what counts; its values can be read again.
        return None


def _executed(change: Change, oid: Oid, expected: Counter[Key], answer: BulkResponse) -> Outcome | None:
    """The outcome of an operation. An operation on an asset that is not listed found nothing to operate on."""
    if answer.operated[oid.key] == expected[oid.key]:
        return Done(change, oid)
    if answer.operated[oid.key]:
        return Unknown(change, unreadable(f"it does not show which operations on {oid.token} were performed"))
    if not answer.finished or (answer.failures is None and isinstance(change, Delete)):
        return None
    return Failed(change, refused(change, None) if answer.failures is None else not_found(change, oid))


def _expected(chunk: BulkRequest, answer: BulkResponse) -> Counter[Key]:
    """How often each asset is operated on, failures aside."""
    return Counter(
        chunk.real(each.change.oid).key
        for alias, each in chunk.commands.items()
        if not isinstance(each.change, Create | Update) and alias not in (answer.failures or {})
    )


def _made(chunk: BulkRequest, answer: BulkResponse, known_keys: Container[Key]) -> dict[str, dict[str, Json]]:
    """What each create made, by alias; empty when the answer does not prove it.

    One result set per query: each belongs to the query at its place (7.2, results in order; 7.8, tests 27 to 29). Fewer
    sets are not documented, so then the new assets are taken in the order of the commands without the failed ones (7.2,
    oidTokens in processing order; 12.1), and their values by identity.
    """
    if any(oid.key in known_keys for oid in answer.created):
        return {}
    failures = answer.failures or {}
    created = dict.fromkeys(answer.created)
    found = [(_identity(item.get("_oid")), item) for several in answer.sets for item in several]
    if any(oid not in created for oid, _ in found) or len({oid for oid, _ in found}) < len(found):
        return {}
    if len(answer.sets) == len(chunk.queries):
        made = {alias: several[0] for alias, several in zip(chunk.queries, answer.sets, strict=True) if several}
        proven = len(made) == len(found) and made.keys().isdisjoint(failures)
    else:
        saved = [alias for alias in chunk.queries if alias not in failures]
        values = dict(found)
        made = {alias: values.get(oid, {"_oid": oid.token}) for alias, oid in zip(saved, answer.created, strict=False)}
        proven = len(saved) == len(answer.created)
    types = {alias: _identity(item.get("_oid")) for alias, item in made.items()}
    fit = all(oid is not None and oid.type == chunk.commands[alias].change.oid.type for alias, oid in types.items())
    return made if proven and fit else {}


def refused(change: Change, message: str | None) -> Rejected:
    """The error for a change that the server turned down, with its *message* where it gave one."""
    blamed = find_violation((message,))
    advice = f". {blamed.advice}" if blamed and blamed.advice else ""
    quoted = message[:_LONGEST_WORDS] if message else "it gave no reason"
    return Rejected(
        f"The server refused {_action(change)} (POST {PATH}): {quoted}{advice}",
        request=f"POST {PATH}",
        server_message=message,
        oid=change.oid.token,
        type_name=blamed and blamed.type_name,
        attribute=blamed and blamed.attribute,
    )


def not_found(change: Change, oid: Oid) -> NotFound:
    """The error for a change of an asset that was not there: on the wire that is a success with nothing changed."""
    return NotFound(
        f"{oid.token} does not exist, was deleted or is not visible (POST {PATH}).",
        status=404,
        request=f"POST {PATH}",
        oid=change.oid.token,
    )


def _action(change: Change) -> str:
    if isinstance(change, Call):
        return f"{change.operation} on {change.oid.token}"
    verb = "create" if isinstance(change, Create) else "update" if isinstance(change, Update) else "delete"
    return f"to {verb} {change.oid.token}"
