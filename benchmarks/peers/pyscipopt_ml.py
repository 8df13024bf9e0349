"""The least output of a network over a box, by PySCIPOpt-ML; one JSON line.

python pyscipopt_ml.py NETWORK LOWER UPPER LIMIT SEED THREADS [minimize|maximize]

SCIP takes one thread, whatever THREADS says. For ONNX networks the package writes SOS1
constraints in any case.
"""

from common import ABSOLUTE_GAP, RELATIVE_GAP, optimize, plain_model

import numpy as np
from pyscipopt import Model
from pyscipopt_ml.add_predictor import add_predictor_constr


def solve(question):
    model = Model()
    model.hideOutput()
    ends = zip(question.lower.tolist(), question.upper.tolist())
    x = np.array([[model.addVar(lb=lower, ub=upper) for lower, upper in ends]])
    y = np.array([[model.addVar(lb=None, ub=None)]])
    network = plain_model(question.layers)
    add_predictor_constr(model, network, x, y, unique_naming_prefix="network_")
    model.setObjective(y[0][0], "maximize" if question.maximize else "minimize")
    model.setParam("limits/gap", RELATIVE_GAP)
    model.setParam("limits/absgap", ABSOLUTE_GAP)
    model.setParam("randomization/randomseedshift", question.seed)
    model.setParam("limits/time", question.left())
    model.optimize()
    point = [model.getVal(variable) for variable in x[0]] if model.getNSols() else None
    return model.getStatus() in ("optimal", "gaplimit"), point, model.getDualbound()


if __name__ == "__main__":
    parts = Model().getMajorVersion(), Model().getMinorVersion(), Model().getTechVersion()
    optimize("pyscipopt-ml", "scip", ".".join(map(str, parts)), solve, __doc__)
