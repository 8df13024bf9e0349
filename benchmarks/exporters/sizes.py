"""Memory and time of reading large networks: a line a file.

    python sizes.py FOLDER TAUT [MILLIONS ...]       1, 10 and 100 million parameters by default

Needs numpy and onnx. Makes networks of dense layers of 1000 to 5000 neurons in single precision, as
Gemm with `transB` (PyTorch), as MatMul with Add (Keras), with weights in the file and beside it,
and asks `taut info` for them. Memory is the largest resident set of the process, in bytes and in
sizes of the file with what lies beside it; 8 bytes a parameter are 2 of them. Files stay in the
folder and are used again.
"""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUTS = 10
# Width by millions of parameters; other numbers take that of the next smaller one.
WIDTHS = {0: 500, 10: 1500, 100: 5000}


def make(path, millions, op, beside):
    width = max(w for least, w in WIDTHS.items() if least <= millions)
    depth = max(1, round(millions * 1e6 / width**2))
    sizes = [INPUTS, *[width] * (depth + 1), 1]
    random = np.random.default_rng(1)
    nodes, tensors, value = [], [], "x"
    for index, (columns, rows) in enumerate(zip(sizes, sizes[1:])):
        weights = random.standard_normal((rows, columns), dtype=np.float32)
        weights /= np.float32(np.sqrt(columns))
        weights = weights if op == "Gemm" else np.ascontiguousarray(weights.T)
        bias = random.standard_normal(rows, dtype=np.float32)
        tensors += [numpy_helper.from_array(a, f"{n}{index}") for n, a in (("w", weights), ("b", bias))]
        if op == "Gemm":
            nodes.append(helper.make_node("Gemm", [value, f"w{index}", f"b{index}"], [f"s{index}"], transB=1))
        else:
            nodes.append(helper.make_node("MatMul", [value, f"w{index}"], [f"p{index}"]))
            nodes.append(helper.make_node("Add", [f"p{index}", f"b{index}"], [f"s{index}"]))
        value = f"s{index}"
        if index + 2 < len(sizes):
            nodes.append(helper.make_node("Relu", [value], [f"r{index}"]))
            value = f"r{index}"
    info = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
    graph = helper.make_graph(nodes, "large", [info("x", INPUTS)], [info(value, 1)], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    data = path.name + ".data"
    (path.parent / data).unlink(missing_ok=True)
    onnx.save(model, path, save_as_external_data=beside, location=data)


# In a process of its own: a process begins with the largest resident set of the one that starts it.
WATCHER = """
import os, sys, time
started = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(status, time.perf_counter() - started, usage.ru_maxrss * 1024)
"""


def measure(command):
    """Seconds and the largest resident set in bytes."""
    watcher = [sys.executable, "-S", "-c", WATCHER, *command]
    run = subprocess.run(watcher, stdout=subprocess.PIPE, text=True, check=True)
    status, seconds, peak = run.stdout.split()
    if status != "0":
        sys.exit(f"{command}: status {status}")
    return float(seconds), int(peak)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, taut = pathlib.Path(sys.argv[1]), sys.argv[2]
    folder.mkdir(parents=True, exist_ok=True)
    print("millions,operator,weights,file bytes,peak bytes,peak / file,seconds")
    for millions in map(float, sys.argv[3:] or ["1", "10", "100"]):
        for op in ["Gemm", "MatMul"]:
            for beside in [False, True]:
                where = "beside" if beside else "inside"
                path = folder / f"{millions:g}-{op}-{where}.onnx"
                if not path.exists():
                    make(path, millions, op, beside)
                size = sum(p.stat().st_size for p in folder.glob(path.name + "*"))
                seconds, peak = measure([taut, "info", str(path)])
                print(f"{millions:g},{op},{where},{size},{peak},{peak / size:.2f},{seconds:.2f}", flush=True)


main()
