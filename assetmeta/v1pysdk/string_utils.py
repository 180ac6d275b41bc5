"""Attribute tokens, taken apart outside their brackets."""

from __future__ import annotations


def split_attribute(text: str) -> list[str]:
    """Split a token into its steps: `"Subs:Story[Name='a.b'].Estimate.@Sum"` has three."""
    return split_outside(text, ".")


def split_outside(text: str, separator: str) -> list[str]:
    """Split *text* at each *separator* that stands in no square brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += {"[": 1, "]": -1}.get(char, 0)
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts
