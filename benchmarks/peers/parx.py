"""The number of linear regions of a network in a box, by parx; one JSON line.

python parx.py NETWORK LOWER UPPER LIMIT

It enumerates the patterns of whole R^n (`whole`); of these, `count` are those that have inner
points in the box. Its way without Julia, `exact_python`, is taken.
"""

from common import count

from unittest.mock import patch

import numpy as np
from scipy.optimize import linprog

# parx wants to see a program called julia, although this way needs none.
with patch("shutil.which", return_value="julia"):
    from parx import compute_partition

# Radius of a ball, relative to the box, from which on a region has inner points.
INNER = 1e-9


def regions(layers, lower, upper):
    weights = {f"{i}.weight": weights for i, (weights, _) in enumerate(layers)}
    biases = {f"{i}.bias": bias for i, (_, bias) in enumerate(layers)}
    start = (lower + upper) / 2
    partition = compute_partition(weights | biases, start[None, :], method="exact_python")
    inside = (is_in_box(*partition.halfspaces(r), lower, upper) for r in partition.regions)
    return {"count": sum(inside), "exact": True, "whole": len(partition)}


def is_in_box(rows, right, lower, upper):
    """Whether a ball lies in both {x : rows x ≤ right} and the box: its largest radius."""
    sides = np.eye(len(lower))
    rows = np.vstack([rows, sides, -sides])
    right = np.concatenate([right, upper, -lower])
    rows = np.hstack([rows, np.linalg.norm(rows, axis=1, keepdims=True)])
    goal = [0] * len(lower) + [-1]
    ranges = [(None, None)] * len(lower) + [(0, None)]
    result = linprog(goal, rows, right, bounds=ranges)
    return bool(result.success and -result.fun > INNER * np.max(upper - lower))


if __name__ == "__main__":
    count("parx", regions, __doc__, "patterns of R^n, those in the box")
