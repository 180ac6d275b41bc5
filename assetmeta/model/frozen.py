"""Lists and dicts that belong to an asset: they read like any other, and refuse to be changed in place.

A change in place would be lost without a word, since only an assignment makes a value pending. Copies, slices, sums,
deep copies and what comes out of a pickle are plain lists and dicts.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NoReturn

from assetmeta.model.errors import ReadOnly


class _Owned:
    """What the two have in common: the place that they were read from, as `Execution:5.tags`, if it is known."""

    __slots__ = ()
    _place: str

    def _refuse(self, *unused: object, **named: object) -> NoReturn:
        place = getattr(self, "_place", "") or "This value"
        raise ReadOnly(
            f"{place} is not changed in place, since that would not be written: change a copy (copy.deepcopy()), and "
            "assign it to the attribute."
        )


class FrozenList(_Owned, list[Any]):
    """A list that cannot be changed in place."""

    __slots__ = ("_place",)

    append = extend = insert = remove = pop = clear = sort = reverse = _Owned._refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _Owned._refuse

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return [deepcopy(item, memo) for item in self]

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return list, (list(self),)


class FrozenDict(_Owned, dict[str, Any]):
    """A dict that cannot be changed in place."""

    __slots__ = ("_place",)

    pop = popitem = clear = update = setdefault = _Owned._refuse
    __setitem__ = __delitem__ = __ior__ = _Owned._refuse

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: deepcopy(item, memo) for key, item in self.items()}

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return dict, (dict(self),)


class ConcealedList(FrozenList):
    """A list with secrets in it: no repr shows its values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(veiled(self))


class ConcealedDict(FrozenDict):
    """A dict with secrets in it: a repr shows its keys, and none of its values."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(veiled(self))


def frozen(value: Any, place: str = "", *, concealed: bool = False) -> Any:
    """Return lists and dicts, those within them included, as ones that cannot be changed in place; all else as it is.
    *concealed* ones show no value, and what is concealed already stays so.
    """
    concealed = concealed or isinstance(value, ConcealedList | ConcealedDict)
    found: FrozenList | FrozenDict
    if isinstance(value, list):
        found = (ConcealedList if concealed else FrozenList)(frozen(item, place, concealed=concealed) for item in value)
    elif isinstance(value, dict):
        items = ((key, frozen(item, place, concealed=concealed)) for key, item in value.items())
        found = (ConcealedDict if concealed else FrozenDict)(items)
    else:
        return value
    found._place = place
    return found


def veiled(value: Any) -> Any:
    """Return a value with its keys, and with stars for all that may be a secret."""
    if isinstance(value, dict):
        return {key: veiled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [veiled(item) for item in value]
    return value if value is None or isinstance(value, bool) else "***"
