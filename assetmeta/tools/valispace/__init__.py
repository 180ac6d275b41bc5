"""Functions over a ValispaceMeta session, for what is no attribute, query or commit:

from assetmeta.tools import valispace

grid = valispace.matrix(vs.Matrix(57))
print(valispace.what_if(vs.Vali(210), vs.Vali(202), 7))
"""

from assetmeta.tools.valispace.calls import clean, deployment, fuzzy, impact, preview, profile, prompt, what_if
from assetmeta.tools.valispace.datasets import dataset
from assetmeta.tools.valispace.grids import Grid, matrix
from assetmeta.tools.valispace.quantities import quantity, set_quantity
from assetmeta.tools.valispace.uploads import upload

__all__ = [
    "Grid",
    "clean",
    "dataset",
    "deployment",
    "fuzzy",
    "impact",
    "matrix",
    "preview",
    "profile",
    "prompt",
    "quantity",
    "set_quantity",
    "upload",
    "what_if",
]
