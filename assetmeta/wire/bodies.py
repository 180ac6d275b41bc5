"""Secrets in bodies: fields of OAuth2, and whatever is called a password or a secret, in JSON, XML and forms; and the
signatures of addresses that stand in them.
"""

from __future__ import annotations

import re

from assetmeta.wire.redact import HIDDEN, SECRET_NAMES

# "token" is left out here: servers have harmless JSON fields of that name, and a replay would miss their text.
_TOKENS = "access_token|refresh_token|id_token|assertion"
_WORDS = "password|passwd|secret"
_ANY = re.compile(f"{_TOKENS}|{_WORDS}", re.IGNORECASE)

# Loops are possessive, so that no body can make the search slow.
_TEXT = r'"(?:[^"\\]|\\.)*+"'
_FLAT = rf'(?:{_TEXT}|[^"\[\]{{}}])*+'
_JSON_NAME = rf'"(?:(?:{_TOKENS})(?=")|(?=[^"\\]*?(?:{_WORDS}))[^"\\]*+)"\s*:\s*'
_JSON = re.compile(rf"({_JSON_NAME})({_TEXT}|\[{_FLAT}\]|\{{{_FLAT}\}})", re.IGNORECASE)
_JSON_VALUE = re.compile(rf'(\A|[\[,]\s*|"(?:value|set|add|new|old)"\s*:\s*)({_TEXT})(?!\s*:)', re.IGNORECASE)

_FORM_NAME = rf"(?:{_TOKENS})(?==)|(?=[^=&\s]*?(?:{_WORDS}))[^=&\s]*+"
_FORM = re.compile(rf"((?:^|&)(?:{_FORM_NAME})=)[^&\s]*", re.IGNORECASE)

_SIGNATURES = "|".join(sorted(re.escape(name) for name in SECRET_NAMES if name.startswith(("x-", "sig"))))
_SIGNED = re.compile(rf"((?:[?&;]|\\u0026)(?:{_SIGNATURES})=)[^&\"'<>\s\\]+", re.IGNORECASE)

_TAG = re.compile(r"<[^<>]*>")
_XML_ATTRIBUTE = re.compile(rf"""(\s[\w:.-]*(?:{_WORDS})[\w:.-]*\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
_NAMED = rf"""[\w:.-]*(?:{_WORDS})[\w:.-]*(?=[\s>])|[\w:.-]+\s[^<>]*?\bname\s*=\s*["'][^"'<>]*(?:{_WORDS})"""
_CONTENT = r"(?:[^<]++|<!\[CDATA\[.*?\]\]>|</?Value\b[^<>]*>)*+"
_XML = re.compile(rf"(<(?={_NAMED})[^<>]*(?<!/)>)({_CONTENT})", re.IGNORECASE | re.DOTALL)
_XML_VALUE = re.compile(r"(\A|>)(?:<!\[CDATA\[.*?\]\]>|[^<>]+)(?=<|\Z)", re.DOTALL)
_FLAGS = frozenset({"true", "false", ""})


def redacted_body(text: str) -> str:
    """Return a JSON, XML or form body with secret values hidden. Flags such as "false" stay, which are read as such."""
    text = _SIGNED.sub(rf"\g<1>{HIDDEN}", text)
    if _ANY.search(text) is None:
        return text
    text = _FORM.sub(rf"\g<1>{HIDDEN}", _JSON.sub(_json_hidden, text))
    if "<" in text:
        text = _XML.sub(_xml_hidden, _TAG.sub(_tag_hidden, text))
    return text


def _json_hidden(found: re.Match[str]) -> str:
    return found[1] + _JSON_VALUE.sub(_text_hidden, found[2])


def _text_hidden(found: re.Match[str]) -> str:
    return found[0] if found[2][1:-1].lower() in _FLAGS else f'{found[1]}"{HIDDEN}"'


def _tag_hidden(found: re.Match[str]) -> str:
    return _XML_ATTRIBUTE.sub(_attribute_hidden, found[0])


def _attribute_hidden(found: re.Match[str]) -> str:
    value = found[2]
    return found[0] if value[1:-1].lower() in _FLAGS else f"{found[1]}{value[0]}{HIDDEN}{value[0]}"


def _xml_hidden(found: re.Match[str]) -> str:
    return found[1] + _XML_VALUE.sub(_value_hidden, found[2])


def _value_hidden(found: re.Match[str]) -> str:
    value = found[0].removeprefix(found[1])
    return found[0] if value.strip().lower() in _FLAGS else found[1] + HIDDEN
