"""The outputs of an ONNX file at points, by onnxruntime: points and rows come as JSON on the
standard input, one list of numbers a point goes out."""
import json
import sys

import numpy as np
import onnxruntime

asked = json.load(sys.stdin)
onnxruntime.set_default_logger_severity(3)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
answers = []
for point in asked["points"]:
    feed, at = {}, 0
    for given in session.get_inputs():
        shape = [size if isinstance(size, int) else 1 for size in given.shape]
        count = int(np.prod(shape)) // asked["rows"]
        row = np.asarray(point[at : at + count], dtype=types[given.type])
        feed[given.name] = np.concatenate([row] * asked["rows"]).reshape(shape)
        at += count
    outputs = [np.asarray(output, dtype=np.float64) for output in session.run(None, feed)]
    rows = [output.reshape(-1)[: output.size // asked["rows"]] for output in outputs]
    answers.append([float(value) for value in np.concatenate(rows)])
json.dump({"version": onnxruntime.__version__, "outputs": answers}, sys.stdout)
