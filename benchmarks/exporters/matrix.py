"""Which files of which exporters Taut reads rightly, beside OMLT, gurobi-ml and PySCIPOpt-ML.

    python matrix.py make FOLDER [EXPORTER ...]      the files, and what onnxruntime makes of them
    python matrix.py judge FOLDER TAUT [TABLE.md]    a line a file, as text or as a table

`make` needs numpy, onnx and onnxruntime, and of torch, onnxscript, tensorflow with tf2onnx,
scikit-learn with skl2onnx what there is: the files of the others are left out, and it says so. They
may come one after the other, from several environments, into the same folder; the exporter
`optimised` writes again what onnxruntime makes of the files that are there. Networks stand in
matrix_networks.py. `judge` needs onnx, and asks those of omlt, gurobi-machinelearning and
PySCIPOpt-ML that are installed whether they take the file into a model: neither solved nor checked.

Taut is asked for the least and the largest value of outputs over boxes of one point. Its word on a
file is one of

    ok        both are what onnxruntime computes, up to single precision
    refused   by name: the message has an operator of the file or says what is not piecewise linear
    WRONG     another value
    FAILED    no value, no such message

of which only `ok` is right for a piecewise linear network, and only `refused` for others. The exit
status is 1 where another word came out.
"""

import csv
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx

from matrix_networks import MAKERS, READ, REFUSED

POINTS = 3
# Outputs of a network that are asked for, at most.
MOST_OUTPUTS = 4
# Of the largest value: onnxruntime computes in single precision, with sums of some hundred terms.
TOLERANCE = 1e-5
# Seconds for one question.
PATIENCE = 60
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
# Files that onnxruntime writes again, of these exporters.
OPTIMISED = ("torch-old", "keras", "sklearn")


# --- Making ------------------------------------------------------------------------------


def make(folder, exporters):
    for exporter in exporters:
        here = folder / exporter
        here.mkdir(parents=True, exist_ok=True)
        maker = optimised(folder) if exporter == "optimised" else MAKERS[exporter]()
        made = failed = 0
        try:
            for name, kind, write in maker:
                path = here / (name + (".nnet" if exporter == "nnet" else ".onnx"))
                try:
                    points, values = write(path) or computed(path)
                except Exception as error:  # whatever an exporter raises
                    path.unlink(missing_ok=True)
                    print(f"{exporter}/{name}: not made: {short(error)}")
                    failed += 1
                    continue
                save(path, kind, points, values)
                made += 1
        except ImportError as error:
            print(f"{exporter}: not installed ({error})")
            continue
        print(f"{exporter}: {made} files" + (f", {failed} that it cannot make" if failed else ""))


def optimised(folder):
    """What onnxruntime writes of the files of some exporters, all of its optimisations on."""
    import onnxruntime

    for exporter in OPTIMISED:
        for path in sorted((folder / exporter).glob("*.onnx")):
            kind = json.loads(path.with_suffix(".json").read_text())["kind"]

            def write(target, path=path):
                options = onnxruntime.SessionOptions()
                options.optimized_model_filepath = str(target)
                # Beyond these it writes layouts of the machine's own.
                levels = onnxruntime.GraphOptimizationLevel
                options.graph_optimization_level = levels.ORT_ENABLE_EXTENDED
                session(path, options)

            yield f"{exporter}-{path.stem}", kind, write


def session(path, options=None):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    if options is None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def computed(path):
    """Points, and what onnxruntime computes there; all inputs and outputs in one list each."""
    runner = session(path)
    random = np.random.default_rng(7)
    points, values = [], []
    for _ in range(POINTS):
        feeds = {}
        for port in runner.get_inputs():
            shape = [d if isinstance(d, int) else 1 for d in port.shape]
            # Numbers of single precision, whatever the type is.
            array = random.normal(0, 1.5, shape).astype(np.float32)
            feeds[port.name] = array.astype(TYPES[port.type])
        points.append(flat(feeds.values()))
        values.append(flat(runner.run(None, feeds)))
    return points, values


def flat(arrays):
    return np.concatenate([np.asarray(a, dtype=np.float64).ravel() for a in arrays])


def save(path, kind, points, values):
    lists = lambda rows: [[float(v) for v in row] for row in rows]
    case = {"kind": kind, "points": lists(points), "values": lists(values)}
    path.with_suffix(".json").write_text(json.dumps(case) + "\n")


def short(error):
    return " ".join(str(error).split())[:160] or type(error).__name__


# --- Judging: Taut -----------------------------------------------------------------------


def taut_word(taut, path, case):
    """The word, and the message or values behind it."""
    for point, values in zip(case["points"], case["values"]):
        rows = rows_of(taut, path, len(point))
        point, values = point[: len(point) // rows], values[: len(values) // rows]
        scale = max(1.0, *map(abs, values))
        picked = np.linspace(0, len(values) - 1, min(len(values), MOST_OUTPUTS)).astype(int)
        for index in sorted(set(picked.tolist())):
            for sense in ("minimize", "maximize"):
                value, message = asked(taut, sense, path, point, index)
                if value is None:
                    return ("refused" if is_by_name(message, path) else "FAILED"), message
                if not abs(value - values[index]) <= TOLERANCE * scale:
                    return "WRONG", f"y[{index}] = {value}, not {values[index]}"
    return "ok", ""


def rows_of(taut, path, size):
    """How many rows of a batch the input of some size has, where Taut reads one of them."""
    run = subprocess.run([taut, "info", path, "--format", "json"], capture_output=True, text=True)
    return size // json.loads(run.stdout)["inputs"] if run.returncode == 0 else 1


def asked(taut, sense, path, point, index):
    corner = ",".join(repr(v) for v in point)
    command = [taut, sense, path, f"--lower={corner}", f"--upper={corner}"]
    command += ["--objective", f"y[{index}]", "--format", "json", "--quiet"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None, f"no answer in {PATIENCE} s"
    if run.returncode == 0:
        return json.loads(run.stdout)["objective"], ""
    return None, " ".join(run.stderr.split())


def is_by_name(message, path):
    """Whether a refusal names an operator of the file."""
    operators = {node.op_type for node in onnx.load(path, load_external_data=False).graph.node}
    named = any(re.search(rf"\b{re.escape(operator)}\b", message) for operator in operators)
    return named and "panicked" not in message


# --- Judging: others ---------------------------------------------------------------------


def omlt_reader():
    import pyomo.environ as pyo
    from omlt import OmltBlock
    from omlt.io.onnx import load_onnx_neural_network
    from omlt.neuralnet import ReluBigMFormulation

    def read(model, count):
        try:
            taken(model)
        except Exception:  # whatever it raises
            # It expects files for batches of any size.
            for port in (*model.graph.input, *model.graph.output):
                port.type.tensor_type.shape.dim[0].dim_param = "batch"
            taken(model)

    def taken(model):
        # As it counts them: dimensions without a number are none.
        sizes = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
        places = np.ndindex(*(size for size in sizes if size))
        bounds = {place if len(place) > 1 else place[0]: (-1, 1) for place in places}
        definition = load_onnx_neural_network(model, input_bounds=bounds)
        program = pyo.ConcreteModel()
        program.network = OmltBlock()
        program.network.build_formulation(ReluBigMFormulation(definition))

    return read


def gurobi_reader():
    import gurobipy
    from gurobi_ml.onnx import add_onnx_constr

    environment = gurobipy.Env(params={"OutputFlag": 0})

    def read(model, count):
        program = gurobipy.Model(env=environment)
        add_onnx_constr(program, model, program.addMVar((1, count), lb=-1, ub=1))

    return read


def pyscipopt_reader():
    from pyscipopt import Model
    from pyscipopt_ml.add_predictor import add_predictor_constr

    def read(model, count):
        program = Model()
        program.hideOutput()
        x = np.array([[program.addVar(lb=-1, ub=1) for _ in range(count)]])
        add_predictor_constr(program, model, x, unique_naming_prefix="network_")

    return read


PEERS = {"OMLT": omlt_reader, "gurobi-ml": gurobi_reader, "PySCIPOpt-ML": pyscipopt_reader}


def peer_readers():
    readers = {}
    for name, reader in PEERS.items():
        try:
            readers[name] = reader()
        except ImportError:
            readers[name] = None
    return readers


def peer_word(read, path, count):
    if read is None:
        return "not installed"
    if path.suffix != ".onnx":
        return "no"
    try:
        # Weights beside the file are taken along.
        read(onnx.load(path), count)
        return "reads"
    except Exception:  # whatever a package raises
        return "no"


# --- The table ---------------------------------------------------------------------------


def judge(folder, taut, table):
    readers = peer_readers()
    columns = ["exporter", "network", "is", "Taut", *readers]
    lines, bad = [], 0
    for case_file in sorted(folder.glob("*/*.json")):
        case = json.loads(case_file.read_text())
        path = next(p for s in (".onnx", ".nnet") if (p := case_file.with_suffix(s)).exists())
        word, why = taut_word(taut, path, case)
        is_linear = case["kind"] == READ
        bad += word != ("ok" if is_linear else REFUSED)
        words = [peer_word(read, path, len(case["points"][0])) for read in readers.values()]
        kind = "piecewise linear" if is_linear else "not"
        lines.append([path.parent.name, path.stem, kind, word, *words])
        print(f"{word:8} {path.parent.name}/{path.stem} {why}", flush=True)
    print(*counts(columns, lines), sep="\n")
    if table:
        write_table(table, columns, lines)
    return bad


def counts(columns, lines):
    """For each exporter and reader, of how many piecewise linear files it takes how many."""
    for exporter in sorted({line[0] for line in lines}):
        of = [line for line in lines if line[0] == exporter]
        linear = [line for line in of if line[2] != "not"]
        taken = [sum(line[i] in ("ok", "reads") for line in linear) for i in range(3, len(columns))]
        shares = ", ".join(f"{name} {count}" for name, count in zip(columns[3:], taken))
        refused = sum(line[3] == REFUSED for line in of if line[2] == "not")
        others = len(of) - len(linear)
        yield f"{exporter}: of {len(linear)} piecewise linear: {shares}; Taut refuses {refused} of {others} others"


def write_table(path, columns, lines):
    with open(path, "w", newline="") as file:
        if path.suffix == ".csv":
            csv.writer(file, lineterminator="\n").writerows([columns, *lines])
            return
        rows = [columns, ["---"] * len(columns), *lines]
        file.writelines("| " + " | ".join(row) + " |\n" for row in rows)


def main():
    match sys.argv[1:]:
        case ["make", folder, *exporters]:
            make(pathlib.Path(folder), exporters or [*MAKERS, "optimised"])
        case ["judge", folder, taut, *table] if len(table) <= 1:
            table = pathlib.Path(table[0]) if table else None
            sys.exit(judge(pathlib.Path(folder), taut, table) > 0)
        case _:
            sys.exit(__doc__)


main()
