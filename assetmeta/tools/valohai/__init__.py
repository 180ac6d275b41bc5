"""Functions over a ValohaiMeta session, for what is no attribute, query or commit:

from assetmeta.tools import valohai

commit = valohai.upload_code(project, "my-folder")
execution = vh.Execution.create(project=project, commit=commit, step="train")
for line in valohai.logs(execution, follow=True):
    print(line)
valohai.download(execution, "results", pattern="*.csv")
"""

from assetmeta.backends.valohai.logs import Event
from assetmeta.tools.valohai.code import pack, upload_code
from assetmeta.tools.valohai.data import adopt, apply_metadata, resolve_alias
from assetmeta.tools.valohai.downloads import download
from assetmeta.tools.valohai.executions import (
    events,
    logs,
    metadata,
    metadata_csv,
    metadata_frame,
    outputs,
    status_events,
)
from assetmeta.tools.valohai.launches import (
    Run,
    endpoint_logs,
    launch,
    run_info,
    run_notebook,
    run_pipeline,
    suggest_version_name,
)
from assetmeta.tools.valohai.projects import (
    Fetched,
    Variable,
    delete_variable,
    fetch,
    ownership_options,
    profile,
    set_variable,
    variables,
)
from assetmeta.tools.valohai.waits import as_completed, wait

__all__ = [
    "Event",
    "Fetched",
    "Run",
    "Variable",
    "adopt",
    "apply_metadata",
    "as_completed",
    "delete_variable",
    "download",
    "endpoint_logs",
    "events",
    "fetch",
    "launch",
    "logs",
    "metadata",
    "metadata_csv",
    "metadata_frame",
    "outputs",
    "ownership_options",
    "pack",
    "profile",
    "resolve_alias",
    "run_info",
    "run_notebook",
    "run_pipeline",
    "set_variable",
    "status_events",
    "suggest_version_name",
    "upload_code",
    "variables",
    "wait",
]
