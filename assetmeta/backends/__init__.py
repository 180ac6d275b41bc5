"""The dialects: flows that turn plans into requests and answers into rows and outcomes.

A dialect uses no HTTP library, no clock and no class of the session. It imports from assetmeta.model, from the
shared files here, and from its own package:

    responses                  answers checked for errors, documents parsed safely
    concurrency                several flows run concurrently
    attempt                    one change performed: every error becomes its outcome
    verification               changes in doubt, compared with the server's values
    write_scheduler            the order of writes, and what becomes of them: one place for all dialects
    markup, asset_state        HTML texts and their plain form; the states of VersionOne's assets
    filenames, multipart       names of files made harmless, files as forms
    local/                     queries that are evaluated in the client: executor, operators, sorting, prefetch,
                               path_trees, records
    rest/                      what the JSON REST dialects share: http, errors, urls, codecs, discovery, echo
    versionone/ valispace/ valohai/ testspace/

The REST dialects have the same name for the same role: api (the bundled description), schema and discovery (it as a
Schema, completed by the server's own description), codecs, decode and encode (objects as cells, values as JSON),
lookup (reads by identity), queries, pushdown (conditions that the server applies), pages, prefetch (what assets are
missing), writer and writes, calls, explain, options, files, keys and aliases.

How the layers work together: docs/architecture.md. How a fifth server is added: docs/adding-a-dialect.md.
"""
