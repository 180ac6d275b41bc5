"""assetmeta: remote asset servers as Python objects.

from assetmeta import V1Meta

with V1Meta(instance_url="https://host/Instance", token="<access token>") as v1:
    for story in v1.Story.where(v1.Story.Estimate > 3).select("Name", "Owners.Name"):
        print(story.Name, [member.Name for member in story.Owners])
"""

from typing import TYPE_CHECKING

from assetmeta.model.optional import lazy_names
from assetmeta.version import __version__

if TYPE_CHECKING:
    from assetmeta.backends.asset_state import AssetState
    from assetmeta.core.asset import Asset
    from assetmeta.core.inspect import Inspector, inspect
    from assetmeta.core.plan import Plan
    from assetmeta.core.query import Query
    from assetmeta.core.report import Report
    from assetmeta.core.row_report import RowResult, UpsertReport
    from assetmeta.core.snapshot import Snapshot
    from assetmeta.features.asset_changes import AssetChange, ValueChange
    from assetmeta.features.completion import load_ipython_extension
    from assetmeta.features.frames import to_arrow
    from assetmeta.features.job_record import JobStatus
    from assetmeta.features.jobs import Job
    from assetmeta.features.poller import FailedCallback, V1Poller
    from assetmeta.features.watch import Watcher
    from assetmeta.model.codecs import Span
    from assetmeta.model.errors import (
        AssetmetaError,
        AuthenticationFailed,
        BadValue,
        BrokenOff,
        BudgetExceeded,
        CommitError,
        Conflict,
        InvalidResponse,
        JobError,
        NotExactlyOne,
        NotFound,
        NotLoaded,
        RateLimited,
        ReadOnly,
        Rejected,
        ResultChanged,
        ServerError,
        ServerFailed,
        SessionClosed,
        StillWaiting,
        TimedOut,
        UnknownName,
        Unreachable,
        Unsupported,
        UsageError,
    )
    from assetmeta.model.plans import AttributeChange, Call, Create, Delete, Done, Failed, Skipped, Unknown, Update
    from assetmeta.model.values import UNREAD, Oid
    from assetmeta.session import Session
    from assetmeta.systems import TestspaceMeta, V1Meta, ValispaceMeta, ValohaiMeta, connect
    from assetmeta.trace import Trace
    from assetmeta.wire.auth import Basic, Bearer, TokenCallable
    from assetmeta.wire.cassette import Cassette
    from assetmeta.wire.ledger import Ledger
    from assetmeta.wire.ntlm import Ntlm
    from assetmeta.wire.oauth import OAuth2, TokenExchange

# Each is imported with its first use: the command's help needs none of them, and few programs need all.
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "assetmeta.backends.asset_state": ("AssetState",),
        "assetmeta.core.asset": ("Asset",),
        "assetmeta.core.inspect": (
            "Inspector",
            "inspect",
        ),
        "assetmeta.core.plan": ("Plan",),
        "assetmeta.core.query": ("Query",),
        "assetmeta.core.report": ("Report",),
        "assetmeta.core.row_report": (
            "RowResult",
            "UpsertReport",
        ),
        "assetmeta.core.snapshot": ("Snapshot",),
        "assetmeta.features.asset_changes": (
            "AssetChange",
            "ValueChange",
        ),
        "assetmeta.features.completion": ("load_ipython_extension",),
        "assetmeta.features.frames": ("to_arrow",),
        "assetmeta.features.job_record": ("JobStatus",),
        "assetmeta.features.jobs": ("Job",),
        "assetmeta.features.poller": (
            "FailedCallback",
            "V1Poller",
        ),
        "assetmeta.features.watch": ("Watcher",),
        "assetmeta.model.codecs": ("Span",),
        "assetmeta.model.errors": (
            "AssetmetaError",
            "AuthenticationFailed",
            "BadValue",
            "BrokenOff",
            "BudgetExceeded",
            "CommitError",
            "Conflict",
            "InvalidResponse",
            "JobError",
            "NotExactlyOne",
            "NotFound",
            "NotLoaded",
            "RateLimited",
            "ReadOnly",
            "Rejected",
            "ResultChanged",
            "ServerError",
            "ServerFailed",
            "SessionClosed",
            "StillWaiting",
            "TimedOut",
            "UnknownName",
            "Unreachable",
            "Unsupported",
            "UsageError",
        ),
        "assetmeta.model.plans": (
            "AttributeChange",
            "Call",
            "Create",
            "Delete",
            "Done",
            "Failed",
            "Skipped",
            "Unknown",
            "Update",
        ),
        "assetmeta.model.values": (
            "Oid",
            "UNREAD",
        ),
        "assetmeta.session": ("Session",),
        "assetmeta.systems": (
            "TestspaceMeta",
            "V1Meta",
            "ValispaceMeta",
            "ValohaiMeta",
            "connect",
        ),
        "assetmeta.trace": ("Trace",),
        "assetmeta.wire.auth": (
            "Basic",
            "Bearer",
            "TokenCallable",
        ),
        "assetmeta.wire.cassette": ("Cassette",),
        "assetmeta.wire.ledger": ("Ledger",),
        "assetmeta.wire.ntlm": ("Ntlm",),
        "assetmeta.wire.oauth": (
            "OAuth2",
            "TokenExchange",
        ),
    },
)

__all__ = [
    "UNREAD",
    "Asset",
    "AssetChange",
    "AssetState",
    "AssetmetaError",
    "AttributeChange",
    "AuthenticationFailed",
    "BadValue",
    "Basic",
    "Bearer",
    "BrokenOff",
    "BudgetExceeded",
    "Call",
    "Cassette",
    "CommitError",
    "Conflict",
    "Create",
    "Delete",
    "Done",
    "Failed",
    "FailedCallback",
    "Inspector",
    "InvalidResponse",
    "Job",
    "JobError",
    "JobStatus",
    "Ledger",
    "NotExactlyOne",
    "NotFound",
    "NotLoaded",
    "Ntlm",
    "OAuth2",
    "Oid",
    "Plan",
    "Query",
    "RateLimited",
    "ReadOnly",
    "Rejected",
    "Report",
    "ResultChanged",
    "RowResult",
    "ServerError",
    "ServerFailed",
    "Session",
    "SessionClosed",
    "Skipped",
    "Snapshot",
    "Span",
    "StillWaiting",
    "TestspaceMeta",
    "TimedOut",
    "TokenCallable",
    "TokenExchange",
    "Trace",
    "Unknown",
    "UnknownName",
    "Unreachable",
    "Unsupported",
    "Update",
    "UpsertReport",
    "UsageError",
    "V1Meta",
    "V1Poller",
    "ValispaceMeta",
    "ValohaiMeta",
    "ValueChange",
    "Watcher",
    "__version__",
    "connect",
    "inspect",
    "load_ipython_extension",
    "to_arrow",
]
