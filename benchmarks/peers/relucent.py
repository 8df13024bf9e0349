"""The number of linear regions of a network in a box, by relucent; one JSON line.

python relucent.py NETWORK LOWER UPPER LIMIT

A search from cell to cell over facets. It can be kept to the cells that meet a cube around 0, so
the box is mapped to [-1, 1]^n in the first layer. (Cutting the cells to the cube, `clipped`, ends
in AmbiguousGeometryError on peaks-2x25.)
"""

from common import Refused, count, on_unit_box

import numpy as np
from relucent import Complex
from relucent.model.model import LinearLayer, ReLULayer, ReLUNetwork

# Starts are in the middle of the box, and no further from it than this.
NEAR = 1e-3


def regions(layers, lower, upper):
    network = []
    for weights, bias in on_unit_box(layers, lower, upper):
        network += [LinearLayer(weight=weights, bias=bias), ReLULayer()]
    cells = Complex(ReLUNetwork(network[:-1]))
    start = np.random.default_rng(0).uniform(-NEAR, NEAR, size=(1, len(lower)))
    options = {"cube_radius": 1.0, "cube_mode": "intersect", "nworkers": 1, "verify": False}
    result = cells.bfs(start, verbose=0, **options)
    if not result.complete:
        failed = len(result.bad_shi_computations)
        raise Refused(f"it could not cross {failed} facets; expected a complete search")
    return {"count": len(cells), "exact": True}


if __name__ == "__main__":
    count("relucent", regions, __doc__, "search over facets, cells that meet the box")
