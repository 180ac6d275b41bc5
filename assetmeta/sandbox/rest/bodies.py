"""Request bodies: JSON, forms and multipart, as data. What cannot be read is refused in the words of the parsers."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message
from typing import NoReturn
from urllib.parse import parse_qsl

from assetmeta.sandbox.messages import Request

from .refusals import Refusal, wrong_media_type

PARSES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
DEFAULT_TYPE = "text/plain"
DEEPEST = 200


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Body:
    """A body as data. *value* is the JSON value; of a form, the texts by name, a list where a name is repeated.

    *is_form* is True for both kinds of form: there everything is text, and an empty text may stand for null.
    """

    value: object
    files: dict[str, Upload] = field(default_factory=dict)
    is_form: bool = False


def read_body(request: Request) -> Body:
    """The body of *request*; an empty one is an empty object. Raises Refusal (400, 415)."""
    if not request.body:
        return Body({})
    sent = request.headers.get("content-type", DEFAULT_TYPE)
    if sent == "application/json":
        return Body(read_json(request.body, "utf-8"))
    kind = header(sent)
    media_type = kind.get_content_type() if "/" in sent else sent
    charset = kind.get_content_charset("utf-8")
    if media_type == "application/json":
        return Body(read_json(request.body, charset))
    if media_type == "application/x-www-form-urlencoded":
        return Body(gathered(parse_qsl(decoded(request.body, charset), keep_blank_values=True)), is_form=True)
    if media_type == "multipart/form-data":
        return read_multipart(request.body, kind, charset)
    raise wrong_media_type(sent)


def read_json(body: bytes, charset: str) -> object:
    """A JSON value; numbers that JSON does not know (NaN), or that are none once they are read, are refused."""
    try:
        value: object = json.loads(body.decode(charset), parse_constant=refuse_constant, parse_float=finite)
        if too_deep(value):
            raise RecursionError
    except RecursionError:
        raise Refusal(400, {"detail": "JSON parse error - nested too deeply"}) from None
    except (ValueError, LookupError) as error:
        raise Refusal(400, {"detail": f"JSON parse error - {error}"}) from None
    return value


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities. Raises ValueError."""
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def finite(text: str) -> float:
    """A number with a fraction or an exponent."""
    value = float(text)
    return value if math.isfinite(value) else refuse_constant(text)


def too_deep(value: object) -> bool:
    """Whether *value* is nested deeper than an answer that embeds it could be written."""
    level = [value]
    for _ in range(DEEPEST):
        level = [each for one in level if isinstance(one, (dict, list)) for each in inside(one)]
        if not level:
            return False
    return True


def inside(value: dict[str, object] | list[object]) -> Iterable[object]:
    """What stands directly in a list or an object."""
    return value.values() if isinstance(value, dict) else value


def read_multipart(body: bytes, kind: Message, charset: str) -> Body:
    """The parts of a multipart body: those with a file name are files, the others texts."""
    boundary = kind.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise Refusal(400, {"detail": f"Multipart form parse error - Invalid boundary in multipart: {boundary}"})
    texts: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    for part in split_parts(body, boundary):
        head, separator, content = part.partition(b"\r\n\r\n")
        headers = part_headers(head)
        disposition = headers.get("content-disposition", Message())
        name = disposition.get_param("name", header="content-disposition")
        if not separator or not isinstance(name, str):
            continue
        filename = disposition.get_filename()
        if filename is None:
            texts.append((name, decoded(content, charset)))
        else:
            media_type = headers["content-type"].get_content_type() if "content-type" in headers else ""
            files[name] = Upload(base_name(filename), content, media_type)
    return Body(gathered(texts), files, is_form=True)


def split_parts(body: bytes, boundary: str) -> list[bytes]:
    """What stands between the delimiters; the preamble and what follows the closing delimiter are dropped."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1", "replace"))
    parts: list[bytes] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        parts.append(piece.lstrip(b" \t").removeprefix(b"\r\n"))
    return parts


def part_headers(head: bytes) -> dict[str, Message]:
    """The header lines of a part by lower-case name, each ready to be asked for its parameters."""
    found: dict[str, Message] = {}
    for line in head.split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        key = name.strip().lower()
        found[key] = header(value.strip(), key)
    return found


def header(value: str, name: str = "content-type") -> Message:
    """One header as the standard library reads it."""
    message = Message()
    message[name] = value.replace("\r", " ").replace("\n", " ")
    return message


def base_name(filename: str) -> str:
    """A file's name without the folders that some clients send."""
    return filename.replace("\\", "/").rpartition("/")[2]


def decoded(content: bytes, charset: str) -> str:
    """Text of a form; bytes that are no text of *charset* are replaced."""
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def gathered(pairs: list[tuple[str, str]]) -> dict[str, object]:
    """Texts by name; a name that occurs several times has a list."""
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in lists.items()}
