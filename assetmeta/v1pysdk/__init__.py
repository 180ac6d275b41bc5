"""The names of the VersionOne Python SDK (v1pysdk 0.6.2) on the core of assetmeta.

    from assetmeta.v1pysdk import V1Meta        # was: from v1pysdk import V1Meta

A program written for that SDK runs with this line changed, and reads in batches: values are texts, relations are only
added to, `.first()` of nothing raises IndexError. docs/moving-from-v1pysdk.md lists what differs.
"""

from assetmeta.v1pysdk.base_asset import BaseAsset
from assetmeta.v1pysdk.client import V1AssetNotFoundError, V1CommitError, V1Error, V1Server
from assetmeta.v1pysdk.none_deref import NoneDeref
from assetmeta.v1pysdk.query import V1Query
from assetmeta.v1pysdk.string_utils import split_attribute
from assetmeta.v1pysdk.v1meta import V1Meta

__all__ = [
    "BaseAsset",
    "NoneDeref",
    "V1AssetNotFoundError",
    "V1CommitError",
    "V1Error",
    "V1Meta",
    "V1Query",
    "V1Server",
    "split_attribute",
]
