"""Attribute tokens, taken apart outside their brackets."""

from __future__ import annotations

from assetmeta.model.paths import split_outside


def split_attribute(text: str) -> list[str]:
    """Split a token into its steps: `"Subs:Story[Name='a.b'].Estimate.@Sum"` has three."""
    return split_outside(text, ".")
