"""What a spacecraft has only once: orbit, budgets of the system, matrices, a thrust curve."""

from __future__ import annotations

from ..derived import POINTS, VARIABLES
from .book import Book
from .tree import Builder, Node

THRUST = ((0.0, 0.0), (0.5, 18.0), (1.0, 21.5), (5.0, 22.0), (60.0, 21.0), (120.0, 19.5), (121.0, 0.0))


def describe(book: Book, builder: Builder, types: list[int]) -> None:
    """Write the valis of the system and of the subsystems."""
    root = builder.craft.root
    subsystems = {node.name: node for node in root.children}
    _orbit(builder, root)
    _power(builder, root, subsystems["Energy"])
    _propulsion(book, builder, root, subsystems["Propulsion"])
    _system(builder, root, subsystems, types)
    for node in (root, subsystems["Payload"], subsystems["Propulsion"]):
        _inertia(book, builder, node)


def _orbit(builder: Builder, root: Node) -> None:
    altitude = builder.ref
    builder.vali(root, "Altitude", "560", "km", margin_plus=1.0, margin_minus=1.0, minimum=500.0, maximum=650.0)
    builder.vali(root, "Radius_of_Earth", "6371 km")
    builder.vali(root, "Gravity_of_Earth", "398600.4418 km^3/s^2")
    distance = f"({altitude(root, 'Radius_of_Earth')} + {altitude(root, 'Altitude')})"
    builder.vali(root, "Period", f"2*pi*sqrt({distance}^3 / {altitude(root, 'Gravity_of_Earth')})", "min")
    builder.vali(root, "Orbits_per_day", f"24 h / {altitude(root, 'Period')}")
    builder.vali(root, "Speed", f"sqrt({altitude(root, 'Gravity_of_Earth')} / {distance})", "km/s")
    builder.vali(
        root,
        "Eclipse",
        f"asin({altitude(root, 'Radius_of_Earth')} / {distance}) / pi * {altitude(root, 'Period')}",
        "min",
    )


def _power(builder: Builder, root: Node, power: Node) -> None:
    builder.vali(power, "Solar_constant", "1361 W/m^2")
    builder.vali(power, "Array_area", "3.2", "m^2", margin_plus=2.0, margin_minus=2.0)
    builder.vali(power, "Efficiency", "29.5", "%", margin_plus=3.0, margin_minus=3.0)
    product = " * ".join(builder.ref(power, name) for name in ("Solar_constant", "Array_area", "Efficiency"))
    builder.vali(power, "Generated", f"{product} * cos(12 deg)", "W")
    stored = f"{builder.ref(root, 'Power')} * {builder.ref(root, 'Eclipse')} / 0.3"
    builder.vali(power, "Battery_capacity", stored, "Wh")
    builder.vali(power, "Power_left", f"{builder.ref(power, 'Generated')} - {builder.ref(root, 'Power')}", "W")


def _propulsion(book: Book, builder: Builder, root: Node, propulsion: Node) -> None:
    builder.vali(propulsion, "Specific_impulse", "224 s", "s", margin_plus=2.0, margin_minus=2.0)
    builder.vali(propulsion, "Propellant", "38.5", "kg", maximum=60.0)
    wet = f"{builder.ref(root, 'Mass')} + {builder.ref(propulsion, 'Propellant')}"
    builder.vali(root, "Wet_mass", wet, "kg")
    ratio = f"ln({builder.ref(root, 'Wet_mass')} / {builder.ref(root, 'Mass')})"
    builder.vali(
        propulsion, "Delta_v", f"9.80665 m/s^2 * {builder.ref(propulsion, 'Specific_impulse')} * {ratio}", "m/s"
    )
    thrust = builder.vali(propulsion, "Thrust", "22", "N", function_view_plot_min=0.0, function_view_plot_max=121.0)
    dataset = book.add("datasets", vali=thrust, headers=["t", "F"])
    for x, y in THRUST:
        book.add(VARIABLES, point=book.add(POINTS, dataset=dataset, value=x), value_number=y)
    builder.vali(propulsion, "Thrust_at_start", f"{builder.ref(propulsion, 'Thrust')}(2)", "N")
    builder.vali(propulsion, "Thrust_on_average", f"aod({builder.ref(propulsion, 'Thrust')})", "N")


def _system(builder: Builder, root: Node, subsystems: dict[str, Node], types: list[int]) -> None:
    for name, node in subsystems.items():
        builder.vali(root, f"{name}_share", f"{builder.ref(node, 'Mass')} / {builder.ref(root, 'Mass')}", "%")
    builder.vali(root, "Launch_limit", "4 t", "kg")
    builder.vali(root, "Worst_mass", f"${root.path}.Wet_mass\\wc_plus", "kg")
    fits = f"if({builder.ref(root, 'Worst_mass')} <= {builder.ref(root, 'Launch_limit')}, 1, 0)"
    builder.vali(root, "Fits_the_launcher", fits)
    builder.vali(root, "Heaviest", f"max({', '.join(builder.ref(node, 'Mass') for node in subsystems.values())})", "kg")
    builder.vali(root, "Reliability", "0.995^8", "", type=types[0], uses_default_formula=True)


def _inertia(book: Book, builder: Builder, node: Node) -> None:
    """A symmetric matrix of three rows: the lower half refers to the upper one."""
    matrix = book.add("matrices", name="Inertia", parent=node.id, unit="kg*m^2", number_of_rows=3, number_of_columns=3)
    cells: list[list[int]] = []
    for row in range(3):
        line = []
        for column in range(3):
            number = round(book.random.uniform(10, 40) if row == column else book.random.uniform(-2, 2), 3)
            formula = str(number) if column >= row else f"${cells[column][row]}"
            cell = book.add("valis", parent=matrix, shortname=f"{row + 1}_{column + 1}", formula=formula, unit="kg*m^2")
            builder.craft.valis.append(cell)
            line.append(cell)
        cells.append(line)
    book.change("matrices", matrix, cells=cells)
