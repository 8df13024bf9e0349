"""The least output of a network over a box, by OMLT and HiGHS; one JSON line.

python omlt_highs.py NETWORK LOWER UPPER LIMIT SEED THREADS [minimize|maximize]

The big-M formulation, with the bounds that Pyomo finds by intervals.
"""

from common import ABSOLUTE_GAP, RELATIVE_GAP, optimize, plain_model

import pyomo.environ as pyo
from omlt import OmltBlock
from omlt.io.onnx import load_onnx_neural_network
from omlt.neuralnet import ReluBigMFormulation
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import TerminationCondition


def solve(question):
    model = pyo.ConcreteModel()
    model.network = OmltBlock()
    ends = zip(question.lower.tolist(), question.upper.tolist())
    bounds = {(0, index): pair for index, pair in enumerate(ends)}
    definition = load_onnx_neural_network(plain_model(question.layers), input_bounds=bounds)
    model.network.build_formulation(ReluBigMFormulation(definition))
    (output,) = model.network.outputs.values()
    sense = pyo.maximize if question.maximize else pyo.minimize
    model.objective = pyo.Objective(expr=output, sense=sense)
    results = SolverFactory("highs").solve(
        model,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
        rel_gap=RELATIVE_GAP,
        abs_gap=ABSOLUTE_GAP,
        threads=question.threads,
        time_limit=question.left(),
        solver_options={"random_seed": question.seed},
    )
    point = None
    if results.incumbent_objective is not None:
        results.solution_loader.load_vars()
        point = [pyo.value(variable) for variable in model.network.inputs.values()]
    is_optimal = (
        results.termination_condition == TerminationCondition.convergenceCriteriaSatisfied
    )
    return is_optimal, point, results.objective_bound


if __name__ == "__main__":
    solver_version = ".".join(map(str, SolverFactory("highs").version()))
    optimize("omlt", "highs", solver_version, solve, __doc__)
