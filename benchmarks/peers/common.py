"""What the adapters share: networks, boxes, answers, limits.

A network is a list of (weights, bias), weights out × in, with ReLU between them. Only its first
output counts: it is what is minimized or maximized. An adapter is called as the package that it
drives, so this module has to be imported before that package: it takes the folder of the adapters
off the path.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

# As Taut's defaults: |value - bound| ≤ RELATIVE_GAP |value|, or ABSOLUTE_GAP in units of the output.
RELATIVE_GAP = 1e-4
ABSOLUTE_GAP = 1e-6
# What a solver's own value may differ from that of the network at its point, relative to the
# larger of 1 and it: feasibility tolerances of 1e-6 in rows of some hundred terms.
SLACK = 1e-5
# Seconds in which a process that is asked to may end its own.
PATIENCE = 1
# Solvers write infinity as numbers from here on.
INFINITY = 1e20

HERE = Path(__file__).resolve().parent
sys.path[:] = [folder for folder in sys.path if Path(folder or ".").resolve() != HERE]


class Refused(Exception):
    """The question is not one for this adapter: what was found, and what was expected."""


class Licence(Exception):
    """The tool's licence does not allow a model of this size."""


def read_network(path):
    """Layers of an ONNX network of Gemm, or MatMul and Add, with Relu between them."""
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # whatever protobuf and the file system raise
        raise Refused(f"{path}: {error}; expected an ONNX network") from None
    constants = {t.name: np.array(numpy_helper.to_array(t), float) for t in graph.initializer}
    layers, is_active = [], True  # whether the last thing was a ReLU, or the input
    inputs = [value.name for value in graph.input if value.name not in constants]
    if len(inputs) != 1:
        raise Refused(f"{path}: {len(inputs)} inputs; expected 1")
    (tensor,) = inputs
    for node in graph.node:
        where = f"{path}: node '{node.name or node.output[0]}', {node.op_type}"
        if node.op_type == "Add" and layers and not is_active:
            names = [name for name in node.input if name != tensor]
            bias = constant(constants, names[0] if len(names) == 1 else "", where)
            layers[-1] = (layers[-1][0], layers[-1][1] + row(bias, len(layers[-1][1]), where))
        elif not node.input or node.input[0] != tensor:
            raise Refused(f"{where}: expected a chain, with {tensor} as its first operand")
        elif node.op_type == "Relu" and not is_active:
            is_active = True
        elif node.op_type in ("Gemm", "MatMul") and is_active:
            layers.append(affine(node, constants, where))
            is_active = False
        else:
            raise Refused(f"{where}: expected Gemm, or MatMul and Add, with Relu between them")
        tensor = node.output[0]
    if is_active:
        raise Refused(f"{path}: expected an affine layer at the end")
    layers[-1] = tuple(part[:1] for part in layers[-1])
    return layers


def affine(node, constants, where):
    """Weights, out × in, and bias of a node."""
    weights = constant(constants, node.input[1] if len(node.input) > 1 else "", where)
    if weights.ndim != 2:
        raise Refused(f"{where}: weights of shape {weights.shape}; expected two axes")
    if node.op_type == "MatMul":
        return weights.T, np.zeros(weights.shape[1])
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if attributes.get("transA"):
        raise Refused(f"{where}: transA = 1; expected 0")
    weights = attributes.get("alpha", 1.0) * (weights if attributes.get("transB") else weights.T)
    bias = np.zeros(len(weights))
    if len(node.input) > 2:
        addend = constant(constants, node.input[2], where)
        bias = attributes.get("beta", 1.0) * row(addend, len(weights), where)
    return weights, bias


def row(bias, length, where):
    """A bias as a row, whatever its axes; a single number stands for all."""
    if bias.size not in (1, length):
        raise Refused(f"{where}: a bias of {bias.size} numbers; expected {length}")
    return np.broadcast_to(bias.reshape(-1), length)


def constant(constants, name, where):
    if name not in constants:
        raise Refused(f"{where}: '{name}' is no initializer; expected a constant operand")
    return constants[name]


def evaluate(layers, point):
    """The first output at a point."""
    x = np.asarray(point, float)
    for index, (weights, bias) in enumerate(layers):
        x = weights @ (np.maximum(x, 0) if index else x) + bias
    return float(x[0])


def plain_model(layers):
    """The network as the readers of all tools take it: Gemm with all its attributes, names for all
    nodes, the first output alone, double precision."""
    nodes, tensors, last = [], [], "x"
    real = onnx.TensorProto.DOUBLE
    for index, (weights, bias) in enumerate(layers):
        w, b, out = f"w{index}", f"b{index}", "y" if index == len(layers) - 1 else f"a{index}"
        tensors += [numpy_helper.from_array(weights, w), numpy_helper.from_array(bias, b)]
        form = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
        nodes.append(helper.make_node("Gemm", [last, w, b], [out], name=f"gemm{index}", **form))
        last = out
        if out != "y":
            last = f"z{index}"
            nodes.append(helper.make_node("Relu", [out], [last], name=f"relu{index}"))
    inputs = [helper.make_tensor_value_info("x", real, [1, layers[0][0].shape[1]])]
    outputs = [helper.make_tensor_value_info("y", real, [1, 1])]
    graph = helper.make_graph(nodes, "network", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def on_unit_box(layers, lower, upper):
    """The network over [-1, 1]^n in place of its box; the regions are as many."""
    (weights, bias), *others = layers
    return [(weights * ((upper - lower) / 2), bias + weights @ ((upper + lower) / 2)), *others]


def box(layers, lower, upper):
    """Its ends, as they stand in the arguments: numbers with commas between, or one for all."""
    inputs = layers[0][0].shape[1]
    ends = []
    for name, text in (("LOWER", lower), ("UPPER", upper)):
        end = np.array([number(name, word) for word in text.split(",")])
        if len(end) not in (1, inputs):
            raise Refused(f"{name}: {len(end)} numbers; expected 1 or {inputs}, one an input")
        ends.append(np.broadcast_to(end, inputs).copy())
    if not np.all(ends[0] <= ends[1]):
        raise Refused(f"LOWER {lower} is above UPPER {upper}; expected a box")
    return ends


def number(name, text, kind=float):
    try:
        value = kind(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise Refused(f"{name}: {text}; expected a finite number")
    return value


def optimize(tool, solver, solver_version, solve, document):
    """Runs an adapter: `solve` gets a Question, and gives (is_optimal, point or None, bound)."""
    question, record = None, {"tool": tool, "version": version(tool)}
    record |= {"solver": solver, "solver_version": solver_version}
    try:
        question = Question(sys.argv[1:], document)
        record |= {"status": "time_limit", "optimal": False, "value": None, "bound": None}
        question.started = time.perf_counter()
        is_optimal, point, bound = solve(question)
        record["seconds"] = round(time.perf_counter() - question.started, 4)
        record |= question.judge(is_optimal, point, bound)
    except Licence as error:
        record["status"] = "licence"
        record["seconds"] = round(time.perf_counter() - question.started, 4)
        record["error"] = str(error)
    except Refused as error:
        sys.exit(f"{tool}: {error}")
    print(json.dumps(record))


class Question:
    """Network, box and limits of an optimization, as they stand in the arguments."""

    def __init__(self, words, document):
        if not 6 <= len(words) <= 7:
            raise Refused(f"{len(words)} arguments\n\n{document}")
        self.layers = read_network(words[0])
        self.lower, self.upper = box(self.layers, words[1], words[2])
        self.limit = number("LIMIT", words[3])
        self.seed, self.threads = number("SEED", words[4], int), number("THREADS", words[5], int)
        sense = words[6] if len(words) == 7 else "minimize"
        if sense not in ("minimize", "maximize"):
            raise Refused(f"{sense}; expected minimize or maximize")
        self.maximize = sense == "maximize"
        self.started = None

    def left(self):
        """Seconds of the limit that building the model has left."""
        return max(self.limit - (time.perf_counter() - self.started), 0.01)

    def judge(self, is_optimal, point, bound):
        """The answer; its value is that of the network, whatever the solver says."""
        if bound is not None and not abs(bound) < INFINITY:
            bound = None
        if point is None:
            return {"bound": bound}
        point = np.clip(point, self.lower, self.upper)
        value = evaluate(self.layers, point)
        answer = {"value": value, "bound": bound, "point": point.tolist()}
        if is_optimal:
            gap = max(RELATIVE_GAP * abs(value), ABSOLUTE_GAP) + SLACK * max(abs(value), 1)
            is_optimal = bound is not None and abs(value - bound) <= gap
            answer["status"] = "optimal" if is_optimal else "inaccurate"
            answer["optimal"] = is_optimal
        return answer


def count(tool, count_regions, document, how):
    """Runs an adapter for regions: `count_regions` gets layers, lower and upper ends, and gives
    what belongs into the record, in a process that is killed at the limit."""
    record = {"tool": tool, "version": version(tool), "how": how}
    try:
        words = sys.argv[1:]
        if len(words) != 4:
            raise Refused(f"{len(words)} arguments\n\n{document}")
        layers = read_network(words[0])
        lower, upper = box(layers, words[1], words[2])
        limit = number("LIMIT", words[3])
        record |= within(limit, count_regions, layers, lower, upper)
    except Refused as error:
        sys.exit(f"{tool}: {error}")
    print(json.dumps(record))


def within(limit, function, *arguments):
    """What a function gives in a process of its own, or that it took longer (seconds)."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def end(*_):
        for worker in multiprocessing.active_children():
            worker.kill()
        os._exit(1)

    def work():
        signal.signal(signal.SIGTERM, end)
        started = time.perf_counter()
        try:
            answer = {"status": "complete"} | function(*arguments)
        except Refused as error:
            answer = {"refused": str(error)}
        except BaseException as error:  # a panic of Rust is no Exception
            answer = {"refused": f"it ended with {type(error).__name__}: {error}"}
        answer["seconds"] = round(time.perf_counter() - started, 4)
        sender.send(answer)

    process = context.Process(target=work)
    process.start()
    sender.close()
    try:
        answer = receiver.recv() if receiver.poll(limit) else None
    except EOFError:
        raise Refused("its process ended without an answer") from None
    finally:
        process.terminate()
        process.join(PATIENCE)
        process.kill()
    if answer is None:
        return {"status": "time_limit", "count": None, "exact": False, "seconds": limit}
    if "refused" in answer:
        raise Refused(answer["refused"])
    return answer
