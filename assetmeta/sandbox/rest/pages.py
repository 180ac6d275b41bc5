"""HTML answers of the web server in front of the API: unknown paths, server faults, redirections."""

from __future__ import annotations

from html import escape

from assetmeta.sandbox.messages import Response

HTML = "text/html; charset=utf-8"


def page(title: str, body: str) -> bytes:
    """A whole HTML page. *body* is HTML already."""
    head = f'<!doctype html>\n<html lang="en">\n<head>\n  <title>{escape(title)}</title>\n</head>'
    return f"{head}\n<body>\n  {body}\n</body>\n</html>".encode()


def unknown_path() -> Response:
    """404 for a path that no endpoint has."""
    text = "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>"
    return Response(404, page("Not Found", text), HTML)


def server_fault() -> Response:
    """500: the server itself failed."""
    return Response(500, page("Server Error (500)", "<h1>Server Error (500)</h1><p></p>"), HTML)


def moved(location: str) -> Response:
    """301 to the same path with its slash."""
    return Response(301, b"", HTML, (("Location", location),))
