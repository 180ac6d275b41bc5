"""How a backend talks: a flow yields Requests and is sent Responses, and never does I/O itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import BinaryIO, NamedTuple, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

from msgspec import Struct, field

from assetmeta.model.errors import AssetmetaError
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.processes import collector_paused

NO_WORD = frozenset({502, 503, 504, *range(520, 528), 530, 598, 599})
"""Statuses of gateways, Cloudflare's among them, that do not know what the server did."""

MAYBE_DONE = frozenset({302, 303})
"""Statuses by which servers lead away after they did what was requested, and also in place of doing it."""

INCOMPLETE = 408
"""The request did not arrive whole, and may be repeated (RFC 9110, section 15.5.9)."""

SNIFFED = 2000
"""Bytes of a body that show whether it is an HTML page."""

# Nothing is tried twice (*+): a body of blanks or comments would take for ever.
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->)*+<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)

_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(?:\.\d+){3}|::1", re.IGNORECASE)

T = TypeVar("T")
_Y = TypeVar("_Y")
_S = TypeVar("_S")


class Request(OwnRepr, Struct, frozen=True):
    """One HTTP request. *path* is below the session's base URL, or a whole URL; *query* pairs are encoded in order.

    *body* is bytes, or an open binary file that is streamed (measured by seeking when it can seek). *sink*, when
    given, receives the body of a 2xx answer in chunks instead of `Response.body`. Only *idempotent* requests are ever
    repeated; *writes* is what a read-only session refuses. *public* is what the server answers without looking at the
    login, so that an answer is no sign that the login is right.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | BinaryIO | None = None
    sink: BinaryIO | None = None
    idempotent: bool = False
    writes: bool = False
    public: bool = False

    @property
    def line(self) -> str:
        """The method and path, for messages; queries may hold user data and signatures, and are left out."""
        return f"{self.method} {self.path.partition('?')[0]}"

    def __repr__(self) -> str:
        """Without query, values of headers and body: tools that show local variables show this."""
        names = ", ".join(name for name, _ in self.headers)
        size = f", {len(self.body)} bytes" if isinstance(self.body, bytes) else ", a file" if self.body else ""
        user = self.path.rpartition("@")
        path = self.line if "://" not in self.path or not user[1] else f"{self.method} {user[2].partition('?')[0]}"
        return printable(f"<Request {path}{f' ({names})' if names else ''}{size}>")


class Response(OwnRepr, Struct, frozen=True):
    """One answer of any status. Header names are lower case. *url* is where it came from, without secrets, for the
    messages of errors; empty with a 2xx.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request: Request | None = None
    url: str = ""

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The content type without parameters, lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """True when the body is an HTML page, whatever its media type: sign-in pages come as text/plain, too."""
        return "html" in self.media_type or _PAGE.match(self.body[:SNIFFED]) is not None

    def __repr__(self) -> str:
        """Without values of headers and body, as of a request."""
        return printable(
            f"<Response {self.status}: {self.media_type or 'no media type'}, {len(self.body)} bytes, {self.request!r}>"
        )


class Earlier(NamedTuple):
    """What an earlier process left of a file: *size* bytes, and the head of the answer that they came with."""

    size: int
    head: Mapping[str, str]


@runtime_checkable
class ResumableSink(Protocol):
    """A sink whose bytes are still there when a process was killed, so that another one can go on with them."""

    def earlier(self) -> Earlier | None:
        """What is there; None where that is nothing to build upon."""

    def pieces(self, size: int) -> Iterable[bytes]:
        """Yield the first *size* bytes of it."""

    def resume(self, size: int) -> None:
        """Go on after the first *size* bytes of it."""

    def begin(self, head: Mapping[str, str]) -> None:
        """Begin again, with the bytes of an answer with this *head*; those of an empty one cannot be continued."""


class Pause(Struct, frozen=True):
    """A wait after a passing fault. Whoever runs the flow chooses how long, by *attempt* (from 1), and throws *error*
    into the flow once it has waited often or long enough.
    """

    attempt: int
    error: AssetmetaError


Yielded = Request | tuple[Request, ...] | Pause
"""What a flow yields: one request, several independent ones that may run at the same time, or a wait."""

Reply = Response | tuple[Response | AssetmetaError, ...]
"""What a flow is sent. A failure of a single request is thrown into the flow; one of several is sent as a value.
A Pause is followed by an empty tuple."""

Flow = Generator[Yielded, Reply, T]


def perform(flow: Generator[_Y, _S, T], answer: Callable[[_Y], _S]) -> T:
    """Run a flow to its end and return its value. *answer* gives what each thing that it yields is sent; an error that
    it raises is raised inside the flow. A flow that is left early, by an error of any kind, is closed.

    The garbage collector is paused while the flow works on an answer, which may be a page of thousands of assets.
    """
    try:
        yielded = next(flow)
        while True:
            try:
                sent = answer(yielded)
            except AssetmetaError as error:
                yielded = flow.throw(error)
            else:
                with collector_paused():
                    yielded = flow.send(sent)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        flow.close()


def is_loopback(url: str) -> bool:
    """Whether a URL is of this computer, where no network carries what is sent and ports change hands."""
    return bool(_LOOPBACK.fullmatch(urlsplit(url).hostname or ""))
