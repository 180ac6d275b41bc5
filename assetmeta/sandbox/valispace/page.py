"""The page that browsers get instead of bare JSON: the same answer, and forms to ask for more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.pages import page

from .router import Resource

LABELS = {"GET": "Filter", "POST": "POST", "PUT": "PUT"}


def written_page(
    request: Request, resource: Resource, status: int, headers: Sequence[tuple[str, str]], answer: str
) -> bytes:
    """The page of one answer: request line, status, headers, JSON, and the forms of its path."""
    lines = "\n".join([f"HTTP {status}", *(f"{name}: {value}" for name, value in headers)])
    parts = [
        f"<h1>{escape(resource.name)}</h1>",
        f"<pre>{escape(request.method)} {escape(request.target)}</pre>",
        f"<pre>{escape(lines)}\n\n{escape(answer)}</pre>",
        *(forms(request, resource) if status < 400 else ()),
    ]
    return page(resource.name, "\n  ".join(parts))


def forms(request: Request, resource: Resource) -> Iterator[str]:
    """One form for the filters and one for each of POST and PUT that the path takes."""
    if resource.filters:
        yield form("GET", request.path, resource.filters)
    writable = [field.name for field in resource.fields if field.writable]
    for method in ("POST", "PUT"):
        if method in resource.handlers and writable:
            yield form(method, request.path, writable)


def form(method: str, action: str, fields: Sequence[str]) -> str:
    """A form of text fields: GET sends them as a query, POST as multipart. PUT, which browsers lack, is named for
    scripts."""
    inputs = " ".join(f'<label>{escape(name)} <input name="{escape(name)}"></label>' for name in fields)
    kind, encoding = ("get", "") if method == "GET" else ("post", ' enctype="multipart/form-data"')
    opening = f'<form method="{kind}" data-method="{method}" action="{escape(action)}"{encoding}>'
    return f"{opening}{inputs} <button>{LABELS[method]}</button></form>"
