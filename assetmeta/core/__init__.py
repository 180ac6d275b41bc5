"""The machinery between the user's objects and a backend's flows.

Files import only from those named before them:
state, identity, watch, ownership, plan, report, vocabulary, workspace, cohort, access, relations, walk, snapshot,
attribute_words, columns, streaming, query, attributes, asset_class, asset, measured, whole_file, files,
reflect, schemas, loading, edits, unit, conflicts, lost_values, aftermath,
commit, inspection.
"""
