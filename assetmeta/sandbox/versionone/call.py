"""One authenticated request on its way to an endpoint, with its parameters checked and its answer's format chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from assetmeta.sandbox.messages import Request, Response

from .json_out import JsonWriter
from .problems import Cause, Problem, bad_parameter
from .xml_out import XmlWriter

JSON_TYPES = frozenset({"application/json", "text/json"})
XML_TYPES = frozenset({"text/xml", "application/xml"})

EVERYWHERE = frozenset({"accept", "xsl"})

Writer = XmlWriter | JsonWriter


@dataclass(frozen=True)
class Call:
    """A request to the endpoint *name* (as it is written in links), *rest* being the path below it.

    *parameters* have lower-case names. *member* is who asks, "" where the endpoint asks for no login. *root* is the
    instance path ("/VersionOne").
    """

    request: Request
    root: str
    name: str
    rest: Sequence[str]
    member: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def as_json(self) -> bool:
        """True when the answer is wanted in JSON."""
        return wants_json(self.parameters.get("accept") or self.request.headers.get("accept", ""))

    def writer(self) -> Writer:
        """The writer of the format the client wants."""
        base = f"{self.root}/{self.name}/Data/"
        return JsonWriter(base) if self.as_json else XmlWriter(base, self.parameters.get("xsl"))

    def only(self, *methods: str) -> None:
        """Refuse other methods with 405."""
        if self.request.method not in methods:
            raise wrong_method(self.request.method)

    def known(self, names: Collection[str]) -> None:
        """Refuse query parameters that are not among *names*."""
        for name in self.parameters:
            if name not in names and name not in EVERYWHERE:
                raise bad_parameter(name.upper(), f"Unknown parameter: {name}")


def parameters_of(request: Request) -> dict[str, str]:
    """The query parameters by name. Raises a 400 problem where one is given twice."""
    found: dict[str, str] = {}
    for name, value in request.parameters():
        if name in found:
            raise bad_parameter(name.upper(), f"Parameter given twice: {name}")
        found[name] = value
    return found


def wants_json(accept: str) -> bool:
    """True when an Accept value prefers JSON. XML is the default, also for `*/*` and for types that are neither."""
    weights = {True: 0.0, False: 0.0}
    for item in accept.split(","):
        kind, *options = (part.strip().lower() for part in item.split(";"))
        if kind in JSON_TYPES or kind in XML_TYPES:
            weights[kind in JSON_TYPES] = max(weights[kind in JSON_TYPES], weight_of(options))
    return weights[True] > 0 and weights[True] >= weights[False]


def weight_of(options: Sequence[str]) -> float:
    """The q of a media type, 1 where none is given."""
    for option in options:
        if option.startswith("q="):
            try:
                return float(option[2:])
            except ValueError:
                return 0.0
    return 1.0


def whole_token(parts: Sequence[str]) -> list[str]:
    """The parts of a path behind the asset: one token, where a filter in brackets holds slashes of its own."""
    return ["/".join(parts)] if parts and "[" in parts[0] else list(parts)


def wrong_method(method: str) -> Problem:
    """The problem of a method that the path does not take."""
    return Problem(405, "Method Not Allowed", (Cause("VersionOne.HttpException", f"Method not allowed: {method}"),))


def no_such_path(path: str) -> Problem:
    """The problem of a path that leads nowhere."""
    return Problem(404, "Not Found", (Cause("VersionOne.NotFoundException", f"Unknown path: {path}"),))


def answer(writer: Writer, document: bytes) -> Response:
    """A document with status 200."""
    return Response(200, document, writer.content_type)
