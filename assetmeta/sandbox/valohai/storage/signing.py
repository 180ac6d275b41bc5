"""Addresses that carry their own permission: who has one may read one file for a while, and needs no token."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNATURE = "X-Amz-Signature"
STAMP = "%Y%m%dT%H%M%SZ"
CREDENTIAL = "SANDBOX/{day}/eu-west-1/s3/aws4_request"


def signed(secret: bytes, path: str, name: str, moment: datetime, seconds: int) -> str:
    """Path and query for reading *path* within *seconds* of *moment*; the file is offered for saving as *name*."""
    parameters = [
        ("response-content-disposition", f"attachment; filename*=UTF-8''{quote(name, safe='')}"),
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", CREDENTIAL.format(day=moment.astimezone(UTC).strftime("%Y%m%d"))),
        ("X-Amz-Date", moment.astimezone(UTC).strftime(STAMP)),
        ("X-Amz-Expires", str(seconds)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    return f"{path}?{urlencode([*parameters, (SIGNATURE, signature(secret, 'GET', path, parameters))])}"


def signature(secret: bytes, method: str, path: str, parameters: list[tuple[str, str]]) -> str:
    """The signature of a request with its other parameters, 64 hexadecimal digits."""
    text = "\n".join([method, path, urlencode(sorted(parameters)), ALGORITHM])
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def checked(secret: bytes, method: str, path: str, query: str, moment: datetime) -> dict[str, str]:
    """The parameters of a valid signed address. Raises PermissionError with a code of S3 for any other."""
    parameters = parse_qsl(query, keep_blank_values=True)
    given = dict(parameters)
    if SIGNATURE not in given:
        raise PermissionError("AccessDenied", "Access Denied")
    unsigned = [pair for pair in parameters if pair[0] != SIGNATURE]
    if not hmac.compare_digest(signature(secret, method, path, unsigned).encode(), given[SIGNATURE].encode()):
        text = "The request signature we calculated does not match the signature you provided."
        raise PermissionError("SignatureDoesNotMatch", text)
    made = datetime.strptime(given["X-Amz-Date"], STAMP).replace(tzinfo=UTC)
    if (moment - made).total_seconds() > int(given["X-Amz-Expires"]):
        raise PermissionError("AccessDenied", "Request has expired")
    return given
