"""The command's output: neither its encoding nor a reader that has gone leads to a traceback."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Have characters that the encoding of the output does not have written as `\\u20ac`; drop all for a closed one."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the process ends
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Drop what is written to the output from here on, and what is still to be written at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
