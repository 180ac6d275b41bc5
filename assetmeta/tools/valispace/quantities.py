"""Values with their units, through pint (the extra `units`)."""

from __future__ import annotations

from typing import Any

from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.tools.valispace.dialect import require_context, warn_of_references


def quantity(vali: Any, name: str = "value", *, registry: Any = None) -> Any:
    """Return a vali's value in its unit as a pint Quantity; None where there is no value.

    *name* may be another number in the same unit: `wc_plus`, `wc_minus`, `minimum`, `maximum`. Quantities can be used
    together when they come from one *registry*: pint's application registry unless one is given. Sends nothing for a
    vali that is loaded.

    Raises BadValue for a unit that pint does not know, Unsupported without pint.
    """
    pint: Any = optional.load("pint", extra="units")
    require_context(vali, "Vali")
    number, unit = vali[name], _unit(vali)
    if number is None:
        return None
    units = pint.get_application_registry() if registry is None else registry
    try:
        return units.Quantity(float(number), unit)
    except (pint.PintError, ValueError, AttributeError) as error:
        raise BadValue(f"{vali.idref}: {unit!r} is not a unit ({error}).", oid=vali.idref, attribute="unit") from error


def set_quantity(vali: Any, given: Any, name: str = "formula") -> None:
    """Set a vali's formula, or another number of it, to a pint Quantity in the vali's own unit, pending until the
    commit. Sends nothing for a vali that is loaded. A formula with references that it takes the place of is warned of.

    Raises BadValue when the quantity does not fit the unit.
    """
    pint: Any = optional.load("pint", extra="units")
    require_context(vali, "Vali")
    if not hasattr(given, "magnitude"):
        raise BadValue(
            f"{vali.idref} takes a pint Quantity here, not {given!r:.80}: pint.Quantity(5, {_unit(vali)!r}). "
            f"A plain number in the vali's own unit is set as vali.{name} = 5.",
            oid=vali.idref,
            attribute=name,
        )
    try:
        magnitude = float(given.to(_unit(vali)).magnitude)
    except (pint.PintError, ValueError, AttributeError) as error:
        token = vali.idref
        raise BadValue(f"{token}: {given!s:.80} is not in {_unit(vali)!r} ({error}).", oid=token) from error
    if name == "formula":
        warn_of_references([(vali, magnitude)])
    vali[name] = repr(magnitude) if name == "formula" else magnitude


def _unit(vali: Any) -> str:
    """The unit that the value is shown in. A vali without one of its own is in base units."""
    return str(vali.unit or vali.baseunit or "dimensionless")
