"""A line that records what goes over another one, and a line that replays it without a server."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from assetmeta.model.errors import Unreachable, nearest
from assetmeta.model.flows import Request, Response
from assetmeta.model.processes import renew_in_child
from assetmeta.wire.body import is_file
from assetmeta.wire.download import begin
from assetmeta.wire.line import Answer, Line
from assetmeta.wire.origin import resolved
from assetmeta.wire.redact import redacted_line
from assetmeta.wire.tape import Scrub, key_of, load, save, stable_headers

SHORTEST_SECRET = 8


class Cassette:
    """Recorded exchanges in one JSON file: `Cassette.record(path)` or `Cassette.replay(path)`, given to a session.

    Kept are method, path, query, body and harmless headers; login headers, cookies, the session's own secrets (of 8
    characters or more), further *secrets* (texts) and the server's address are replaced. Of an uploaded file only a
    checksum is kept. The file is written when the session is closed.

    A replay needs no network. Requests are recognised by method, path, query and body, in any order; equal requests
    get their answers in the order in which they were recorded. `unused` tells what was never asked for.
    """

    def __init__(self, path: str | Path, *, recording: bool, secrets: Iterable[str] = ()) -> None:
        self.path = Path(path)
        self.recording = recording
        self._secrets = tuple(secrets)
        self._line: _Recorder | _Replayer | None = None

    @classmethod
    def record(cls, path: str | Path, secrets: Iterable[str] = ()) -> Cassette:
        """Make a cassette that records; a file of that name is overwritten."""
        return cls(path, recording=True, secrets=secrets)

    @classmethod
    def replay(cls, path: str | Path, secrets: Iterable[str] = ()) -> Cassette:
        """Make a cassette that replays. *secrets* are those the requests hold now, if they hold any."""
        return cls(path, recording=False, secrets=secrets)

    def line(
        self,
        base: str,
        open_line: Callable[[], Line],
        secrets: Callable[[], Iterable[str]],
        names: Callable[[], Iterable[str]] = tuple,
    ) -> Line:
        """Return the line for a session; only a recording opens the real one. *names* are those of secret fields.

        Raises Unreadable when there is nothing to replay.
        """
        # A short password is likely to be an ordinary word of the data, which a replay would then miss.
        texts = lambda: (*self._secrets, *(text for text in secrets() if len(text) >= SHORTEST_SECRET))  # noqa: E731
        scrub = Scrub(base, texts, names)
        self._line = _Recorder(self.path, open_line(), scrub) if self.recording else _Replayer(self.path, scrub)
        return self._line

    @property
    def unused(self) -> list[str]:
        """The recorded requests that nobody has asked for yet ("GET /path"), once a session replays them."""
        return self._line.unused if isinstance(self._line, _Replayer) else []


class _Recorder:
    """Passes requests on and keeps them with their answers."""

    def __init__(self, path: Path, line: Line, scrub: Scrub) -> None:
        self._path = path
        self._line = line
        self._scrub = scrub
        self._lock = threading.Lock()
        self._exchanges: list[tuple[dict[str, Any], Response]] = []
        self._is_forked = False
        renew_in_child(self)

    def after_fork(self) -> None:
        """Leave the file to the process that began it."""
        self._lock = threading.Lock()
        self._is_forked = True

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        kept = self._scrub.request(request)
        answer = self._line.exchange(replace(request, sink=None), login=login)
        with self._lock:
            self._exchanges.append((kept, answer.response))
        return replace(answer, response=_delivered(answer.response, request))

    def close(self) -> None:
        self._line.close()
        if self._is_forked:
            return
        # Scrubbed only now: by now every secret is known, also one that a renewal brought after the answer.
        save(self._path, [{"request": kept, "response": self._kept(answer)} for kept, answer in self._exchanges])

    def _kept(self, response: Response) -> dict[str, Any]:
        headers = stable_headers(response.headers.items())
        return {
            "status": response.status,
            "headers": {name: self._scrub.text(value) for name, value in headers.items()},
            "body": self._scrub.body(response.body),
        }


class _Replayer:
    """Answers from the file."""

    def __init__(self, path: Path, scrub: Scrub) -> None:
        self._path = path
        self._scrub = scrub
        self.after_fork()
        renew_in_child(self)
        self._answers: dict[str, deque[dict[str, Any]]] = {}
        self._lines: Counter[str] = Counter()
        for exchange in load(path):
            kept = scrub.again(exchange["request"])
            self._answers.setdefault(key_of(kept), deque()).append(exchange)
            self._lines[_line(exchange["request"])] += 1

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self._lock = threading.Lock()

    @property
    def unused(self) -> list[str]:
        with self._lock:
            return [_line(exchange["request"]) for left in self._answers.values() for exchange in left]

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        kept = self._scrub.request(request)
        with self._lock:
            left = self._answers.get(key_of(kept))
            if not left:
                raise self._missing(kept, recorded=left is not None)
            answer = left.popleft()["response"]
        headers = {name: self._scrub.restored(value) for name, value in answer["headers"].items()}
        response = Response(answer["status"], headers, self._scrub.content(answer["body"]), request)
        return Answer(
            _delivered(response, request), resolved(self._scrub.base, request.path), received=len(response.body)
        )

    def close(self) -> None:
        return

    def _missing(self, kept: dict[str, Any], recorded: bool) -> Unreachable:
        line = _line(kept)
        if recorded:
            why = "has no more answers to it: it was recorded less often."
        elif line in self._lines:
            why = "holds it only with another query or body."
        else:
            why = f"does not hold it.{nearest(line, self._lines)}"
        text = f"{line} cannot be replayed: {self._path.name} {why} Record the cassette again, or mend the request."
        return Unreachable(text, sent=False, permanent=True, request=line)


def _line(kept_request: dict[str, Any]) -> str:
    return redacted_line(Request(kept_request["method"], kept_request["path"]))


def _delivered(response: Response, request: Request) -> Response:
    if request.sink is None or not is_file(request, response):
        return replace(response, request=request)
    begin(request.sink, response.status, {})
    request.sink.write(response.body)
    return replace(response, request=request, body=b"")
