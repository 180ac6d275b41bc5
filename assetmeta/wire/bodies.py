"""Secrets in bodies: parsed as what they are (JSON, XML, form), masked in place, the rest left as written.

Secret are fields of OAuth2, whatever is called a password or a secret, what the caller names (as the schema does), and
given texts wherever they occur; and the signatures of addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote_plus, unquote_plus
from xml.parsers import expat

from assetmeta.wire.redact import HIDDEN, SECRET_NAMES, scrubbed

# These are left out in bodies: servers have harmless fields of these names, and a replay would miss their text.
_HARMLESS = frozenset({"token", "sig", "signature"})
_NAMES = (SECRET_NAMES - _HARMLESS) | {"account_key"}
_WORDS = "password|passwd|secret|private_key|service_account"
_WORD = re.compile(_WORDS, re.IGNORECASE)
_FLAGS = frozenset({"true", "false", ""})
_LITERALS = frozenset({"true", "false", "null"})
_VALUE_KEYS = frozenset({"value", "set", "add", "new", "old"})

# In the query of an address no name of a secret is harmless. Loops are possessive, so that no body makes this slow.
_SIGNATURES = "|".join(sorted(map(re.escape, SECRET_NAMES), key=len, reverse=True))
_SIGNED = re.compile(rf"(?i)((?:[?&;]|\\u0026)(?:{_SIGNATURES})=)[^&\"'<>\s\\]+")

_FORM = re.compile(r"[^\s=&<>{}\"]+=[^\s&<>{}\"]*+(?:&[^\s=&<>{}\"]+=[^\s&<>{}\"]*+)*+")
_TOKEN = re.compile(r'[ \t\r\n]*+("(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++)')
_XML_ATTRIBUTE = re.compile(r"""(\s([\w:.-]+)\s*=\s*)("[^"]*"|'[^']*')""")

# What is no document, such as a log or half an answer, is searched for what looks like one.
_LOOSE = re.compile(r"""(?<![\w.-])([\w.-]++)(["']?\s*+[:=]\s*+)("(?:[^"\\]|\\.)*+"|'[^']*+'|[^\s"',;&<>{}\[\]]++)""")


class Rules(NamedTuple):
    """What is secret: *names* of fields in lower case, besides those that always are, and *texts* wherever they are."""

    names: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()

    def is_exact(self, name: str) -> bool:
        """True for a name that is secret by itself; `Owner.Password` is called `Password`."""
        last = name.lower().rpartition(".")[2]
        return last in _NAMES or last in self.names

    def is_secret(self, name: str) -> bool:
        """True for the name of a secret."""
        return self.is_exact(name) or _WORD.search(name) is not None

    def masked(self, value: str) -> str:
        """A value that is not secret as a whole, without the texts that are."""
        return scrubbed(value, self.texts) if any(text in value for text in self.texts) else value


NO_RULES = Rules()


def redacted_body(text: str, rules: Rules = NO_RULES) -> str:
    """Return a JSON, XML or form body with secret values hidden. Flags such as "false" stay, which are read as such."""
    text = _SIGNED.sub(rf"\g<1>{HIDDEN}", text)
    start = text.lstrip("\ufeff \t\r\n")[:1]
    found = None
    if start in ("{", "[", '"'):
        found = _json(text, rules) if _is_json(text) else _json_lines(text, rules)
    elif start == "<":
        found = _xml(text, rules)
    elif _FORM.fullmatch(text.strip()):
        found = "&".join(_form_pair(pair, rules) for pair in text.split("&"))
    if found is None:
        found = _LOOSE.sub(lambda each: _loose(each, rules), text)
    return scrubbed(found, rules.texts)


def _loose(found: re.Match[str], rules: Rules) -> str:
    name, joint, value = found.groups()
    if not rules.is_secret(name) or value.strip("\"'").lower() in _FLAGS:
        return found[0]
    mark = value[0] if value[0] in "\"'" else ""
    return f"{name}{joint}{mark}{HIDDEN}{mark}"


def _form_pair(pair: str, rules: Rules) -> str:
    name, _, value = pair.partition("=")
    plain = unquote_plus(value)
    if rules.is_secret(unquote_plus(name)) or unquote_plus(name).lower() in _HARMLESS:
        return f"{name}={HIDDEN}" if plain.strip() else pair
    masked = rules.masked(plain)
    return pair if masked == plain else f"{name}={quote_plus(masked)}"


# JSON


class _Leaf(NamedTuple):
    """A text, a number or a literal, and its position."""

    start: int
    end: int
    text: str
    is_text: bool


class _Node:
    """An object (with keys) or an array (without)."""

    __slots__ = ("items", "keys")

    def __init__(self, keys: list[str] | None) -> None:
        self.keys = keys
        self.items: list[_Node | _Leaf] = []

    def get(self, key: str) -> _Node | _Leaf | None:
        return next((item for name, item in self.pairs() if name == key), None)

    def pairs(self) -> Iterator[tuple[str, _Node | _Leaf]]:
        return zip(self.keys or [""] * len(self.items), self.items, strict=False)

    def has(self, *keys: str) -> bool:
        return self.keys is not None and not set(keys).isdisjoint(self.keys)


def _is_json(text: str) -> bool:
    try:
        json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _json_lines(text: str, rules: Rules) -> str | None:
    """A document per line, as logs and streams have them; None when it is not that."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2 or not all(_is_json(line) for line in lines if line.strip()):
        return None
    return "".join(_json(line, rules) if line.strip() else line for line in lines)


def _json(text: str, rules: Rules) -> str:
    """Mask valid JSON. All but the masked values stays as it is written, numbers and blanks included."""
    pieces, last = [], 0
    for start, end, replacement in sorted(_json_masks(_json_tree(text), rules)):
        pieces += [text[last:start], json.dumps(replacement, ensure_ascii=False)]
        last = end
    return "".join((*pieces, text[last:]))


def _json_tree(text: str) -> _Node:
    """The values of valid JSON with their places, below a node of its own."""
    root = _Node(None)
    open_nodes, is_key = [root], False
    position = 1 if text.startswith("\ufeff") else 0
    while (found := _TOKEN.match(text, position)) is not None:
        token, position = found[1], found.end()
        node = open_nodes[-1]
        if token in ("{", "["):
            made = _Node([] if token == "{" else None)
            node.items.append(made)
            open_nodes.append(made)
            is_key = token == "{"
        elif token in ("}", "]"):
            open_nodes.pop()
        elif token == ",":
            is_key = node.keys is not None
        elif token == ":":
            is_key = False
        elif is_key and node.keys is not None:
            node.keys.append(_plain(token))
        else:
            node.items.append(_leaf(token, found.start(1)))
    return root


def _leaf(token: str, start: int) -> _Leaf:
    if token.startswith('"'):
        return _Leaf(start, start + len(token), _plain(token), is_text=True)
    return _Leaf(start, start + len(token), token, is_text=False)


def _plain(token: str) -> str:
    """The text of a JSON string."""
    return str(json.loads(token)) if "\\" in token else token[1:-1]


def _json_masks(root: _Node, rules: Rules) -> Iterator[tuple[int, int, str]]:
    """A position in the text, and what replaces it."""
    # For each value: whether all of it is secret, and whether its numbers are, too.
    waiting: list[tuple[_Node | _Leaf, bool, bool]] = [(root, False, False)]
    while waiting:
        item, secret, numbers = waiting.pop()
        if isinstance(item, _Leaf):
            masked = _masked(item, secret, numbers, rules)
            if masked is not None:
                yield item.start, item.end, masked
        else:
            waiting += _members(item, secret, numbers, rules)


def _members(node: _Node, secret: bool, numbers: bool, rules: Rules) -> Iterator[tuple[_Node | _Leaf, bool, bool]]:
    is_description = node.has("type") and node.has("required", "read_only", "label")
    is_attribute = node.has("_type")
    marked = node.has("secret") and not is_description and _is_marked(node)
    for key, item in node.pairs():
        inherits = secret and not is_description and (not is_attribute or key in _VALUE_KEYS)
        named = node.keys is not None and rules.is_secret(key)
        exact = named and rules.is_exact(key)
        yield item, inherits or named or (marked and key == "value"), (inherits and numbers) or exact


def _is_marked(node: _Node) -> bool:
    """True for an object that calls its own value secret: `{"name": ..., "value": ..., "secret": true}`."""
    mark = node.get("secret")
    return isinstance(mark, _Leaf) and not mark.is_text and mark.text == "true"


def _masked(leaf: _Leaf, secret: bool, numbers: bool, rules: Rules) -> str | None:
    """What replaces a value; None for a value that stays."""
    if secret and (leaf.is_text or numbers):
        return None if leaf.text.lower() in (_FLAGS if leaf.is_text else _LITERALS) else HIDDEN
    if not leaf.is_text:
        return None
    inner = rules.masked(leaf.text)
    if inner.lstrip()[:1] in ("{", "[") and _is_json(inner):
        inner = _json(inner, rules)
    return None if inner == leaf.text else inner


# XML


class _Masks:
    """Collects what is to be masked while a parser reads a document. Places are in bytes."""

    def __init__(self, parser: expat.XMLParserType, rules: Rules) -> None:
        self.found: list[tuple[int, int]] = []
        self._parser = parser
        self._rules = rules
        self._open = [False]
        self._text: list[str] = []
        self._start: int | None = None
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartCdataSectionHandler = self._mark
        parser.StartDoctypeDeclHandler = self._refuse

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._flush()
        local = tag.rpartition(":")[2]
        named = self._rules.is_secret(local) or self._rules.is_secret(attributes.get("name", ""))
        self._open.append(named or (self._open[-1] and local == "Value"))

    def _end(self, tag: str) -> None:
        self._flush()
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._mark()
        self._text.append(text)

    def _mark(self) -> None:
        if self._start is None:
            self._start = self._parser.CurrentByteIndex

    def _flush(self) -> None:
        text = "".join(self._text)
        if self._start is not None and text.strip():
            secret = self._open[-1] and text.strip().lower() not in _FLAGS
            if secret or self._rules.masked(text) != text:
                self.found.append((self._start, self._parser.CurrentByteIndex))
        self._start, self._text = None, []

    def _refuse(self, *_: object) -> None:
        raise ValueError("a DOCTYPE can hold entities")


def _xml(text: str, rules: Rules) -> str | None:
    """Mask XML; None when it is none that can be read, as with HTML and documents with a DOCTYPE."""
    content = text.encode("utf-8", "surrogatepass")
    parser = expat.ParserCreate("utf-8")
    masks = _Masks(parser, rules)
    try:
        parser.Parse(content.lstrip(b"\xef\xbb\xbf \t\r\n"), True)
    except (expat.ExpatError, ValueError):
        return None
    offset = len(content) - len(content.lstrip(b"\xef\xbb\xbf \t\r\n"))
    pieces, last = [], 0
    for start, end in masks.found:
        pieces += [content[last : start + offset], HIDDEN.encode()]
        last = end + offset
    masked = b"".join((*pieces, content[last:])).decode("utf-8", "surrogatepass")
    return re.sub(r"<[^<>!?/][^<>]*>", lambda tag: _tag(tag[0], rules), masked)


def _tag(tag: str, rules: Rules) -> str:
    """A start tag without the attributes that are secret by their names."""

    def mask(found: re.Match[str]) -> str:
        value = found[3]
        secret = rules.is_secret(found[2]) and value[1:-1].lower() not in _FLAGS
        return f"{found[1]}{value[0]}{HIDDEN}{value[0]}" if secret else found[0]

    return _XML_ATTRIBUTE.sub(mask, tag)


def rules_of(names: Iterable[str], texts: Iterable[str]) -> Rules:
    """Return the rules for *names* of fields in any case, and for *texts*."""
    return Rules(frozenset(name.lower() for name in names), tuple(text for text in texts if text))
