"""How one deployment differs from another: the engine's switches and those of the HTTP side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TEN_HOURS = 36000.0


@dataclass
class Switches:
    """All of them are as the reference of the protocol has it unless a test turns them.

    *shortest_names*: `unique_name` is the shortest dotted name that is unique. *rationale*: which of the two names of a
    requirement's rationale answers have. *bare_lists*: lists of components lack `valis`. *late*: seconds after which
    what depends on a changed vali is recalculated; the vali itself is at once. *strict_units*: a formula whose units do
    not fit is refused instead of leaving the vali empty. *media_url*: what the addresses of uploaded files begin with,
    `<media_url>/files/<id>/<name>`.
    """

    shortest_names: bool = False
    rationale: Literal["both", "comment", "rationale"] = "both"
    bare_lists: bool = False
    late: float = 0.0
    strict_units: bool = False
    media_url: str = "/media"


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
