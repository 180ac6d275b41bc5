"""What people hold in their hands: the command line, and functions for what is no attribute, query or commit.

valispace       all functions for Valispace in one place: `from assetmeta.tools import valispace`
    grids           the cells of a matrix as rows of valis
    datasets        a vali as a dataset, point by point
    questions       what if, impact, fuzzy search, the assistant
    uploads         new files
    quantities      values with their units
    dialect         the session's dialect, when it is Valispace
valohai         all functions for Valohai in one place: `from assetmeta.tools import valohai`
    vh_executions   logs, metadata, outputs
    vh_downloads    files of executions in a folder
    vh_data         properties of many data, aliases, adopted files
    vh_code         code that is in no repository
    vh_launches     triggers, templates, notebooks, deployments
    vh_projects     environment variables, fetching commits
    vh_dialect      the session's dialect, when it is Valohai
given           what a function was given
plain           answers as plain data
measured        downloads, counted and summed up
testspace       all functions for Testspace in one place: `from assetmeta.tools import testspace`
    suites          the cases of results
cli             the command `assetmeta`
pytest_plugin   fixtures

Nobody below imports it.
"""
