"""Fields an administrator of this instance has added, and the list types made for their drop-downs."""

from __future__ import annotations

DECLARED = """
Custom_FundingLevel : List

Custom_Region : List

extend Story
    Custom_testfield Text, Custom_AnticipatedBODDate2 Date
    Custom_FundingLevel -> Custom_FundingLevel.Stories

extend Defect
    Custom_DowntimeMinutes Numeric

extend Epic
    Custom_Regions* -> Custom_Region.Epics
"""
