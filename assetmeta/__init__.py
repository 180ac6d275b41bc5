"""assetmeta: remote asset servers as Python objects.

from assetmeta import V1Meta

with V1Meta(instance_url="https://host/Instance", token="<access token>") as v1:
    for story in v1.Story.where(v1.Story.Estimate > 3).select("Name", "Owners.Name"):
        print(story.Name, [member.Name for member in story.Owners])
"""

from assetmeta.backends.asset_state import AssetState
from assetmeta.connecting import connect
from assetmeta.core.asset import Asset
from assetmeta.core.inspection import Inspector, inspect
from assetmeta.core.plan import Plan
from assetmeta.core.query import Query
from assetmeta.core.report import Report
from assetmeta.core.snapshot import Snapshot
from assetmeta.model.codecs import Span
from assetmeta.model.errors import (
    AssetmetaError,
    BadValue,
    BrokenOff,
    Busy,
    CommitError,
    Conflict,
    LoginRefused,
    Misuse,
    Moved,
    NotFound,
    NotLoaded,
    NotOne,
    OverBudget,
    ReadOnly,
    Refused,
    ServerError,
    ServerFailed,
    SessionClosed,
    TimedOut,
    UnknownName,
    Unreachable,
    Unreadable,
    Unsupported,
)
from assetmeta.model.plans import Call, Create, Delete, Delta, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.values import UNREAD, Oid
from assetmeta.session import Session
from assetmeta.systems import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta
from assetmeta.trace import Trace
from assetmeta.version import __version__
from assetmeta.wire.auth import Basic, Bearer, TokenCallable
from assetmeta.wire.cassette import Cassette
from assetmeta.wire.ledger import Ledger
from assetmeta.wire.ntlm import Ntlm
from assetmeta.wire.oauth import OAuth2, TokenExchange

__all__ = [
    "UNREAD",
    "Asset",
    "AssetState",
    "AssetmetaError",
    "BadValue",
    "Basic",
    "Bearer",
    "BrokenOff",
    "Busy",
    "Call",
    "Cassette",
    "CommitError",
    "Conflict",
    "Create",
    "Delete",
    "Delta",
    "Done",
    "Failed",
    "Inspector",
    "Ledger",
    "LoginRefused",
    "Misuse",
    "Moved",
    "NotFound",
    "NotLoaded",
    "NotOne",
    "Ntlm",
    "OAuth2",
    "Oid",
    "OverBudget",
    "Plan",
    "Query",
    "ReadOnly",
    "Refused",
    "Report",
    "ServerError",
    "ServerFailed",
    "Session",
    "SessionClosed",
    "Skipped",
    "Snapshot",
    "Span",
    "TestspaceMeta",
    "TimedOut",
    "TokenCallable",
    "TokenExchange",
    "Trace",
    "Unknown",
    "UnknownName",
    "Unreachable",
    "Unreadable",
    "Unsupported",
    "Update",
    "V1Meta",
    "ValispaceMeta",
    "ValohaiMeta",
    "__version__",
    "connect",
    "inspect",
]
