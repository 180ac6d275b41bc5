"""What people hold in their hands: the command line, and functions for what is no attribute, query or commit.

valispace       all functions for Valispace in one place: `from assetmeta.tools import valispace`
    grids           the cells of a matrix as rows of valis
    datasets        a vali as a dataset, point by point
    questions       what if, impact, fuzzy search, the assistant
    uploads         new files
    quantities      values with their units
    dialect         the session's dialect, when it is Valispace
cli             the command `assetmeta`
pytest_plugin   fixtures

Nobody below imports it.
"""
