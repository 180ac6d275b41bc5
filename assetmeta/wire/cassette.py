"""Recorded conversations: a transport that records what another one sends and replays it without a server.

The store is vcrpy's (extra `vcr`): its cassette, its files, its record modes and matchers. What it does not do is here:
secrets are hidden, the server's address is replaced, and exchanges are kept below the driver, under one lock. Its own
way in, patches of the HTTP library's connections, loses exchanges when several threads send.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from msgspec.structs import replace

from assetmeta.model import optional
from assetmeta.model.errors import BadValue, InvalidResponse, Unreachable, nearest
from assetmeta.model.http import Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.wire.bodies import redacted_body, rules_of
from assetmeta.wire.body import CHUNK, BodyPosition, is_file
from assetmeta.wire.download import begin
from assetmeta.wire.redact import HIDDEN, redacted_headers, redacted_query, scrubbed, split_query
from assetmeta.wire.transport_base import Answer, BaseTransport
from assetmeta.wire.urls import Origin, resolved

SHORTEST_SECRET = 8
UNSTABLE = frozenset(
    ("connection", "content-encoding", "content-length", "date", "keep-alive", "set-cookie", "transfer-encoding")
)
"""Response headers that differ from one recording to the next, or do not fit the stored body."""

HARMLESS = frozenset(("accept", "accept-language", "content-disposition", "content-type", "if-match", "range"))
"""Request headers whose values are kept; any other may be a login of its own."""

_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""What a file that is no cassette makes vcrpy raise, besides the errors of YAML."""


class Cassette:
    """Recorded exchanges in one YAML file of vcrpy, given to a session. Needs the extra `vcr`.

    `Cassette.record(path)`, `Cassette.replay(path)`, or `Cassette(path, mode)` with a record mode of vcrpy:

    | mode | what is in the file | what is not |
    | --- | --- | --- |
    | "none" (`replay`) | replayed | raises Unreachable |
    | "once" | replayed | recorded when there is no file yet, else as "none" |
    | "new_episodes" | replayed | recorded |
    | "all" (`record`) | replaced | recorded |

    Kept are method, URL, body and harmless headers. Login headers, cookies, what the schema calls secret, the session's
    own secrets (of 8 characters or more) and further *secrets* (texts) are replaced, and so is the server's address, by
    `https://<server>.example`: versionone, valispace, valohai or testspace. Of an uploaded file a checksum is kept.
    The file is written when the session's block ends and when it is closed, by the process that began it alone.

    A replay needs no network. Requests are recognised by method, path, query and body, in any order; equal requests get
    their answers in the order in which they were recorded. `unused` lists what was never requested.

    Raises BadValue for an unknown mode, Unsupported where vcrpy is not installed. Each session that records takes a
    cassette of its own.
    """

    def __init__(self, path: str | os.PathLike[str], mode: str = "once", secrets: Iterable[str] = ()) -> None:
        modes = optional.load("vcr.record_mode", extra="vcr").RecordMode
        try:
            self._mode = modes(mode)
        except ValueError:
            known = ", ".join(repr(str(each.value)) for each in modes)
            raise BadValue(f"mode={mode!r} is no record mode; there are {known}.") from None
        self.path = Path(path)
        self._secrets = tuple(secrets)
        self._transport: _CassetteTransport | None = None

    @classmethod
    def record(cls, path: str | os.PathLike[str], secrets: Iterable[str] = ()) -> Cassette:
        """Make a cassette that records; a file of that name is replaced."""
        return cls(path, "all", secrets)

    @classmethod
    def replay(cls, path: str | os.PathLike[str], secrets: Iterable[str] = ()) -> Cassette:
        """Make a cassette that replays. *secrets* are those the requests hold now, if they hold any."""
        return cls(path, "none", secrets)

    def transport(
        self,
        base: str,
        open_transport: Callable[[], BaseTransport],
        secrets: Callable[[], Iterable[str]],
        names: Callable[[], Iterable[str]] = tuple,
        server: str = "server",
    ) -> BaseTransport:
        """Return the transport of a session with the URL *base*; only what may record opens the real one.

        *names* are those of secret fields, *server* is the name in the recorded URLs. Raises
        InvalidResponse when the file is no cassette, or is missing and nothing may be recorded; BadValue when another
        session records on this cassette.
        """
        if self._transport is not None and self._transport.is_recording:
            raise BadValue(f"Another session records on the cassette {self.path.name}. Make one for each session.")
        # A short password is likely to be an ordinary word of the data, which a replay would then miss.
        texts = lambda: (*self._secrets, *(text for text in secrets() if len(text) >= SHORTEST_SECRET))  # noqa: E731
        self._transport = _CassetteTransport(
            self.path, self._mode, Scrubber(base, server, texts, names), open_transport
        )
        return self._transport

    def save(self) -> None:
        """Write what was recorded so far, in one step. Does nothing where nothing is new, and in a forked process."""
        if self._transport is not None:
            self._transport.save()

    @property
    def unused(self) -> list[str]:
        """The recorded requests that have not been sent yet ("GET /path"), once a session replays them."""
        return self._transport.unused if self._transport is not None else []


class Scrubber:
    """Takes the secrets and the server's address out of what is kept, and puts the address in again.

    *secrets* are texts, *names* those of fields that the schema calls secret.
    """

    def __init__(
        self, base: str, server: str, secrets: Callable[[], Iterable[str]], names: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self.base = base
        self.host = f"https://{server}.example"
        self._secrets = secrets
        self._names = names
        self._origin = str(Origin.of(base))
        # Slashes are escaped in some JSON; another host or port may begin with this one.
        own = re.escape(self._origin).replace("/", r"\\?/")
        self._own = re.compile(rf"{own}(?![\w-]|\.\w|:\d)", re.IGNORECASE)
        self._root = self.host + urlsplit(base).path.rstrip("/")

    def request(self, request: Request) -> Any:
        """Return what is kept of a request, as a Request of vcrpy. Its file, if it has one, is read and rewound."""
        bare, pairs = split_query(resolved(self.base, request.path))
        headers = {
            name: self._text(value) if name in HARMLESS else HIDDEN
            for name, value in sorted(redacted_headers(request.headers).items())
        }
        body = self._content(request.body) if isinstance(request.body, bytes) else _fingerprint(request)
        return _recorded(request.method, self._url(bare, (*pairs, *request.query)), body, headers)

    def again(self, recorded: Any) -> Any:
        """Return a recorded request as it is kept now: by now more may be known to be secret."""
        body = recorded.body if isinstance(recorded.body, bytes) else None
        url = self._url(*split_query(recorded.uri))
        return _recorded(recorded.method, url, body and self._content(body), dict(recorded.headers))

    def response(self, recorded: dict[str, Any]) -> dict[str, Any]:
        """Return a recorded answer as it is written into the file."""
        headers = {name: [self._text(value) for value in values] for name, values in recorded["headers"].items()}
        return {**recorded, "headers": headers, "body": {"string": self._content(recorded["body"]["string"])}}

    def replayed(self, recorded: dict[str, Any], request: Request) -> Response:
        """Return the answer to *request* that was recorded, with the address of this session."""
        headers = {name.lower(): self._restored(", ".join(values)) for name, values in recorded["headers"].items()}
        body = recorded["body"]["string"] or b""
        with suppress(UnicodeDecodeError):
            body = self._restored(body.decode("utf-8")).encode("utf-8")
        return Response(recorded["status"]["code"], headers, body, request)

    def line(self, recorded: Any) -> str:
        """Return "GET /path" of a recorded request for messages, the path below the session's URL where it is."""
        return f"{recorded.method} {split_query(recorded.uri)[0].removeprefix(self._root)}"

    def _url(self, bare: str, pairs: Iterable[tuple[str, str]]) -> str:
        prepared = requests.PreparedRequest()
        query = [(name, self._text(value)) for name, value in redacted_query(pairs)]
        prepared.prepare_url(self._text(bare), query)
        return str(prepared.url)

    def _text(self, text: str) -> str:
        return self._own.sub(self.host, redacted_body(text, rules_of(self._names(), self._secrets())))

    def _restored(self, text: str) -> str:
        return text.replace(self.host, self._origin)

    def _content(self, content: bytes) -> bytes:
        try:
            return self._text(content.decode("utf-8")).encode("utf-8")
        except UnicodeDecodeError:
            text = content.decode("utf-8", "surrogateescape")
            return scrubbed(text, self._secrets()).encode("utf-8", "surrogateescape")


class _File:
    """Where vcrpy's cassette is kept: its own files, scrubbed once more and written in one step."""

    def __init__(self, scrubber: Scrubber, *, is_required: bool) -> None:
        self._scrubber = scrubber
        self._is_required = is_required
        self._files = optional.load("vcr.persisters.filesystem", extra="vcr")

    def load_cassette(self, path: Path, serializer: Any) -> tuple[list[Any], list[Any]]:
        """Return recorded requests and their answers. Raises InvalidResponse, or what vcrpy takes for an empty
        cassette.
        """
        try:
            asked, answers, *_ = self._files.FilesystemPersister.load_cassette(path, serializer)
            for answer in answers:
                _check(answer)
        except self._files.CassetteNotFoundError:
            if not self._is_required:
                raise
            raise InvalidResponse(f"There is no cassette {path}. Record it.") from None
        except (*_BROKEN, optional.load("yaml", extra="vcr").YAMLError) as error:
            raise InvalidResponse(
                f"{path} is not a cassette that can be read: {error!r:.200}. Record it again."
            ) from error
        return [self._scrubber.again(request) for request in asked], answers

    def save_cassette(self, path: Path, recorded: dict[str, Any], serializer: Any) -> None:
        """Write exchanges by method and URL, equal ones as they came, so that two recordings can be compared."""
        # Scrubbed only now: by now every secret is known, also one that a renewal brought after the answer.
        asked = [self._scrubber.again(request) for request in recorded["requests"]]
        answers = [self._scrubber.response(answer) for answer in recorded["responses"]]
        order = sorted(range(len(asked)), key=lambda place: (asked[place].method, asked[place].uri))
        kept = {"requests": [asked[place] for place in order], "responses": [answers[place] for place in order]}
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self._files.FilesystemPersister.save_cassette(temporary, kept, serializer)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


class _CassetteTransport:
    """Answers from vcrpy's store, and otherwise passes requests on and keeps them with their answers."""

    def __init__(self, path: Path, mode: Any, scrubber: Scrubber, open_transport: Callable[[], BaseTransport]) -> None:
        self._path = path
        self._scrubber = scrubber
        self._yaml = optional.load("vcr.serializers.yamlserializer", extra="vcr")
        self._file = _File(scrubber, is_required=mode == "none")
        kind = optional.load("vcr.cassette", extra="vcr").Cassette
        settings = {"path": path, "persister": self._file, "serializer": self._yaml, "record_mode": mode}
        begun = kind if mode == "all" else kind.load
        self._store = begun(**settings, match_on=(_same_request,))
        self._transport = None if self._store.write_protected else open_transport()
        self._is_forked = False
        self._lock = threading.Lock()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, and leave the file to the process that began it."""
        self._lock = threading.Lock()
        self._is_forked = True

    @property
    def is_recording(self) -> bool:
        return self._transport is not None

    @property
    def unused(self) -> list[str]:
        with self._lock:
            left = [request for place, request in enumerate(self._store.requests) if not self._store.play_counts[place]]
        return [self._scrubber.line(request) for request in left]

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        asked = self._scrubber.request(request)
        with self._lock:
            is_known = self._store.can_play_response_for(asked)
            recorded = self._store.play_response(asked) if is_known else None
        if recorded is not None:
            response = self._scrubber.replayed(recorded, request)
            url = resolved(self._scrubber.base, request.path)
            return Answer(_delivered(response, request), url, received=len(response.body))
        if self._transport is None:
            raise self._missing(asked)
        answer = self._transport.exchange(replace(request, sink=None), login=login)
        with self._lock:
            self._store.append(asked, _recording(answer.response))
            # It has been given: the next equal request is sent, and its answer may differ by then.
            self._store.play_counts[len(self._store) - 1] += 1
        return replace(answer, response=_delivered(answer.response, request))

    def save(self) -> None:
        if self._is_forked:
            return
        with self._lock:
            if self._store.dirty:
                recorded = {"requests": self._store.requests, "responses": self._store.responses}
                self._file.save_cassette(self._path, recorded, self._yaml)
                self._store.dirty = False

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self.save()

    def _missing(self, asked: Any) -> Unreachable:
        line = self._scrubber.line(asked)
        with self._lock:
            is_recorded = any(_same_request(asked, request) for request in self._store.requests)
            lines = [self._scrubber.line(request) for request in self._store.requests]
        if is_recorded:
            why = "has no more answers to it: it was recorded less often."
        elif line in lines:
            why = "holds it only with another query or body."
        else:
            why = f"does not hold it.{nearest(line, lines)}"
        advice = 'Record the cassette again, or what is new (mode="new_episodes"), or mend the request.'
        text = f"{line} cannot be replayed: {self._path.name} {why} {advice}"
        return Unreachable(text, sent=False, permanent=True, request=line)


def _same_request(asked: Any, recorded: Any) -> bool:
    """True for the same method, path, query and body.

    One matcher, because vcrpy evaluates all it has for every recording. What differs between most of them comes first,
    and bodies are compared as they are: its own matcher of bodies works out where they differ, each time.
    """
    if asked.path != recorded.path or asked.body != recorded.body:
        return False
    matchers = optional.load("vcr.matchers", extra="vcr")
    return bool(matchers.requests_match(asked, recorded, (matchers.method, matchers.query)))


def _check(answer: dict[str, Any]) -> None:
    """Raise an error when a recorded answer is none."""
    code, headers, body = answer["status"]["code"], answer["headers"], answer["body"]["string"]
    if not isinstance(code, int) or not isinstance(body, bytes | None):
        raise ValueError("an answer has no status or another body than text or bytes")
    if not all(isinstance(value, str) for values in headers.values() for value in values):
        raise ValueError("the headers of an answer are no lists of texts")


def _recorded(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Any:
    return optional.load("vcr.request", extra="vcr").Request(method, url, body, headers)


def _recording(response: Response) -> dict[str, Any]:
    """An answer as vcrpy keeps it."""
    headers = {name: [value] for name, value in sorted(redacted_headers(response.headers).items())}
    return {
        "status": {"code": response.status, "message": http.client.responses.get(response.status, "")},
        "headers": {name: values for name, values in headers.items() if name not in UNSTABLE},
        "body": {"string": response.body},
    }


def _fingerprint(request: Request) -> bytes | None:
    if request.body is None or isinstance(request.body, bytes):
        return None
    mark = BodyPosition(request)
    if not mark.is_possible:
        raise BadValue("A cassette cannot hold a request whose file cannot be read twice.")
    digest = hashlib.sha256()
    while chunk := request.body.read(CHUNK):
        digest.update(chunk)
    mark.rewind()
    return f"sha256:{digest.hexdigest()}".encode()


def _delivered(response: Response, request: Request) -> Response:
    if request.sink is None or not is_file(request, response):
        return replace(response, request=request)
    begin(request.sink, response.status, {})
    request.sink.write(response.body)
    return replace(response, request=request, body=b"")
