"""The least output of a network over a box, by highs-ml; one JSON line.

python highs_ml.py NETWORK LOWER UPPER LIMIT SEED THREADS [minimize|maximize]
"""

from common import ABSOLUTE_GAP, RELATIVE_GAP, optimize, plain_model

import highspy

# It imports these when it is called first, which is none of the time that counts.
import sklearn.compose  # noqa: F401
import sklearn.cross_decomposition  # noqa: F401
import sklearn.ensemble  # noqa: F401
import sklearn.linear_model  # noqa: F401
import sklearn.neural_network  # noqa: F401
import sklearn.pipeline  # noqa: F401
from highs_ml import add_predictor_constr


def solve(question):
    highs = highspy.Highs()
    highs.silent()
    ends = zip(question.lower.tolist(), question.upper.tolist())
    x = [highs.addVariable(lb=lower, ub=upper) for lower, upper in ends]
    predictor = add_predictor_constr(highs, plain_model(question.layers), x)
    highs.setOptionValue("mip_rel_gap", RELATIVE_GAP)
    highs.setOptionValue("mip_abs_gap", ABSOLUTE_GAP)
    highs.setOptionValue("random_seed", question.seed)
    highs.setOptionValue("threads", question.threads)
    highs.setOptionValue("time_limit", question.left())
    if question.maximize:
        highs.maximize(predictor.output_var)
    else:
        highs.minimize(predictor.output_var)
    information = highs.getInfo()
    has_point = information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    point = highs.vals(x) if has_point else None
    is_optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    bound = information.mip_dual_bound
    if predictor.stats.n_binaries == 0:
        # A linear program, whose bound is its optimum.
        bound = information.objective_function_value if is_optimal else None
    return is_optimal, point, bound


if __name__ == "__main__":
    optimize("highs-ml", "highs", highspy.Highs().version(), solve, __doc__)
