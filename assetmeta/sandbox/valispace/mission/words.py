"""The vocabulary of the data set."""

from __future__ import annotations

MISSIONS = ("Aurora", "Borealis", "Cassia", "Delphin", "Egret", "Falco", "Gannet", "Heron", "Ibis", "Juniper")

SUBSYSTEMS: dict[str, tuple[str, ...]] = {
    "Energy": ("SolarArray", "Battery", "PowerUnit", "Harness"),
    "Propulsion": ("Tank", "Thruster", "Valve", "Feedline"),
    "Attitude": ("ReactionWheel", "StarTracker", "SunSensor", "Magnetorquer", "Gyroscope"),
    "Communication": ("Transponder", "Antenna", "Amplifier", "Diplexer"),
    "DataHandling": ("Computer", "MassMemory", "RemoteTerminal"),
    "Thermal": ("Radiator", "Heater", "HeatPipe", "Blanket"),
    "Structure": ("Panel", "Frame", "Bracket", "Mechanism"),
    "Payload": ("Telescope", "Detector", "Cooler", "Electronics"),
}
"""The parts that each subsystem is made of."""

PARTS = ("Board", "Housing", "Connector", "Bearing", "Motor", "Cable", "Sensor", "Fastener", "Insulation", "Interface")
"""What everything further down is made of."""

MATERIALS = ("Aluminium 7075", "Titanium Ti-6Al-4V", "Carbon fibre", "Stainless steel", "Kapton", "Copper")

TAGS = (
    ("budget", "#1F77B4"),
    ("critical", "#D62728"),
    ("heritage", "#2CA02C"),
    ("long-lead", "#FF7F0E"),
    ("to be confirmed", "#9467BD"),
    ("off the shelf", "#8C564B"),
    ("flight spare", "#E377C2"),
    ("redundant", "#17BECF"),
)

PEOPLE = (
    ("ada", "Ada", "Byron"),
    ("emmy", "Emmy", "Noether"),
    ("kalpana", "Kalpana", "Chawla"),
    ("jose", "José", "Álvarez"),
    ("mei", "Mei", "Lin"),
    ("wernher", "Werner", "Weiß"),
    ("sofia", "Sofia", "Kowalewska"),
    ("yuri", "Yuri", ""),
)

SECTIONS = ("Functional", "Performance", "Interface", "Environment", "Operation", "Safety")

DUTIES: tuple[tuple[str, str], ...] = (
    ("Mass", "The {part} shall have a mass of no more than {value}."),
    ("Power consumption", "The {part} shall consume no more than {value}."),
    ("Redundancy", "No single failure of the {part} shall lead to a loss of the mission."),
    ("Life time", "The {part} shall work for at least {number} years in orbit."),
    ("Temperature range", "The {part} shall survive temperatures from -{number} °C to +{number} °C."),
    ("Telemetry", "The {part} shall report its state every {number} s."),
    ("Launch loads", "The {part} shall withstand quasi-static loads of {number} g in any direction."),
    ("Cleanliness", "The {part} shall be assembled in a clean room of ISO class {number} or better."),
    ("Outgassing", "Materials of the {part} shall lose less than {number} % of their mass."),
    ("Mounting", "The {part} shall be mounted with at least {number} bolts."),
)
"""Titles and texts of requirements."""

REASONS = (
    "Follows from the launch vehicle's user manual.",
    "Derived from the budget of the system.",
    "Customer requirement.",
    "Lesson learned from an earlier mission.",
    "Needed for the safe mode.",
)

TASKS = ("Review the budget", "Update the interface document", "Order long-lead items", "Close open remarks")
PROCEDURES = ("Vibration test", "Thermal vacuum test", "Functional test", "Deployment test", "Compatibility test")
STEPS = ("Prepare the test set-up", "Switch on", "Record telemetry", "Compare with the limits", "Switch off")
REMARKS = ("Please check this value.", "The supplier confirmed the number.", "Is the margin enough?", "Agreed.")
