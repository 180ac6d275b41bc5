"""What every deployment has from the start: people, an organization, environments and a store, but no project."""

from __future__ import annotations

from .model import Key
from .tokens import hashed
from .workspace import Workspace

BORN = "2024-01-08T08:00:00.000000Z"
ORGANIZATION = "harbour-lab"
DEFAULT = "The Default Environment"

PEOPLE = (
    ("admin", "Admin", "Istrator", "admin", None),
    ("ada", "Ada", "Lind", "member", None),
    ("reader", "Rita", "Ahti", "reader", None),
    ("outsider", "Otto", "Virta", None, None),
    ("external", "Eeva", "Salo", "member", "has_external_identity"),
    ("secured", "Simo", "Koski", "member", "has_2fa"),
)
"""User name (and password), first and last name, role in the organization, why a password does not do."""

MACHINES = (
    (DEFAULT, "default", "", False, "0.00000", 0.0),
    ("Harbour Large CPU", "harbour-large-cpu", "", False, "0.38400", 0.2),
    ("Harbour GPU", "harbour-gpu", "1 x 16 GB", True, "3.30600", 1.1),
)
"""Name, slug, graphics, whether there are any, price per hour, highest spot price."""


def plant(space: Workspace) -> None:
    """Fill a store that is new."""
    if not space.store.fresh:
        return
    with space.store.lock, space.store.transaction():
        people = [_person(space, *entry[:3], refusal=entry[4]) for entry in PEOPLE]
        members = [
            {"user": id, "role": entry[3]} for id, entry in zip(people, PEOPLE, strict=True) if entry[3] is not None
        ]
        organization = space.add("organization", name=ORGANIZATION, members=members)
        for entry in MACHINES:
            _machine(space, *entry)
        _store(space, organization)


def _person(space: Workspace, username: str, first: str, last: str, *, refusal: str | None) -> Key:
    return space.add(
        "user",
        username=username,
        first_name=first,
        last_name=last,
        email=f"{username}@example.org",
        secret=hashed(username, username),
        refusal=refusal,
    )


def _machine(space: Workspace, name: str, slug: str, gpu: str, has_gpu: bool, price: str, spot: float) -> None:
    space.add(
        "environment",
        name=name,
        slug=slug,
        description="",
        enabled=True,
        type="vm",
        gpu_spec=gpu,
        has_gpu=has_gpu,
        per_hour_price_usd=price,
        per_user_queue_quota=0,
        is_scalable=spot > 0,
        scale_min=0,
        scale_max=100 if spot else 0,
        scale_down_grace_period=15,
        spot=spot > 0,
        spot_max_price=spot,
        allow_personal_usage=True,
        bill_usage=True,
        enable_smart_vm_selection=False,
        supports_priority=has_gpu,
        ctime=BORN,
    )


def _store(space: Workspace, organization: Key) -> None:
    space.add(
        "store",
        name="harbour-data",
        type="s3",
        owner=organization,
        configuration={"bucket": "harbour-data", "region": "eu-north-1", "secret_access_key": "sandbox"},
        ctime=BORN,
    )
