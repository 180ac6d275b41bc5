"""Which files on the disk may be trusted: one rule for whatever is kept for the next session or the next process."""

from __future__ import annotations

import os
import stat

READING = sum(getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""Flags to open a file to be read. No link is followed, and the other end of a pipe is not waited for, where the
system knows such flags.
"""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_own(about: os.stat_result) -> bool:
    """True for what this user owns, on systems that know users."""
    return not hasattr(os, "getuid") or about.st_uid == os.getuid()


def is_private(about: os.stat_result) -> bool:
    """True for what this user owns and no other user can write, on systems that know users."""
    return not hasattr(os, "getuid") or (is_own(about) and not about.st_mode & _OTHERS_WRITE)
