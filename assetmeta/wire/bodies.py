"""Secrets in bodies: fields of OAuth2, and whatever is called a password or a secret, in JSON, XML and forms; and the
signatures of addresses that stand in them.
"""

from __future__ import annotations

import re

from assetmeta.wire.redact import HIDDEN, SECRET_NAMES

# "token" is left out here: servers have harmless JSON fields of that name, and a replay would miss their text.
_TOKENS = "access_token|refresh_token|id_token|assertion"
_WORDS = "password|passwd|secret|private_key|service_account"
_ANY = f"(?i){_TOKENS}|{_WORDS}"

# Loops are possessive, so that no body can make the search slow.
_TEXT = r'"(?:[^"\\]|\\.)*+"'
_FLAT = rf'(?:{_TEXT}|[^"\[\]{{}}])*+'
_JSON_NAME = rf'"(?:(?:{_TOKENS})(?=")|(?=[^"\\]*?(?:{_WORDS}))[^"\\]*+)"\s*:\s*'
_JSON = rf"(?i)({_JSON_NAME})({_TEXT}|\[{_FLAT}\]|\{{{_FLAT}\}})"
_JSON_VALUE = rf'(?i)(\A|[\[,]\s*|"(?:value|set|add|new|old)"\s*:\s*)({_TEXT})(?!\s*:)'

# A value that the object that it stands in calls secret.
_OBJECT = rf"\{{{_FLAT}\}}"
_MARKED = r'"secret"\s*:\s*true\b'
_MARKED_VALUE = rf'("value"\s*:\s*){_TEXT}'

_FORM_NAME = rf"(?:{_TOKENS})(?==)|(?=[^=&\s]*?(?:{_WORDS}))[^=&\s]*+"
_FORM = rf"(?i)((?:^|&)(?:{_FORM_NAME})=)[^&\s]*"

# In the query of an address no name of a secret is harmless.
_SIGNATURES = "|".join(sorted(map(re.escape, SECRET_NAMES), key=len, reverse=True))
_SIGNED = rf"(?i)((?:[?&;]|\\u0026)(?:{_SIGNATURES})=)[^&\"'<>\s\\]+"

_TAG = r"<[^<>]*>"
_XML_ATTRIBUTE = rf"""(?i)(\s[\w:.-]*(?:{_WORDS})[\w:.-]*\s*=\s*)("[^"]*"|'[^']*')"""
_NAMED = rf"""[\w:.-]*(?:{_WORDS})[\w:.-]*(?=[\s>])|[\w:.-]+\s[^<>]*?\bname\s*=\s*["'][^"'<>]*(?:{_WORDS})"""
_CONTENT = r"(?:[^<]++|<!\[CDATA\[.*?\]\]>|</?Value\b[^<>]*>)*+"
_XML = rf"(?is)(<(?={_NAMED})[^<>]*(?<!/)>)({_CONTENT})"
_XML_VALUE = r"(?s)(\A|>)(?:<!\[CDATA\[.*?\]\]>|[^<>]+)(?=<|\Z)"
_FLAGS = frozenset({"true", "false", ""})


def redacted_body(text: str) -> str:
    """Return a JSON, XML or form body with secret values hidden. Flags such as "false" stay, which are read as such."""
    text = re.sub(_SIGNED, rf"\g<1>{HIDDEN}", text)
    if re.search(_ANY, text) is None:
        return text
    text = re.sub(_FORM, rf"\g<1>{HIDDEN}", re.sub(_JSON, _json_hidden, text))
    if re.search(_MARKED, text):
        text = re.sub(_OBJECT, _marked_hidden, text)
    if "<" in text:
        text = re.sub(_XML, _xml_hidden, re.sub(_TAG, _tag_hidden, text))
    return text


def _marked_hidden(found: re.Match[str]) -> str:
    marked = re.search(_MARKED, found[0])
    return re.sub(_MARKED_VALUE, rf'\g<1>"{HIDDEN}"', found[0]) if marked else found[0]


def _json_hidden(found: re.Match[str]) -> str:
    return found[1] + re.sub(_JSON_VALUE, _text_hidden, found[2])


def _text_hidden(found: re.Match[str]) -> str:
    return found[0] if found[2][1:-1].lower() in _FLAGS else f'{found[1]}"{HIDDEN}"'


def _tag_hidden(found: re.Match[str]) -> str:
    return re.sub(_XML_ATTRIBUTE, _attribute_hidden, found[0])


def _attribute_hidden(found: re.Match[str]) -> str:
    value = found[2]
    return found[0] if value[1:-1].lower() in _FLAGS else f"{found[1]}{value[0]}{HIDDEN}{value[0]}"


def _xml_hidden(found: re.Match[str]) -> str:
    return found[1] + re.sub(_XML_VALUE, _value_hidden, found[2])


def _value_hidden(found: re.Match[str]) -> str:
    value = found[0].removeprefix(found[1])
    return found[0] if value.strip().lower() in _FLAGS else found[1] + HIDDEN
