"""Every error that assetmeta raises, grouped by what the caller does next.

AssetmetaError
├── UsageError                 nothing was sent: change the call
│   ├── UnknownName            a type, attribute or operation that the schema does not have (also an AttributeError)
│   ├── BadValue               a value that the attribute does not take (also a ValueError)
│   ├── ReadOnly               the attribute, the asset or the session is not to be written (also an AttributeError)
│   ├── Unsupported            this server cannot do that, or a package of an extra is missing
│   ├── NotLoaded              a read would have sent a request while loading is forbidden
│   ├── BudgetExceeded         a block would send more requests than it was allowed
│   ├── NotExactlyOne          one() found no asset, or more than one (also a LookupError)
│   └── SessionClosed          the session was closed
├── Unreachable                no whole answer came: try again later
│   ├── BrokenOff              the caller did not wait for the answer (Ctrl-C)
│   ├── TimedOut               the server did not answer in time
│   └── RateLimited            the server limits the rate (429, 503) for longer than we may wait
├── ServerError                the server answered with a refusal
│   ├── AuthenticationFailed   the credentials are wrong or expired (401)
│   ├── NotFound               no such asset or page, or not visible to this user (404; also a LookupError)
│   ├── Rejected               the request was understood and turned down (other 4xx)
│   ├── ServerFailed           the server broke (5xx)
│   └── InvalidResponse        the answer is not the document it should be, or is not safe to read
├── Conflict                   another user changed the same attribute since it was loaded: look, then decide
├── StillWaiting               assets did not reach a state in the time allowed (also a TimeoutError)
├── ResultChanged              a result changed while it was being read page by page: read it again
├── JobError                   a job cannot begin or go on: its journal is in use, another's, or does not fit the plan
└── CommitError                not everything in a commit was saved; its report lists what was
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from assetmeta.model.printable import printable

QUOTED_BODY = 200


class Finding(NamedTuple):
    """One thing that a server finds wrong with a request: in which field (`nodes.0.step`; empty for the whole request),
    in its own words, and its *code* for it.
    """

    path: str
    message: str
    code: str | None = None


class AssetmetaError(Exception):
    """The base of all errors of this library.

    Besides its text an error carries, as far as they apply, *type_name*, *attribute*, *oid* (the asset's token),
    *status* (HTTP), *request* ("GET /path", without secrets), *server_message* and *causes* (the server's own words,
    outermost first), *code* (the server's word for what is wrong) and *findings* (field by field), *sent* (False when
    the server surely did nothing: it was not reached, or turned the request away unprocessed) and *report* (of a
    commit).
    """

    type_name: str | None = None
    attribute: str | None = None
    oid: str | None = None
    status: int | None = None
    request: str | None = None
    server_message: str | None = None
    causes: tuple[str, ...] = ()
    code: str | None = None
    findings: tuple[Finding, ...] = ()
    sent: bool = True
    report: object = None

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(printable(message))
        # Kept in __dict__, so that errors pickle and copy with their data.
        self.__dict__.update({name: _shown(detail) if name in _WORDS else detail for name, detail in details.items()})


_WORDS = frozenset({"request", "server_message", "causes", "findings"})
"""Details that hold words of the server."""


def _shown(detail: object) -> object:
    """A detail, and what is in it, as it may be shown."""
    if isinstance(detail, str):
        return printable(detail)
    if isinstance(detail, Finding):
        return Finding(printable(detail.path), printable(detail.message), detail.code)
    return tuple(map(_shown, detail)) if isinstance(detail, tuple) else detail


class UsageError(AssetmetaError):
    """The call cannot work as written; nothing was sent."""

    sent = False


class UnknownName(UsageError, AttributeError):
    """The schema has no type, attribute or operation of that name."""


class BadValue(UsageError, ValueError):
    """The attribute does not take this value."""


class ReadOnly(UsageError, AttributeError):
    """The attribute, the asset or the whole session may not be written."""


class Unsupported(UsageError):
    """This server, or this installation, cannot do that."""


class NotLoaded(UsageError):
    """A value is not loaded, and loading it was forbidden here."""


class BudgetExceeded(UsageError):
    """A block was about to send more requests than it was allowed."""


class NotExactlyOne(UsageError, LookupError):
    """Exactly one asset was expected, and none or several were found."""


class SessionClosed(UsageError):
    """The session is closed."""


class Unreachable(AssetmetaError):
    """The server gave no whole answer. *permanent* is True where sending the same again cannot help."""

    permanent: bool = False


class BrokenOff(Unreachable):
    """The caller broke off before the answer came (`sent`), or before the request was sent."""

    permanent = True


class TimedOut(Unreachable):
    """The server did not answer within the time allowed."""


class StillWaiting(AssetmetaError, TimeoutError):
    """The time to wait for assets is over: *remaining* holds those that are not there yet. They go on by themselves."""

    remaining: tuple[object, ...] = ()


class RateLimited(Unreachable):
    """Rate limited by the server for longer than the session may wait: *retry_after* seconds, if it gave a time."""

    retry_after: float | None = None


class ServerError(AssetmetaError):
    """The server answered with an error."""


class AuthenticationFailed(ServerError):
    """The server does not accept the credentials."""


class NotFound(ServerError, LookupError):
    """The server has no such asset or page, or does not show it to this user."""


class Rejected(ServerError):
    """The server turned the request down."""


class ServerFailed(ServerError):
    """The server failed while answering."""


class InvalidResponse(ServerError):
    """The answer is malformed, of the wrong kind, too large or unsafe to parse."""


class Conflict(AssetmetaError):
    """Another user changed the same attribute since it was loaded. `clashes` holds was, mine and theirs of each."""

    clashes: tuple[object, ...] = ()


class ResultChanged(AssetmetaError):
    """A result changed while it was being read page by page. `expected` and `received` count assets."""

    expected: int = 0
    received: int = 0


class JobError(AssetmetaError):
    """A job cannot begin or go on: another process runs it, its journal is another server's or user's, does not fit the
    plan, or cannot be written. Nothing more was sent; what was sent before is in the journal.
    """


class CommitError(AssetmetaError):
    """Some changes of a commit were not saved, and are still pending. `report` has the outcome of each."""


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return " Did you mean A, B?" for the candidates most like *name*, or an empty text.

    Case is ignored in the comparison, since that is the most common slip.
    """
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    return f" Did you mean {', '.join(by_folded[match] for match in found)}?" if found else ""


def elsewhere(name: str) -> str:
    """Return where to find what other libraries have as an attribute of this *name*, or an empty text."""
    place = _ELSEWHERE.get(name)
    return f" {place}" if place else ""


_DELETES = "Sessions delete: session.delete(asset), and commit()."
_WRITES = "Assign to attributes, or use set(); session.commit() writes what is pending."
_READS_ANEW = "Assets are read again by inspect(asset).refresh()."
_DROPS = "What is pending is dropped by session.revert(), or session.revert(asset)."
_SENDS = "Changes are sent by session.commit(); what it would send is shown by session.plan()."
_PENDING = "session.pending counts the assets with changes, session.plan() shows them; of one asset: inspect(asset)."
_IDENTITY = "asset.idref is its identity, asset.intid the number in it."
_VALUES = "A column is read by list(query.Name), several attributes are chosen by select(...)."
_CONDITIONS = "Conditions are given to where(...)."
_TYPES = "Types are queried themselves: where(...), all(), first()."
_CUTS = "Queries are cut by slices, query[:10], or page(size, start)."
_MAKES = "New assets are made by their class: session.Type.new(...), and commit()."
_COMPUTES = "Numbers are added up by their column, query.Estimate.sum(), and assets counted by query.count()."
_FORGETS = "Sessions keep assets only as long as they are used; close() ends a session."
_LOADED = "What is loaded of an asset is in asset.data; inspect(asset) has the rest."
_RELATED = "What related assets have is chosen by select('Owners.Name'), or loaded for all of a loop when it is read."
_ELSEWHERE = {
    "delete": _DELETES,
    "remove": _DELETES,
    "save": _WRITES,
    "update": _WRITES,
    "refresh": _READS_ANEW,
    "reload": _READS_ANEW,
    "get": "Call the type with a key for one asset; where(...) finds by conditions.",
    "filter_by": _CONDITIONS,
    "exclude": "The complement of a condition is ~(condition), given to where(...).",
    "having": _CONDITIONS,
    "search": "Texts are searched by find(text, ...), conditions are given to where(...).",
    "find_one": "where(...).one() is the only match, first() the first one.",
    "find_all": _TYPES,
    "scalar": "where(...).one() is the only match, first() the first one.",
    "scalars": _VALUES,
    "one_or_none": "where(...).one() is the only match, first() the first one or None.",
    "order_by": "Queries are sorted by sort(...).",
    "limit": _CUTS,
    "offset": _CUTS,
    "head": _CUTS,
    "tail": _CUTS,
    "objects": _TYPES,
    "list": _TYPES,
    "iterator": "Queries are iterated over, for asset in query; pages(size) yields lists.",
    "values_list": _VALUES,
    "only": _VALUES,
    "defer": _VALUES,
    "distinct": "Each asset comes once; set(query.Name) holds each value once.",
    "aggregate": _COMPUTES,
    "annotate": _COMPUTES,
    "group_by": _COMPUTES,
    "select_related": _RELATED,
    "prefetch_related": _RELATED,
    "join": _RELATED,
    "as_dict": _LOADED,
    "pk": _IDENTITY,
    "oid": _IDENTITY,
    "commit": _SENDS,
    "create": _MAKES,
    "find": _CONDITIONS,
    "refresh_from_db": _READS_ANEW,
    "bulk_update": _WRITES,
    "bulk_create": _MAKES,
    "get_or_create": "where(...).first() is an asset or None; session.Type.new(...) makes one.",
    "begin": "Changes are pending until session.commit(); there are no other transactions.",
    "transaction": "Changes are pending until session.commit(); there are no other transactions.",
    "expunge": _FORGETS,
    "disconnect": _FORGETS,
    "logout": _FORGETS,
    "execute": "Queries run when they are iterated over; query.execute(name) calls an operation.",
    "is_modified": _PENDING,
    "rollback": _DROPS,
    "undo": _DROPS,
    "discard": _DROPS,
    "expire": _READS_ANEW,
    "flush": _SENDS,
    "sync": _SENDS,
    "submit": _SENDS,
    "dirty": _PENDING,
    "is_dirty": _PENDING,
    "changed": _PENDING,
    "has_changes": _PENDING,
    "new": _MAKES,
    "add": _MAKES,
    "add_all": _MAKES,
    "insert": _MAKES,
    "merge": "Changes of others are merged by session.commit(conflicts='merge').",
}


def quoted(body: bytes | str) -> str:
    """Return at most the first 200 characters of a body, on one line, for use in a message."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    text = " ".join(text.split())
    return text if len(text) <= QUOTED_BODY else text[:QUOTED_BODY] + "…"
