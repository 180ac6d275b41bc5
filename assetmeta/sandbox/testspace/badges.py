"""The images behind `badge_url`: name and value of a metric's badge in the space's newest complete result."""

from __future__ import annotations

import hmac
from fractions import Fraction
from xml.sax.saxutils import escape

from assetmeta.sandbox.messages import Request, Response

from .evaluation import evaluated, read_metric
from .expressions import Value, plain
from .standard import GREEN, GREY, RED
from .store import Row, Store, as_number

SVG = "image/svg+xml"
IMAGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="20">'
    '<rect width="100" height="20" fill="#464646"/><rect x="100" width="60" height="20" fill="{color}"/>'
    '<g fill="#ffffff" font-family="sans-serif" font-size="11"><text x="6" y="14">{name}</text>'
    '<text x="106" y="14">{value}</text></g></svg>'
)
NEWEST = "SELECT * FROM dataset WHERE metric_id = ? ORDER BY result_id DESC LIMIT 1"


class Badges:
    """The path `/spaces/{id}/metrics/{id}/badge?token=`. The token is all it needs."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def answer(self, request: Request) -> Response:
        """The image, or 404 where there is no such badge or the token is another one."""
        _, space, _, metric, _ = request.segments()
        token = dict(request.parameters()).get("token", "")
        with self.store.lock:
            sql = "SELECT * FROM metric WHERE space_id = ? AND id = ?"
            row = self.store.one(sql, as_number(space), as_number(metric))
            if row is None or not row["badge"] or not hmac.compare_digest(token.encode(), row["badge_token"].encode()):
                return Response(404, headers=(("Status", "404 Not Found"),))
            dataset = self.store.one(NEWEST, row["id"])
        return Response(200, image(read_metric(row), dataset), SVG, (("Status", "200 OK"),))


def image(metric: Row, dataset: Row | None) -> bytes:
    """The badge as SVG: green where its criterion is met, red where not, grey where nothing is known."""
    values = None if dataset is None else evaluated(metric, dataset)
    met = None if values is None else values["bc"]
    shown = "unknown" if values is None else written(values["b"])
    color = GREY if met is None else GREEN if met else RED
    return IMAGE.format(color=color, name=escape(metric["badge"]["name"]), value=escape(shown)).encode()


def written(value: Value) -> str:
    """A badge's value as text."""
    return "unknown" if value is None else value if isinstance(value, str) else str(plain(Fraction(value)))


def is_badge(request: Request) -> bool:
    """Whether a path is that of a badge."""
    parts = request.segments()
    return len(parts) == 5 and (parts[0], parts[2], parts[4]) == ("spaces", "metrics", "badge")
