"""JSON bodies for end points that read them as YAML, of which JSON is nearly a subset (query.v1: request)."""

from __future__ import annotations

import json
import re

HEADERS = (("Content-Type", "application/json"), ("Accept", "application/json"))

# YAML parsers break lines at U+0085, U+2028 and U+2029 even inside quotes and take an escaped surrogate pair for two
# characters: so most text goes as it is, and exactly these characters are escaped.
_YAML_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def yaml_safe_json(document: object) -> str:
    """Return *document* as JSON text that a YAML parser reads the same."""
    text = json.dumps(document, ensure_ascii=False)
    return _YAML_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
