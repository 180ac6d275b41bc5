"""An attribute in words, for docstrings and help."""

from __future__ import annotations

from assetmeta.model.printable import printable
from assetmeta.model.schema import Attribute


def described(attribute: Attribute) -> str:
    """Return one line that tells a person what *attribute* is and takes."""
    back = ""
    if attribute.is_relation:
        what = f"{'several' if attribute.multi else 'one'} {attribute.related}"
        back = f" The way back is {attribute.reciprocal}." if attribute.reciprocal else ""
    else:
        what = f"{'several values, ' if attribute.multi else ''}{attribute.kind}"
    flags = {"required": attribute.required, "read-only": not attribute.writable, "custom": attribute.custom}
    noted = ", ".join(flag for flag, holds in flags.items() if holds)
    takes = f" Takes {attribute.codec.accepts}." if attribute.writable and not attribute.is_relation else ""
    return printable(f"{attribute.name}: {what}{f' ({noted})' if noted else ''}.{back}{takes}")
