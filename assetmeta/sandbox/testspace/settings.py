"""How one organization differs from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass
class Settings:
    """All switches of an organization. They may be turned while it runs.

    *page_size*: how many items a page of a list has. *body_of_205*: False answers a modification without the object.
    *case_counts*: how many entries the counts of cases have; four are the older form. *anonymous*: False refuses
    everybody without credentials, True lets them read public projects. *https_only*: True refuses plain HTTP.
    *empty_for_unknown_space*: True answers the results of an unknown space id below a project with an empty list, as
    was seen on the real service, instead of 404.
    """

    page_size: int = 30
    body_of_205: bool = True
    case_counts: Literal[4, 5] = 5
    anonymous: bool = True
    https_only: bool = False
    empty_for_unknown_space: bool = False
