"""api/asset: the endpoint of bulk requests."""

from __future__ import annotations

import json

from assetmeta.sandbox.messages import Response

from ..call import Call, no_such_path
from ..engine import Engine
from ..json_out import CONTENT_TYPE
from ..problems import bad_parameter
from .document import Command, read_commands
from .processor import Run


class BulkEndpoint:
    """api/asset over one engine.

    Two switches imitate older servers: *enabled* False, those without bulk API; *failures* False, those whose answers
    have no `commandFailures`.
    """

    def __init__(self, engine: Engine, *, enabled: bool = True, failures: bool = True) -> None:
        self.engine = engine
        self.enabled = enabled
        self.failures = failures

    def __call__(self, call: Call) -> Response:
        """Answer one request: 200 once the body is understood, whatever becomes of its commands."""
        if not self.enabled or len(call.rest) != 1:
            raise no_such_path(call.request.path)
        call.only("POST")
        call.known({"previewonly"})
        preview = read_preview(call.parameters.get("previewonly", "false"))
        commands = read_commands(call.request.body)
        run = Run(self.engine, call.member)
        if preview:
            answer: object = [wrapped(each) for each in run.project(commands)]
        else:
            answer = run.carry_out(commands).document(failures=self.failures)
        return Response(200, json.dumps(answer).encode(), CONTENT_TYPE)


def read_preview(text: str) -> bool:
    """The value of previewOnly."""
    if text.lower() not in ("true", "false"):
        raise bad_parameter("PREVIEWONLY", f"Not a Boolean: {text}")
    return text.lower() == "true"


def wrapped(command: Command) -> dict[str, object]:
    """A projected command under its alias. A config has none."""
    return {command.alias: command.body} if command.alias else dict(command.body)
