"""The cases of results: suite files read as typed rows, and saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta.backends.testspace import Testspace, files
from assetmeta.backends.testspace.suites import Case, Suite, read
from assetmeta.core.asset import Asset
from assetmeta.core.attachments import source_of
from assetmeta.core.context import SessionContext
from assetmeta.core.query import Query
from assetmeta.core.state import forget
from assetmeta.core.whole_file import write_whole
from assetmeta.model.contract import Backend
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.session import Session
from assetmeta.tools.common import existing


class CaseOf(NamedTuple):
    """One case and the content that it is in."""

    content: Any
    case: Case


def suite(content: Any) -> Suite | None:
    """Return the suite file of a Content, read; None for a folder, and for a suite that has no cases.

    One request for a content that is loaded. Raises InvalidResponse for a file that is no suite, BadValue, Unsupported.
    """
    context = _context(content, "Content")
    link = content.download_url
    return read(context.run(files.body(link, _dialect(context.backend)))) if link else None


def cases(what: Any) -> Iterator[CaseOf]:
    """Yield the cases of a Content, with those of all that is in it, or of all contents of a Result, one file after the
    other.

    One request per folder and per suite with cases, each when it is come to; suites without cases take none. Raises
    BadValue for anything else, before it is gone through.
    """
    _dialect(existing(what, "Result", "Content").backend)
    return _cases(what)


def _cases(what: Any) -> Iterator[CaseOf]:
    for content in _contents(what):
        found = suite(content) if _has_cases(content) else None
        for case in found.cases if found else ():
            yield CaseOf(content, case)


def download(content: Any, folder: str | Path = ".") -> Path:
    """Save the suite file of a Content in a folder, streamed, and return the new file's path. One request.

    It is called as the content is, made harmless; an existing file is never overwritten. Raises BadValue for a content
    without a file.
    """
    context = _context(content, "Content")
    link = content.download_url
    if not link:
        raise BadValue(f"{content.idref} has no file: it is a folder, or a suite without cases.", oid=content.idref)
    dialect = _dialect(context.backend)
    name = dialect.safe_name(content.name or "")
    return write_whole(
        Path(folder),
        name,
        lambda sink: context.run(files.download_link(link, sink, dialect)),
        source=source_of(content),
    )


def clear(result: Any) -> None:
    """Delete all contents of a Result, with the failures that were tracked in them; the result stays. One request, at
    once.
    """
    context = _context(result, "Result")
    context.run(_dialect(context.backend).clear(result._state.oid))
    with context.lock:
        forget(result)


def links(session: Session) -> dict[str, str]:
    """Return the server's link map, templates of addresses by name. One request: the cheapest way to try a login."""
    return session.run(_dialect(session.backend).links())


def suite_and_case(failure: Any) -> tuple[str, str]:
    """Return the path of the suite and the name of the case that a Failure is about. Sends nothing for one that is
    loaded. Raises BadValue for a key of another form.
    """
    _context(failure, "Failure")
    path, mark, name = str(failure.key).partition("().")
    if not mark:
        raise BadValue(f"{failure.idref}: the key is not a suite and a case.", oid=failure.idref)
    return path, name


def _contents(what: Any) -> Iterator[Any]:
    """A content and all that is in it, or all contents of a result."""
    if isinstance(what, Asset) and what._type.name == "Result":
        yield from Query(_context(what, "Result"), "Content").where(result=what)
        return
    _context(what, "Content")
    yield what
    for inner in what.contents:
        yield from _contents(inner)


def _has_cases(content: Any) -> bool:
    """False for what surely has none. Servers that do not count untested cases may have them."""
    counts = content.case_counts
    return counts is None or any(number is None or number > 0 for number in counts)


def _context(asset: Any, type_name: str) -> SessionContext:
    """What *asset*'s session shares. Raises BadValue for another type, Unsupported for another server."""
    context = existing(asset, type_name)
    _dialect(context.backend)
    return context


def _dialect(backend: Backend) -> Testspace:
    if not isinstance(backend, Testspace):
        raise Unsupported(f"This function needs a Testspace session; this one is {backend.name}.")
    return backend
