"""The machinery between the user's objects and a backend's flows.

Files import only from those named before them:
advice, state, identity_map, load_log, schema_gaps, ownership, plan_text, plan, report, row_report, vocabulary,
context, plan_names, names, cohort, values, relations, walk, snapshot, comparisons, columns, read_ahead, paging,
criteria, frames, query, attributes, metaclass, asset, checksums, part_file, whole_file, attachments, class_builder,
schema_source, loading, edits, unit_of_work, conflicts, invalidation, lost_values, reconciliation, outcome_log,
commit, inspect.
"""
