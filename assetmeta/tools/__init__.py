"""What people hold in their hands: the command line, and functions for what is no attribute, query or commit.

given           what a function was given
plain           answers as plain data
valispace       all functions for Valispace in one place: `from assetmeta.tools import valispace`
    dialect         the session's dialect, when it is Valispace
    grids           the cells of a matrix as rows of valis
    datasets        a vali as a dataset, point by point
    questions       what if, impact, fuzzy search, the assistant
    uploads         new files
    quantities      values with their units
valohai         all functions for Valohai in one place: `from assetmeta.tools import valohai`
    dialect         the session's dialect, when it is Valohai
    executions      logs, metadata, outputs
    downloads       files of executions in a folder
    data            properties of many data, aliases, adopted files
    working_copy    which files of a folder are code
    code            code that is in no repository
    launches        triggers, templates, notebooks, deployments
    projects        environment variables, fetching commits
testspace       all functions for Testspace in one place: `from assetmeta.tools import testspace`
    suites          the cases of results
cli             the command `assetmeta`

No lower layer imports it.
"""
