"""The machinery between the user's objects and a backend's flows.

Files import only from those named before them:
state, identity, watch, workspace, cohort, access, relations, walk, columns, streaming, query, attributes, asset, files,
reflect, schemas, loading, edits, plan, report, unit, aftermath, commit, inspection.
"""
