"""A meta.v1 document of any size, with the mix of attributes that real ones have."""

from __future__ import annotations

from itertools import cycle

FIRST = "Kind0"
"""The type that a first query may ask for."""

MIX = (
    "Text",
    "Numeric",
    "Date",
    "Boolean",
    "Text",
    "Relation",
    "Text",
    "Relation",
    "Boolean",
    "Date",
    "State",
    "Relation",
)
BASES = 10
"""The first types are bases of all others, in turn."""


def meta_document(types: int, attributes: int) -> bytes:
    """A schema of *types* types with *attributes* attributes in all."""
    share, left = divmod(attributes, types)
    parts = ['<Meta version="25.1.2.3">']
    for place in range(types):
        parts += _type(place, share + (place < left), types)
    return "".join([*parts, "</Meta>"]).encode()


def _type(place: int, attributes: int, types: int) -> list[str]:
    name = f"Kind{place}"
    base = f'<Base nameref="Kind{place % BASES}" href="/VersionOne/meta.v1/Kind{place % BASES}" />'
    named = "".join(
        f'<{tag} tokenref="{name}.Text0" href="/VersionOne/meta.v1/{name}/Text0" />'
        for tag in ("DefaultOrderBy", "ShortName", "DefaultDisplayBy")
    )
    head = f'<AssetType name="{name}" token="{name}" displayname="AssetType\'{name}" abstract="False">'
    counts: dict[str, int] = {}
    body = []
    for number, kind in zip(range(attributes), cycle(MIX), strict=False):
        counts[kind] = counts.get(kind, -1) + 1
        label = {"Numeric": "Number"}.get(kind, kind)
        body.append(_attribute(name, f"{label}{counts[kind]}", kind, number, types))
    return [head, base if place >= BASES else "", named, *body, "</AssetType>"]


def _attribute(owner: str, name: str, kind: str, number: int, types: int) -> str:
    flags = {
        "isreadonly": number % 3 == 2,
        "isrequired": number == 0,
        "ismultivalue": kind == "Relation" and number % 2 == 1,
        "iscanned": True,
        "iscustom": False,
    }
    said = " ".join(f'{flag}="{value}"' for flag, value in flags.items())
    head = (
        f'<AttributeDefinition name="{name}" token="{owner}.{name}" displayname="AttributeDefinition\'{name}\'{owner}" '
        f'attributetype="{kind}" {said}>'
    )
    ends = ""
    if kind == "Relation":
        far = f"Kind{(number * 7) % types}"
        ends = (
            f'<RelatedAsset nameref="{far}" href="/VersionOne/meta.v1/{far}" />'
            f'<ReciprocalRelation tokenref="{far}.Relation0" href="/VersionOne/meta.v1/{far}/Relation0" />'
        )
    return f"{head}{ends}</AttributeDefinition>"
