"""Profiles: named sets of connection settings in a file of the user's own.

    [work]
    url = "versionone+https://host/Instance"
    token_env = "V1_TOKEN"

    [rockets]
    url = "https://name.valispace.com"
    username = "ann"
    password_env = "VALISPACE_PASSWORD"
    timeout = 30

A setting whose name ends in `_env` names the environment variable that holds the value. All others are keyword
arguments of the session class.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assetmeta.model import optional
from assetmeta.model.errors import BadValue, nearest
from assetmeta.model.scalars import shown

VARIABLE = "ASSETMETA_PROFILES"
"""The environment variable that names another file."""

MAX_BYTES = 1024 * 1024
SECRETS = frozenset({"password", "token", "client_secret"})


def default_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the profiles are: what ASSETMETA_PROFILES names, or `assetmeta/profiles.toml` in the user's configuration
    folder (XDG_CONFIG_HOME or ~/.config, APPDATA on Windows).
    """
    if environment.get(VARIABLE):
        return Path(environment[VARIABLE]).expanduser()
    home = environment.get("APPDATA") if sys.platform == "win32" else environment.get("XDG_CONFIG_HOME")
    return Path(home or "~/.config").expanduser() / "assetmeta" / "profiles.toml"


def profile(name: str, file: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the settings of one profile, variables looked up.

    Raises BadValue for a profile, file or variable that is not there, for a file that cannot be read, and for secrets
    in a file that other users can read. No value of a setting is in its messages.
    """
    return {key: value for key, value, _ in settings_of(name, file, environment)}


def settings_of(
    name: str, file: str | Path | None = None, environment: Mapping[str, str] = os.environ
) -> list[tuple[str, object, str]]:
    """Return the settings of one profile, each with its value and where it comes from: the file, or a variable of the
    environment. Raises as profile() does.
    """
    path = _path(file, environment)
    document = _read(path)
    found = document.get(name)
    if not isinstance(found, dict):
        near = nearest(name, [key for key, value in document.items() if isinstance(value, dict)])
        raise BadValue(f"There is no profile {name!r} in {path}.{near}")
    if not SECRETS.isdisjoint(found) and _is_shared(path):
        raise BadValue(
            f"Profile {name!r} holds a secret, and other users can read {path}. Take their rights away (chmod 600), or "
            "name an environment variable instead (token_env, password_env)."
        )
    return [
        (key.removesuffix("_env"), _value(name, key, value, environment), value if key.endswith("_env") else str(path))
        for key, value in found.items()
    ]


def names(
    file: str | Path | None = None, environment: Mapping[str, str] = os.environ
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the profiles of a file: each name, and the settings as they are there. Raises BadValue when there is no
    file that can be read.
    """
    found = _read(_path(file, environment))
    return [(name, known) for name, known in found.items() if isinstance(known, dict)]


def _path(file: str | Path | None, environment: Mapping[str, str]) -> Path:
    return default_file(environment) if file is None else Path(file).expanduser()


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        advice = (
            " Write it, or give an address: versionone+https://host." if isinstance(error, FileNotFoundError) else ""
        )
        raise BadValue(f"The file of profiles, {path}, cannot be read: {error.strerror or error}.{advice}") from None
    if len(content) > MAX_BYTES:
        raise BadValue(f"The file of profiles, {path}, is longer than {MAX_BYTES} bytes.")
    # Loaded when there is a file to read: no import of this package should wait for it.
    tomllib = optional.load("tomllib")
    try:
        found: dict[str, Any] = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The place is named, not the text there: it may be a secret.
        place = str(error).rpartition("(")[2].rstrip(")") if "(" in str(error) else "somewhere"
        raise BadValue(f"The file of profiles, {path}, is no valid TOML ({place}).") from None
    return found


def _is_shared(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _value(name: str, key: str, value: object, environment: Mapping[str, str]) -> object:
    if not key.endswith("_env"):
        return value
    if not isinstance(value, str) or value not in environment:
        raise BadValue(f"Profile {name!r}: {key} names the environment variable {shown(value)}, which is not set.")
    if not environment[value]:
        raise BadValue(f"Profile {name!r}: {key} names the environment variable {shown(value)}, which is empty.")
    return environment[value]
