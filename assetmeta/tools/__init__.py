"""The command line, and functions for what is no attribute, query or commit.

common           checks of what a function was given, and answers as plain data
valispace        all functions for Valispace in one place: `from assetmeta.tools import valispace`
    dialect         the session's dialect, when it is Valispace
    grids           the cells of a matrix as rows of valis
    datasets        a vali as a dataset, point by point
    calls           what if, impact, fuzzy search, the assistant
    uploads         new files
    quantities      values with their units
valohai          all functions for Valohai in one place: `from assetmeta.tools import valohai`
    dialect         the session's dialect, when it is Valohai
    executions      logs, metadata, outputs
    waits           what runs, waited for
    downloads       files of executions in a folder
    data            properties of many data, aliases, adopted files
    working_copy    which files of a folder are code
    code            code that is in no repository
    launches        triggers, templates, notebooks, deployments
    projects        environment variables, fetching commits
testspace        all functions for Testspace in one place: `from assetmeta.tools import testspace`
    suites          the cases of results
stubs            the server's types for type checkers
mirror           types in SQLite: what is read, and when
mirror_database  that file: tables, index, what it knows of the last run
browse           a mirror as pages
cli              the command `assetmeta`: a file per group of commands
    streams         output that any terminal and any reader takes
    connection      profiles and addresses; errors as lines, exit codes
    conditions      conditions as texts
    options         options that commands share
    explore, bulk, changes, schemas, mirrors    the commands

No lower layer imports it.
"""
