"""What `taut minimize --solver search` makes of the machine, as a table: parts a second, and the
share of peak arithmetic.

pip install numpy
python3 rate.py TAUT NETWORK.onnx...

One thread, five seconds a network, median of three runs. Multiplications are those of backward
rows (by what is not 0), of interval propagation and of passes of the network; peak is that of a product of matrices of
1024 × 1024 in `f64` by numpy's library in the same run, at its best of five.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402  (after the number of threads)

SIZE = 1024


def peak():
    a, b = np.random.default_rng(1).random((2, SIZE, SIZE))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - started)
    return SIZE**3 / min(times)


def rate(taut, network):
    command = [taut, "minimize", network, "--solver", "search", "--threads", "1", "-v"]
    limits = ["--time-limit", "5", "--gap", "1e-9", "--format", "json"]
    run = subprocess.run(command + limits, capture_output=True, text=True)
    answer = json.loads(run.stdout)
    (work,) = re.findall(r"search: .* parts, (\S+) multiplications", run.stderr)
    return answer["nodes"] / answer["seconds"]["solve"], float(work) / answer["seconds"]["solve"]


def main():
    taut, *networks = sys.argv[1:]
    most = peak()
    print(f"peak: {most / 1e9:.1f} G multiplications a second")
    print("network,parts a second,G multiplications a second,share of peak")
    for network in networks:
        parts, work = (statistics.median(kind) for kind in zip(*(rate(taut, network) for _ in range(3))))
        name = os.path.basename(network).removesuffix(".onnx")
        print(f"{name},{parts:.0f},{work / 1e9:.2f},{work / most:.2f}", flush=True)


main()
