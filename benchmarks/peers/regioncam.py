"""The number of linear regions of a network with two inputs in a box, by regioncam; one JSON line.

python regioncam.py NETWORK LOWER UPPER LIMIT

It cuts a square around 0, so the box is mapped to [-1, 1]² in the first layer. It computes in
single precision.
"""

from common import Refused, count, on_unit_box

import numpy as np
from regioncam import Regioncam


def regions(layers, lower, upper):
    if len(lower) != 2:
        raise Refused(f"{len(lower)} inputs; expected 2")
    camera = Regioncam(size=1)
    for index, (weights, bias) in enumerate(on_unit_box(layers, lower, upper)):
        if index:
            camera.relu()
        camera.linear(weights.T.astype(np.float32), bias.astype(np.float32))
    return {"count": camera.num_faces, "exact": True}


if __name__ == "__main__":
    count("regioncam", regions, __doc__, "cuts of polygons, single precision, box")
