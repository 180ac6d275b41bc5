"""Answers checked for errors and sign-in pages, and documents parsed safely, for all dialects."""

from __future__ import annotations

import json
import mimetypes
import re
from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import NamedTuple, NoReturn, TypeVar

from lxml import etree
from msgspec import DecodeError
from msgspec.json import Decoder

from assetmeta.model.errors import (
    AuthenticationFailed,
    Finding,
    InvalidResponse,
    NotFound,
    Rejected,
    ServerError,
    ServerFailed,
    quoted,
)
from assetmeta.model.http import INCOMPLETE, Reply, Response

Json = str | int | Decimal | bool | None | list["Json"] | dict[str, "Json"]

MAX_DOCUMENT = 128 * 1024 * 1024
"""Bytes of one document; more is refused before it is parsed."""


_LONGEST_WORDS = 500
"""Characters of the server's message in ours; `server_message` and `causes` contain it whole."""

_QUOTED_FROM = 2000
"""Bytes of a body from which its beginning is quoted."""

T = TypeVar("T")

_JSON = Decoder(float_hook=Decimal)

_COMPLETE = frozenset({200, 201, 203, 204, 205})
_ACCEPTED = 202
_PART = 206

_ANY_BYTES = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
"""Media types that do not describe a file."""

_LOGIN = re.compile(
    rb"""type\s*=\s*["']?password|SAMLRequest|http-equiv\s*=\s*["']?refresh"""
    rb"""|<title>[^<]*\b(?:sign|log)[ -]?(?:in|on)\b|action\s*=\s*["']?[^"'\s>]*(?:login|logon|sign_?-?in)""",
    re.IGNORECASE,
)

_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)


class ErrorDetail(NamedTuple):
    """The content of an error document: its summary, and the causes from the outermost to the innermost.

    *type_name* and *attribute* are what it names as the cause, *advice* is what to do. *findings* are its errors field
    by field, *code* is its name for all of them.
    """

    summary: str | None = None
    causes: tuple[str, ...] = ()
    type_name: str | None = None
    attribute: str | None = None
    advice: str | None = None
    findings: tuple[Finding, ...] = ()
    code: str | None = None


ErrorParser = Callable[[Response], ErrorDetail]
"""Reads a dialect's error documents. It accepts any body and never raises."""


def no_detail(response: Response) -> ErrorDetail:
    """Return an empty detail, for a server without error documents."""
    return ErrorDetail()


def check(response: Response, parser: ErrorParser = no_detail) -> Response:
    """Return a 2xx *response* as it is. Raises the error that fits any other status, with the server's message.

    Raises InvalidResponse for a 2xx that is no answer to the whole request: an HTML page, such as a sign-in page or one
    of a proxy with status 200; a part (206) of which no part was requested; and, for a read,
    "accepted" (202).
    """
    if not response.ok:
        raise failure(response, parser)
    reason = _incomplete(response) or _hint(response)
    if reason:
        _unreadable(response, reason)
    return response


def check_place(response: Response, parser: ErrorParser = no_detail, *, advice: str) -> Response:
    """Return a 2xx *response* from a place that every server of the kind has; raises as `check`. A 404 there mostly
    means that the session has the address of another server: its error ends in *advice*.
    """
    if response.status != 404:
        return check(response, parser)
    error = failure(response, parser)
    raise NotFound(f"{str(error).rstrip('.')}. {advice}", **vars(error))


def check_file(response: Response, parser: ErrorParser = no_detail, *, kind: str = "", name: str = "") -> Response:
    """Return a 2xx *response* whose body is a file. Raises as `check`.

    *kind* is the media type that the file has by its description, *name* its name, where they are known. An HTML page
    is a file when the server marks it as an attachment, when the description calls it HTML, and when it is no sign-in
    page and may be HTML by its name or its media types.

    The transport does not write an unmarked page into the sink of the request: one that is accepted here is.
    """
    sink = response.request.sink if response.request else None
    if not response.ok or not response.body or sink is None or not response.is_page:
        return response if response.ok and _is_marked(response) else check(response, parser)
    kind = kind.partition(";")[0].strip().lower()
    if "html" not in kind and not (_may_be_html(response, kind, name) and _LOGIN.search(response.body) is None):
        _unreadable(response, _hint(response))
    sink.write(response.body)
    return response


def _may_be_html(response: Response, kind: str, name: str) -> bool:
    """True when a page may be the file: HTML by its name, or a text or bytes of any kind that were sent as such."""
    named = [_kind_of(each) for each in (name, response.request.line if response.request else "")]
    if any("html" in each for each in named):
        return True
    kinds = {kind, *named, response.media_type}
    return "html" not in response.media_type and all(each in _ANY_BYTES or each.startswith("text/") for each in kinds)


def _kind_of(name: str) -> str:
    return mimetypes.guess_type(name.rpartition("/")[2])[0] or ""


def failure(response: Response, parser: ErrorParser = no_detail) -> ServerError:
    """Return the error for a response that is not 2xx."""
    detail = parser(response)
    causes = detail.causes
    text = ": ".join(dict.fromkeys(part for part in (detail.summary, causes[-1] if causes else None) if part))
    kind, what = _meaning(response.status)
    message = text[:_LONGEST_WORDS] or _hint(response) or _quoted(response) or "it gave no reason"
    advice = f". {detail.advice}" if detail.advice else ""
    return kind(
        f"{what} {_line(response)} ({response.status}): {message}{advice}",
        status=response.status,
        request=_line(response),
        server_message=detail.summary,
        causes=causes,
        type_name=detail.type_name,
        attribute=detail.attribute,
        findings=detail.findings,
        code=detail.code,
        sent=response.status != INCOMPLETE,
    )


def answered(sent: Reply) -> Response:
    """Return the answer that a flow was sent for a single request."""
    if isinstance(sent, Response):
        return sent
    raise TypeError("one request was yielded and several answers were sent")


def answers(sent: Reply) -> tuple[Response, ...]:
    """Return the answers that a flow was sent for a tuple of requests. Raises the first error among them."""
    found: list[Response] = []
    for item in sent if isinstance(sent, tuple) else (sent,):
        if not isinstance(item, Response):
            raise item
        found.append(item)
    return tuple(found)


def confirm(is_it: bool, wanted: str, found: object, line: str, status: int | None = None) -> None:
    """Raise InvalidResponse unless an answer *is* about what was requested. Every read by identity, name or number is
    checked so, and every answer to a write: a cache, a proxy or a faulty server must not exchange assets.

    *wanted* is what was requested, *found* what the answer names, *line* is the request.
    """
    if not is_it:
        raise InvalidResponse(
            f"The answer to {line} cannot be trusted: it is about {quoted(str(found))} and should be about "
            f"{wanted}. Something between here and the server may mix up answers.",
            status=status,
            request=line,
        )


def each_once(identities: Iterable[Hashable], line: str) -> None:
    """Raise InvalidResponse when one page of a list names an asset twice. None is what has no identity."""
    listed = list(identities)
    if len(set(listed)) == len(listed):
        return
    seen: set[Hashable] = set()
    for found in listed:
        if found is not None and found in seen:
            raise InvalidResponse(f"The answer to {line} cannot be trusted: it lists {found} twice.", request=line)
        seen.add(found)


def parse_xml(response: Response) -> etree._Element:
    """Return the root of an XML document in UTF-8.

    Entities are not expanded, nothing is loaded, comments and processing instructions are dropped. Raises
    InvalidResponse for HTML, another media type, a DOCTYPE, malformed or oversized documents, and elements nested
    deeper than the parser's own bound of 256.
    """
    _guard(response, "XML", wrong="json")
    prolog = _PROLOG.match(response.body)
    if prolog and response.body[prolog.end() : prolog.end() + 9].upper() == b"<!DOCTYPE":
        _unreadable(response, "it has a DOCTYPE, which is refused because it can contain harmful entities")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(response.body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        _unreadable(response, f"it is not well-formed XML ({error})")
    if root.getroottree().docinfo.internalDTD is not None:
        _unreadable(response, "it has a DOCTYPE, which is refused because it can contain harmful entities")
    return root


def parse_json(response: Response) -> Json:
    """Return a JSON document; numbers with a fraction are Decimals.

    Raises InvalidResponse for HTML, another media type, malformed or oversized documents, NaN, and nesting deeper than
    the interpreter's recursion limit.
    """
    _guard(response, "JSON", wrong="xml")
    found: Json
    try:
        found = _JSON.decode(response.body)
        return found
    except (DecodeError, RecursionError, ArithmeticError):
        # The slower parser also reads unpaired surrogates and other encodings, and reports what is wrong and where.
        pass
    reason = ""
    try:
        found = json.loads(response.body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # A number with an endless exponent is an ArithmeticError of Decimal.
        reason = f"it is not valid JSON ({error})"
    if reason:
        # Not in the block above: the error of the parser, and its frames, hold the whole body.
        _unreadable(response, reason)
    return found


def parse_typed(response: Response, decoder: Decoder[T]) -> T | None:
    """Return a JSON document of the type that *decoder* reads, which takes half as long as `parse_json`; None for any
    other, which `parse_json` reads or reports.
    """
    if len(response.body) > MAX_DOCUMENT or "xml" in response.media_type:
        return None
    try:
        return decoder.decode(response.body)
    except (DecodeError, RecursionError):
        return None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _guard(response: Response, wanted: str, wrong: str) -> None:
    if len(response.body) > MAX_DOCUMENT:
        _unreadable(response, f"it is larger than {MAX_DOCUMENT} bytes")
    hint = _hint(response)
    if hint:
        _unreadable(response, hint)
    if not response.body.strip():
        _unreadable(response, f"{wanted} was expected and the body is empty")
    if wrong in response.media_type:
        _unreadable(response, f"{wanted} was expected, not {response.media_type}")


def _incomplete(response: Response) -> str:
    """Return why a 2xx is no answer to the whole request, or an empty text."""
    request = response.request
    if response.status == _PART and request is not None and any(name.lower() == "range" for name, _ in request.headers):
        return ""
    if response.status == _ACCEPTED and (request is None or request.writes):
        return ""
    if response.status in _COMPLETE:
        return ""
    return f"status {response.status} means that it is not the whole answer"


def _is_marked(response: Response) -> bool:
    """True when the server marks the body as a file."""
    return "content-disposition" in response.headers and not _incomplete(response)


def _hint(response: Response) -> str:
    """Return what an HTML page most likely means, or an empty text."""
    if response.is_page:
        return (
            "it is an HTML page, so a login page, a proxy or another site answered; "
            f"check the address of the server ({_quoted(response)})"
        )
    return ""


def _quoted(response: Response) -> str:
    return quoted(response.body[:_QUOTED_FROM])


def _unreadable(response: Response, reason: str) -> NoReturn:
    raise InvalidResponse(
        f"The answer to {_line(response)} cannot be read: {reason}.",
        status=response.status,
        request=_line(response),
    )


def _line(response: Response) -> str:
    return response.request.line if response.request else "the request"


def _meaning(status: int) -> tuple[type[ServerError], str]:
    if status == 401:
        return AuthenticationFailed, "The server does not accept the credentials for"
    if status == 404:
        return NotFound, "The server found nothing at"
    if status == INCOMPLETE:
        return Rejected, "The server did not receive all of"
    if status >= 500:
        return ServerFailed, "The server failed at"
    return Rejected, "The server refused"
