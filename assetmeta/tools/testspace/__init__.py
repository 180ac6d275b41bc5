"""Functions over a TestspaceMeta session, for what is no attribute, query or commit:

from assetmeta.tools import testspace

for content, case in testspace.cases(ts.Result("1234/result.6")):
    print(content.path, case.name, case.status)
"""

from assetmeta.backends.testspace.suites import Annotation, Case, Suite
from assetmeta.tools.testspace.suites import CaseOf, cases, clear, download, links, suite, suite_and_case

__all__ = [
    "Annotation",
    "Case",
    "CaseOf",
    "Suite",
    "cases",
    "clear",
    "download",
    "links",
    "suite",
    "suite_and_case",
]
