"""The number of linear regions of a network in a box, by affinitree; one JSON line.

python affinitree.py NETWORK LOWER UPPER LIMIT

The terminals of its decision tree, which is built with the box as precondition, paths without
points taken off.
"""

from common import count

import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch is not needed
    from affinitree import AffFunc, AffTree, Architecture, Polytope, builder


def regions(layers, lower, upper):
    inputs = len(lower)
    network = Architecture(inputs)
    for index, (weights, bias) in enumerate(layers):
        if index:
            network.relu()
        network.linear(AffFunc.from_mats(np.ascontiguousarray(weights), bias))
    domain = Polytope.hyperrectangle(inputs, list(zip(lower.tolist(), upper.tolist())))
    domain = AffTree.from_poly(domain, AffFunc.identity(inputs), None)
    tree = builder.from_layers(network, domain)
    tree.infeasible_elimination()
    return {"count": tree.num_terminals(), "exact": True}


if __name__ == "__main__":
    count("affinitree", regions, __doc__, "decision tree, box")
