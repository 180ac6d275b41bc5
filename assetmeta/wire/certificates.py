"""Files of certificates and keys, looked at before the first request needs them."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from assetmeta.model.errors import BadValue

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables that name a CA bundle, first come first."""

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


def check_trust(place: str, what: str) -> None:
    """Raise BadValue when a CA file or folder cannot be used. *what* names the argument."""
    if os.path.isdir(place):
        if not any(_HASHED.fullmatch(name) for name in os.listdir(place)):
            raise BadValue(
                f"{what}: the folder {place} has no certificates under their hashes, as OpenSSL wants them. Run"
                f" 'openssl rehash {place}', or name a file."
            )
        return
    _check_file(place, what)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(place)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadValue(f"{what}: {place} has no certificates in PEM form ({_reason(error)}).") from None


def check_environment(environment: Mapping[str, str] = os.environ) -> None:
    """Raise BadValue when the CA bundle that the environment names cannot be used."""
    for name in VARIABLES:
        if environment.get(name):
            check_trust(environment[name], f"The environment's {name}")
            return


def check_client(certificate: str, key: str | None) -> None:
    """Raise BadValue when a client certificate and its key cannot be used. No passphrase is requested."""
    for place in (certificate, key):
        if place is not None:
            _check_file(place, "cert=")
    encrypted = BadValue(
        f"cert=: the key in {key or certificate} is encrypted, and no passphrase is requested. Decrypt it"
        " ('openssl pkey -in key.pem -out plain.pem') and protect the file."
    )

    def refuse() -> NoReturn:
        raise encrypted

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password=refuse)
    except BadValue:
        raise encrypted from None
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadValue(
            f"cert=: {certificate} and its key cannot be used ({_reason(error)}). Both must be in PEM form and belong"
            " together; the key may be in a file of its own: cert=(certificate, key)."
        ) from None


def as_text(place: str | os.PathLike[str]) -> str:
    """Return a path as text, a ~ at its beginning replaced."""
    return str(Path(place).expanduser())


def _check_file(place: str, what: str) -> None:
    try:
        with open(place, "rb"):
            return
    except OSError as error:
        raise BadValue(f"{what}: {place} cannot be read: {error.strerror or error}.") from None


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
