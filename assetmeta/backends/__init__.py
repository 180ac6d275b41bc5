"""The dialects: flows that turn plans into requests and answers into rows and outcomes.

A dialect uses no HTTP library, no clock and no class of the session. It imports from assetmeta.model, from the
shared files here, and from its own package:

    responses                  answers checked for errors, documents parsed safely
    concurrency                several flows run concurrently
    error_documents, echo      what error documents contain; what was sent, compared with the answer
    attempt                    one change performed: every error becomes its outcome
    verification, creations    changes in doubt, compared with the server's values; creates in doubt, looked up
    write_scheduler            the order of writes, and their outcomes: one place for all dialects
    markup, asset_state        HTML texts and their plain form; the states of VersionOne's assets
    filenames, multipart       names of files made harmless, files as forms
    local/                     queries that are evaluated in the client: executor, operators, prefetch, records
    rest/                      one engine for servers with a JSON REST interface
    versionone/ valispace/ valohai/ testspace/

The REST dialects are descriptions (api.json, read by rest/spec) plus what is particular to them. The engine makes the
schema of a description and of what the server reports (rest/schema, discovery), reads objects (decode), makes bodies
(encode), performs changes (writer), chooses the conditions that the server applies (pushdown), remembers what saves
requests (options), reads what is missing of assets (reader), describes reads (explain), and is the backend itself
(backend). A dialect adds connection (addresses, logins, options), codecs, keys (keys to paths and back: rest/hooks),
pages (how lists continue), lookup (reads by key), queries (the lists that a read takes), writes (what shares requests),
files, calls and aliases.

How the layers work together: docs/architecture.md. How a fifth server is added: docs/adding-a-dialect.md.
"""
