"""What can be turned on a running deployment, `server.face.settings` in a test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    """How the deployment behaves.

    *throttle* is how many requests a user may send per minute, None for any number. The seconds tell how long an
    execution is created and queued, how long each program of its command takes, how long stopping takes, and how long
    the address of a file is good. *streams_downloads* sends files from the API itself instead of such an address.
    """

    throttle: int | None = None
    creating_seconds: float = 0.05
    queue_seconds: float = 0.1
    program_seconds: float = 0.2
    stopping_seconds: float = 0.1
    link_seconds: int = 3600
    streams_downloads: bool = False
