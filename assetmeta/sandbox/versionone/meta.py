"""The documents of meta.v1, in XML and JSON: all types, one type, one attribute or path, one operation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from lxml import etree

from .definitions import PathDefinition, define
from .types import AttributeDef, Catalogue, OperationDef, TypeDef

Json = dict[str, object]

_SPELLINGS = {
    "name": "Name",
    "token": "Token",
    "displayname": "DisplayName",
    "abstract": "Abstract",
    "attributetype": "AttributeType",
    "isreadonly": "IsReadOnly",
    "isrequired": "IsRequired",
    "ismultivalue": "IsMultivalue",
    "iscanned": "IsCanned",
    "iscustom": "IsCustom",
}
"""How JSON spells what XML writes in lower case."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A child element that only points elsewhere: to a definition ("Story.Status") or to a type ("Story")."""

    tag: str
    target: str

    @property
    def to_type(self) -> bool:
        """True when the target is an asset type."""
        return "." not in self.target


@dataclass(frozen=True, slots=True)
class Node:
    """One `AssetType`, `AttributeDefinition` or `Operation`, before it is spelled in XML or JSON."""

    tag: str
    of: str | None
    traits: dict[str, str | bool]
    references: tuple[Reference, ...]
    children: tuple[Node, ...] = ()


def type_node(catalogue: Catalogue, kind: TypeDef, *, flags: bool = True) -> Node:
    """The node of a whole type, with its attributes and operations. *flags* False leaves out `iscanned`/`iscustom`."""
    traits: dict[str, str | bool] = {
        "name": kind.name,
        "token": kind.name,
        "displayname": f"AssetType'{kind.name}",
        "abstract": kind.abstract,
    }
    attributes = (attribute_node(catalogue, kind, each, flags=flags) for each in kind.attributes.values())
    operations = (operation_node(kind, each) for each in kind.operations.values())
    return Node("AssetType", None, traits, tuple(_type_references(kind)), (*attributes, *operations))


def attribute_node(catalogue: Catalogue, kind: TypeDef, attribute: AttributeDef, *, flags: bool = True) -> Node:
    """The node of one attribute as *kind* has it."""
    traits = _traits(kind.name, attribute.name, attribute.kind, attribute.readonly, attribute.required, attribute.multi)
    if flags:
        traits |= {"iscanned": not attribute.custom, "iscustom": attribute.custom}
    references = _attribute_references(catalogue, kind, attribute)
    return Node("AttributeDefinition", kind.name, traits, tuple(references))


def path_node(catalogue: Catalogue, kind: TypeDef, path: PathDefinition) -> Node:
    """The node of a derived definition: read-only, required as the attribute reached, multi-value if any step is."""
    traits = _traits(kind.name, path.name, path.kind, True, path.reached.required, path.multi)
    return Node("AttributeDefinition", kind.name, traits, tuple(_path_references(catalogue, kind, path)))


def operation_node(kind: TypeDef, operation: OperationDef) -> Node:
    """The node of one operation."""
    validator = operation.validator
    references = (Reference("Validator", f"{kind.name}.{validator}"),) if validator else ()
    return Node("Operation", kind.name, {"name": operation.name}, references)


def _traits(owner: str, name: str, kind: str, readonly: bool, required: bool, multi: bool) -> dict[str, str | bool]:
    return {
        "name": name,
        "token": f"{owner}.{name}",
        "displayname": f"AttributeDefinition'{name}'{owner}",
        "attributetype": kind,
        "isreadonly": readonly,
        "isrequired": required,
        "ismultivalue": multi,
    }


def _type_references(kind: TypeDef) -> Iterator[Reference]:
    if kind.base:
        yield Reference("Base", kind.base)
    named = {"DefaultOrderBy": kind.order_by, "DefaultDisplayBy": kind.display_by, "ShortName": kind.short_name}
    for tag, name in named.items():
        if name:
            yield Reference(tag, f"{kind.name}.{name}")
    for tag in ("Name", "Description"):
        if tag in kind.attributes:
            yield Reference(tag, f"{kind.name}.{tag}")


def _attribute_references(catalogue: Catalogue, kind: TypeDef, attribute: AttributeDef) -> Iterator[Reference]:
    if attribute.base:
        yield Reference("Base", attribute.base)
    if attribute.reciprocal:
        yield Reference("ReciprocalRelation", attribute.reciprocal)
    token = f"{kind.name}.{attribute.name}"
    if attribute.name == "ID":
        yield Reference("OrderByAttribute", token)
        if kind.display_by:
            yield Reference("DisplayByAttribute", f"{kind.name}.{kind.display_by}")
    elif not attribute.multi and attribute.name != "Is":
        yield from _order_references(catalogue, token, attribute.related)
    if attribute.related:
        yield Reference("RelatedAsset", attribute.related)


def _path_references(catalogue: Catalogue, kind: TypeDef, path: PathDefinition) -> Iterator[Reference]:
    inherited = define(catalogue, kind.base, path.name) if kind.base else None
    if inherited:
        yield Reference("Base", f"{kind.base}.{path.name}")
    if not path.multi:
        yield from _order_references(catalogue, f"{kind.name}.{path.name}", path.related)
    if path.related:
        yield Reference("RelatedAsset", path.related)
    if not path.aggregate:
        yield Reference("RelatedAttribute", f"{path.reached_on}.{path.reached.name}")


def _order_references(catalogue: Catalogue, token: str, related: str | None) -> Iterator[Reference]:
    """What a single value is ordered and shown by: a scalar by itself, a relation by what its related type says."""
    if related is None:
        yield Reference("OrderByAttribute", token)
        return
    kind = catalogue.types[related]
    if kind.order_by:
        yield Reference("OrderByAttribute", f"{token}.{kind.order_by}")
    if kind.display_by:
        yield Reference("DisplayByAttribute", f"{token}.{kind.display_by}")


class MetaDocuments:
    """The answers of `meta.v1/` of one instance.

    *prefix* is the instance path without a trailing slash ("/VersionOne"), which every `href` starts with. *flags*
    False leaves out `iscanned` and `iscustom`, as old servers do. The document of all types is rendered once for each
    format.
    """

    def __init__(self, catalogue: Catalogue, prefix: str, *, flags: bool = True) -> None:
        self.catalogue = catalogue
        self.prefix = prefix
        self.flags = flags

    def whole(self, *, as_json: bool = False) -> bytes:
        """All asset types, abstract ones included: `meta.v1/`."""
        return _rendered(self.catalogue, self.prefix, self.flags, as_json)

    def of_type(self, name: str, *, as_json: bool = False) -> bytes | None:
        """One type: `meta.v1/Story`. None when there is no such type."""
        kind = self.catalogue.find(name)
        return self._document(type_node(self.catalogue, kind, flags=self.flags), as_json) if kind else None

    def of_member(self, type_name: str, text: str, *, as_json: bool = False) -> bytes | None:
        """One attribute, path or operation: `meta.v1/Story/Status`, `…/Owners.Name`, `…/Delete`. None if unknown."""
        kind = self.catalogue.find(type_name)
        if kind is None:
            return None
        operation = kind.operations.get(text)
        if operation:
            return self._document(operation_node(kind, operation), as_json)
        path = define(self.catalogue, type_name, text)
        if path is None:
            return None
        plain = path.plain
        node = attribute_node(self.catalogue, kind, path.reached, flags=self.flags) if plain else None
        return self._document(node or path_node(self.catalogue, kind, path), as_json)

    def _href(self, target: str) -> str:
        """The address of a type ("Story") or of a definition ("Story.Status")."""
        return f"{self.prefix}/meta.v1/" + quote(target.replace(".", "/", 1), safe="/.:@'=!,;()[]$~<>\"+-&|")

    def _root_traits(self, node: Node) -> dict[str, str]:
        own = str(node.traits["name"])
        traits = {"href": self._href(f"{node.of}.{own}" if node.of else own), "version": self.catalogue.version}
        return traits | ({"of": self._href(node.of)} if node.of else {})

    def _document(self, node: Node, as_json: bool) -> bytes:
        if as_json:
            root = self._root_traits(node)
            spelled = {{"href": "HREF", "of": "Of", "version": "Version"}[key]: value for key, value in root.items()}
            return json.dumps({"_type": node.tag, **spelled, **self._json(node)}).encode()
        element = self._xml(node, self._root_traits(node))
        return etree.tostring(element, encoding="UTF-8", xml_declaration=True)

    def render(self, as_json: bool) -> bytes:
        """All asset types, written anew."""
        nodes = [type_node(self.catalogue, kind, flags=self.flags) for kind in self.catalogue.types.values()]
        return self._all_json(nodes) if as_json else self._all_xml(nodes)

    def _all_xml(self, nodes: Iterable[Node]) -> bytes:
        root = etree.Element("Meta", href=f"{self.prefix}/meta.v1/", version=self.catalogue.version)
        root.extend(self._xml(node, {}) for node in nodes)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _all_json(self, nodes: Iterable[Node]) -> bytes:
        types = {str(node.traits["name"]): self._json(node) for node in nodes}
        whole = {"HREF": f"{self.prefix}/meta.v1/", "Version": self.catalogue.version, "AssetTypes": types}
        return json.dumps(whole).encode()

    def _xml(self, node: Node, root: dict[str, str]) -> etree._Element:
        element = etree.Element(node.tag, {**root, **{key: str(value) for key, value in node.traits.items()}})
        for each in node.references:
            key = "nameref" if each.to_type else "tokenref"
            etree.SubElement(element, each.tag, {"href": self._href(each.target), key: each.target})
        element.extend(self._xml(child, {}) for child in node.children)
        return element

    def _json(self, node: Node) -> Json:
        spelled: Json = {"_type": node.tag}
        spelled |= {_SPELLINGS[key]: value for key, value in node.traits.items()}
        # A type writes its key "Name" twice, and readers keep the latter: the reference to its Name attribute.
        for each in node.references:
            key = "nameref" if each.to_type else "tokenref"
            spelled[each.tag] = {key: each.target, "href": self._href(each.target)}
        if node.tag == "AssetType":
            spelled["Attributes"] = self._json_children(node, "AttributeDefinition")
            spelled["Operations"] = self._json_children(node, "Operation")
        return spelled

    def _json_children(self, node: Node, tag: str) -> Json:
        owner = node.traits["name"]
        return {f"{owner}.{each.traits['name']}": self._json(each) for each in node.children if each.tag == tag}


@lru_cache(maxsize=8)
def _rendered(catalogue: Catalogue, prefix: str, flags: bool, as_json: bool) -> bytes:
    return MetaDocuments(catalogue, prefix, flags=flags).render(as_json)
