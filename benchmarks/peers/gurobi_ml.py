"""The least output of a network over a box, by gurobi-machinelearning; one JSON line.

python gurobi_ml.py NETWORK LOWER UPPER LIMIT SEED THREADS [minimize|maximize]

The licence that comes with gurobipy takes up to 2000 variables and 2000 rows; beyond, `status` is
"licence". A neuron takes two variables.
"""

from common import ABSOLUTE_GAP, RELATIVE_GAP, Licence, optimize, plain_model

import gurobipy
from gurobi_ml.onnx import add_onnx_constr


def solve(question):
    try:
        return answer(question)
    except gurobipy.GurobiError as error:
        if error.errno == gurobipy.GRB.Error.SIZE_LIMIT_EXCEEDED:
            raise Licence(str(error)) from None
        raise


def answer(question):
    model = gurobipy.Model(env=gurobipy.Env(params={"OutputFlag": 0}))
    lower, upper = question.lower[None, :], question.upper[None, :]
    x = model.addMVar(lower.shape, lb=lower, ub=upper)
    y = model.addMVar((1, 1), lb=-gurobipy.GRB.INFINITY)
    add_onnx_constr(model, plain_model(question.layers), x, y)
    sense = gurobipy.GRB.MAXIMIZE if question.maximize else gurobipy.GRB.MINIMIZE
    model.setObjective(y[0, 0], sense)
    model.Params.MIPGap, model.Params.MIPGapAbs = RELATIVE_GAP, ABSOLUTE_GAP
    model.Params.Seed, model.Params.Threads = question.seed, question.threads
    model.Params.TimeLimit = question.left()
    model.optimize()
    point = x.X[0] if model.SolCount else None
    return model.Status == gurobipy.GRB.OPTIMAL, point, model.ObjBound


if __name__ == "__main__":
    solver_version = ".".join(map(str, gurobipy.gurobi.version()))
    optimize("gurobi-machinelearning", "gurobi", solver_version, solve, __doc__)
