"""How one deployment differs from another: the engine's switches and those of the HTTP side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .switches import Switches

TEN_HOURS = 36000.0


@dataclass
class Settings(Switches):
    """All switches of a deployment. They may be turned while it runs.

    *page_size*: lists come in pages of this size instead of as one array, *page_style* saying how the next one is asked
    for. *throttle*: so many requests of one user are taken per minute. *slow_lists*: seconds that every list takes
    longer. *password_grant*: False refuses log-ins by name and password, as the Altium edition does.
    *token_lifetime*: seconds after which an access token ends. *wide_search*: False leaves only the searches that are
    known to exist. *offline_assistant*: what the assistant's settings tell clients.
    """

    page_size: int | None = None
    page_style: Literal["offset", "number"] = "offset"
    throttle: int | None = None
    slow_lists: float = 0.0
    password_grant: bool = True
    token_lifetime: float = TEN_HOURS
    wide_search: bool = True
    offline_assistant: bool = False
