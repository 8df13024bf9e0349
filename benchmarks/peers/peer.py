"""The least output of an ONNX network over its box, by another tool; one JSON line.

pip install numpy onnx onnxruntime gurobipy gurobi-machinelearning pyscipopt PySCIPOpt-ML
python3 peer.py gurobi|scip NETWORK.onnx SECONDS [--box FILE.json] [--output INDEX]

One thread, relative gap 1e-4. Times are those of building and solving the model, without the
imports. The box is the one that `taut convert` and `taut train` store in the file
(`taut.input_box`), or {"lower": [...], "upper": [...]} in a file.
"""

import argparse
import json
import resource
import time

import numpy as np
import onnx

GAP = 1e-4


def gurobi(network, lower, upper, output, seconds):
    import gurobipy
    from gurobi_ml.onnx import add_onnx_constr

    environment = gurobipy.Env(params={"OutputFlag": 0})
    started = clock()
    model = gurobipy.Model(env=environment)
    x = model.addMVar((1, len(lower)), lb=lower[None, :], ub=upper[None, :])
    y = model.addMVar((1, outputs(network)), lb=-gurobipy.GRB.INFINITY)
    add_onnx_constr(model, network, x, y)
    model.setObjective(y[0, output], gurobipy.GRB.MINIMIZE)
    model.Params.Threads, model.Params.TimeLimit, model.Params.MIPGap = 1, seconds, GAP
    model.optimize()
    value = model.ObjVal if model.SolCount else None
    return started, model.Status == gurobipy.GRB.OPTIMAL, value, model.ObjBound, model.NodeCount


def scip(network, lower, upper, output, seconds):
    from pyscipopt import Model
    from pyscipopt_ml.add_predictor import add_predictor_constr

    started = clock()
    model = Model()
    model.hideOutput()
    x = np.array([[model.addVar(lb=l, ub=u) for l, u in zip(lower.tolist(), upper.tolist())]])
    y = np.array([[model.addVar(lb=None, ub=None) for _ in range(outputs(network))]])
    add_predictor_constr(model, network, x, y, unique_naming_prefix="network_")
    model.setObjective(y[0][output])
    model.setParam("limits/time", seconds)
    model.setParam("limits/gap", GAP)
    model.optimize()
    is_optimal = model.getStatus() in ("optimal", "gaplimit")
    value = model.getObjVal() if model.getNSols() else None
    return started, is_optimal, value, model.getDualbound(), model.getNNodes()


def outputs(network):
    return network.graph.output[0].type.tensor_type.shape.dim[-1].dim_value


def clock():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.time(), usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=["gurobi", "scip"])
    parser.add_argument("network")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--box")
    parser.add_argument("--output", type=int, default=0)
    arguments = parser.parse_args()
    network = onnx.load(arguments.network)
    metadata = {entry.key: entry.value for entry in network.metadata_props}
    text = open(arguments.box).read() if arguments.box else metadata["taut.input_box"]
    box = json.loads(text)
    lower, upper = np.array(box["lower"], float), np.array(box["upper"], float)
    solve = {"gurobi": gurobi, "scip": scip}[arguments.tool]
    started, is_optimal, value, bound, nodes = solve(
        network, lower, upper, arguments.output, arguments.seconds
    )
    seconds, cpu = (now - then for now, then in zip(clock(), started))
    record = {
        "tool": arguments.tool,
        "network": arguments.network,
        "optimal": is_optimal,
        "value": value,
        "bound": bound,
        "nodes": nodes,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
    }
    print(json.dumps(record))


main()
