"""Several requests side by side under one login, of which no more are sent once it was refused."""

from __future__ import annotations

from collections.abc import Callable

from assetmeta.model.errors import AssetmetaError, LoginRefused
from assetmeta.model.flows import Request, Response
from assetmeta.wire.redact import redacted_line


class Gate:
    """Answers requests that belong together, from several threads. It shuts at the first refused login: servers lock
    an account after a few of them.
    """

    def __init__(self, deliver: Callable[[Request], Response]) -> None:
        self._deliver = deliver
        self._refusal: LoginRefused | None = None

    def answer(self, request: Request) -> Response | AssetmetaError:
        """Return the answer to a request, or its error as a value."""
        if self._refusal is not None:
            return _unsent(request, self._refusal)
        try:
            return self._deliver(request)
        except LoginRefused as error:
            self._refusal = error
            return error
        except AssetmetaError as error:
            return error


def _unsent(request: Request, refusal: LoginRefused) -> LoginRefused:
    line = redacted_line(request)
    return LoginRefused(
        f"{line} was not sent, because {refusal.request} of the same batch came back: {refusal}",
        sent=False,
        status=refusal.status,
        request=line,
        server_message=refusal.server_message,
    )
