"""Small ONNX files with the outputs of onnxruntime, for tests/library/onnx/cases.rs.

    python make_cases.py operators FOLDER      each operator in its old and new forms
    python make_cases.py standard FOLDER       the node tests of the package onnx
    python make_cases.py networks FOLDER FILE.onnx[.gz] ...   any networks, at random points

Needs numpy, onnx 1.23 and onnxruntime 1.32. A case is NAME.onnx beside NAME.json, which holds
points and values, one flat list each: all inputs and all outputs in the order of the file.

The node tests give every operand as an input. They are written in up to three forms:
NAME.all (numbers are inputs, all else constants), NAME.one (only the first operand is an
input) and NAME.none (all are constants, and the output is added to an input times zero).
"""

import gzip
import json
import os
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT
onnxruntime.set_default_logger_severity(4)


def save(folder, name, model, points, values):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = model if isinstance(model, bytes) else model.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(data)
    lists = lambda rows: [[float(f"{v:.9g}") for v in row] for row in rows]
    text = json.dumps({"points": lists(points), "values": lists(values)}, separators=(",", ":"))
    (folder / f"{name}.json").write_text(text + "\n")


def flat(arrays):
    return np.concatenate([np.asarray(a, dtype=np.float64).ravel() for a in arrays])


def run(model, feeds_list):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return [session.run(None, feeds) for feeds in feeds_list]


# --- Operators --------------------------------------------------------------------------


class Cases:
    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def case(self, name, nodes, shape=(1, 4), opset=17, outputs=("y",), inputs=None, **constants):
        """Nodes from `x` (or `inputs`, name to shape) to `outputs`; constants by name."""
        inputs = inputs or {"x": shape}
        info = lambda n, s: helper.make_tensor_value_info(n, FLOAT, s)
        tensors = [
            c if isinstance(c, TensorProto) else numpy_helper.from_array(np.asarray(c), n)
            for n, c in constants.items()
        ]
        for tensor, n in zip(tensors, constants):
            tensor.name = n
        domains = {node.domain for node in nodes} - {""}
        opsets = [helper.make_opsetid("", opset)]
        opsets += [helper.make_opsetid(d, 3 if "ml" in d else 1) for d in sorted(domains)]
        graph = helper.make_graph(
            nodes, "case", [info(n, s) for n, s in inputs.items()],
            [helper.make_empty_tensor_value_info(o) for o in outputs], tensors,
        )
        for output in graph.output:
            output.type.tensor_type.elem_type = FLOAT
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        random = np.random.default_rng(len(name) + sum(map(ord, name)))
        feeds = [
            {n: random.normal(0, 2, s).astype(np.float32) for n, s in inputs.items()}
            for _ in range(2)
        ]
        try:
            results = run(model, feeds)
        except Exception as error:
            raise SystemExit(f"{name}: {error}")
        points = [flat(feed.values()) for feed in feeds]
        save(self.folder, name, model, points, [flat(result) for result in results])
        self.count += 1


def node(op, inputs="x", outputs="y", domain="", **attributes):
    split = lambda names: names.split(" ") if isinstance(names, str) else list(names)
    inputs = ["" if n == "-" else n for n in split(inputs)]
    return helper.make_node(op, inputs, split(outputs), domain=domain, **attributes)


def i64(*values):
    return np.array(values, dtype=np.int64)


def f32(values):
    return np.array(values, dtype=np.float32)


def weights(*shape):
    random = np.random.default_rng(sum(shape) + len(shape))
    return random.normal(0, 1, shape).astype(np.float32)


def operators(folder):
    c = Cases(folder)
    case = c.case
    elementwise(case)
    shapes(case)
    moved(case)
    products(case)
    images(case)
    reduced(case)
    folded(case)
    others(case)
    print(f"{c.count} cases")


def elementwise(case):
    for op in ["Add", "Sub", "Mul", "Div"]:
        case(f"{op}-7", [node(op, "x c")], opset=7, c=f32([2, -3, 0.5, 4]))
        if op != "Div":
            case(f"{op}-left", [node(op, "c x")], c=f32([[2], [-3]]))
    case("Sub-both", [node("Mul", "x c", "a"), node("Sub", "x a")], c=f32(3))
    for op in ["Max", "Min", "Sum", "Mean"]:
        body = [node("Mul", "x c", "a"), node("Neg", "x", "b"), node(op, "x a b d e")]
        case(f"{op}-8", body, opset=8, c=f32(2), d=f32([0.5, 1, -1, -2]), e=f32([0.25]))
        case(f"{op}-13-one", [node(op, "x")], opset=13)
        case(f"{op}-13-two", [node(op, "c x")], opset=13, c=f32(0.5))
    case("Neg", [node("Neg")])
    case("Abs", [node("Abs")])
    case("Pow-1", [node("Pow", "x c")], c=f32(1))
    case("Relu", [node("Relu")])
    case("LeakyRelu", [node("LeakyRelu", alpha=0.3)])
    case("LeakyRelu-default", [node("LeakyRelu")], opset=7)
    for version in [7, 9, 16]:
        case(f"PRelu-{version}", [node("PRelu", "x s")], (1, 3, 2), version, s=f32([[0.5], [-2], [1.5]]))
    case("PRelu-one", [node("PRelu", "x s")], s=f32([0.25]))
    case("HardSigmoid", [node("HardSigmoid")])
    case("HardSigmoid-given", [node("HardSigmoid", alpha=0.5, beta=0.25)])
    case("ThresholdedRelu", [node("ThresholdedRelu", alpha=0.0)])
    case("Shrink", [node("Shrink", bias=0.75, lambd=0.75)])
    case("Clip-6", [node("Clip", min=-1.0, max=1.5)], opset=6)
    case("Clip-6-min", [node("Clip", min=-1.0)], opset=6)
    case("Clip-11", [node("Clip", "x lo hi")], opset=11, lo=f32(-1), hi=f32(0.5))
    case("Clip-12-max", [node("Clip", "x - hi")], opset=12, hi=f32(0.5))
    case("Clip-13-none", [node("Clip")], opset=13)
    case("Clip-13-infinite", [node("Clip", "x lo hi")], opset=13, lo=f32(-np.inf), hi=f32(1))
    case("Clip-13-crossed", [node("Clip", "x lo hi")], opset=13, lo=f32(2), hi=f32(1))
    case("Where", [node("Where", "c x d")], c=np.array([True, False, True, False]), d=f32([9, np.inf, 9, 1])[[0, 3, 2, 3]])
    case("Where-both", [node("Neg", "x", "n"), node("Where", "c n x")], c=np.array([[True], [False]]))
    case("Where-infinite", [node("Where", "c x d")], c=np.array([True, False, True, False]), d=f32([np.inf, 1, -np.inf, 2]))
    for version in [7, 10, 12, 13, 22]:
        names = "x" if version < 12 else "x r t"
        constants = {} if version < 12 else {"r": f32(0.5), "t": np.array(False)}
        attributes = {"ratio": 0.5} if version < 12 else {}
        case(f"Dropout-{version}", [node("Dropout", names, **attributes)], opset=version, **constants)
        case(f"Dropout-{version}-mask", [node("Dropout", "x", "y m", **attributes)], opset=version)
    case("Cast-float", [node("Cast", "x", "a", to=FLOAT), node("Relu", "a")])
    case("Cast-double-and-back", [node("Cast", "x", "a", to=TensorProto.DOUBLE), node("Cast", "a", to=FLOAT)])
    case("Identity", [node("Identity")])
    case("Scaler", [node("Scaler", domain="ai.onnx.ml", offset=[1.0, 2.0, -1.0, 0.5], scale=[2.0, 0.5, 3.0, -1.0])])
    case("Scaler-one", [node("Scaler", domain="ai.onnx.ml", offset=[1.0], scale=[2.0])])
    case("LinearRegressor", [node("LinearRegressor", domain="ai.onnx.ml", coefficients=weights(8).tolist(), intercepts=[0.5, -1.0], targets=2)])


def shapes(case):
    case("Reshape", [node("Reshape", "x s")], (1, 2, 6), s=i64(0, 3, -1))
    case("Reshape-allowzero", [node("Reshape", "x s", allowzero=1)], (1, 2, 6), 14, s=i64(1, 12))
    case("Flatten-0", [node("Flatten", axis=0)], (1, 2, 3))
    case("Flatten-negative", [node("Flatten", axis=-1)], (1, 2, 3), 13)
    case("Squeeze-1", [node("Squeeze", axes=[1, 3])], (1, 1, 3, 1), 11)
    case("Squeeze-13", [node("Squeeze", "x a")], (1, 1, 3, 1), 13, a=i64(-1))
    case("Squeeze-all", [node("Squeeze")], (1, 1, 3, 1), 13)
    case("Unsqueeze-1", [node("Unsqueeze", axes=[0, 2])], (2, 3), 11)
    case("Unsqueeze-13", [node("Unsqueeze", "x a")], (2, 3), 13, a=i64(-1, 1))
    case("Transpose", [node("Transpose", perm=[0, 2, 1])], (1, 2, 3))
    case("Transpose-default", [node("Transpose")], (2, 3))
    case("Expand", [node("Expand", "x s")], (1, 2, 1), s=i64(2, 1, 3))
    case("Tile", [node("Tile", "x r")], (1, 2), r=i64(1, 3))
    view = [
        node("Shape", "x", "s"), node("Gather", "s i", "g", axis=0), node("Unsqueeze", "g a", "u"),
        node("Concat", "u m", "t", axis=0), node("Reshape", "x t"),
    ]
    case("view-13", view, (1, 3, 2), 13, i=i64(0)[0], a=i64(0), m=i64(-1))
    view = [
        node("Shape", "x", "s", start=1), node("ReduceProd", "s", "p", keepdims=1),
        node("Slice", "s b e", "d"), node("Mul", "d two", "q"), node("Div", "p q", "r"),
        node("Concat", "one q r", "t", axis=0), node("Reshape", "x t"),
    ]
    case("view-15", view, (1, 4, 6), 15, b=i64(-1), e=i64(2**62), two=i64(2), one=i64(1))
    view = [
        node("Size", "x", "n"), node("Cast", "n", "f", to=FLOAT), node("Sqrt", "f", "r"),
        node("Cast", "r", "k", to=TensorProto.INT64), node("Unsqueeze", "k a", "u"),
        node("Concat", "u u", "t", axis=0), node("Reshape", "x t"),
    ]
    case("view-square", view, (1, 9), 13, a=i64(0))


def moved(case):
    case("Slice-1", [node("Slice", starts=[1, 0], ends=[2, -1], axes=[1, 2])], (1, 3, 4), 9)
    case("Slice-10", [node("Slice", "x b e a s")], (1, 3, 4), 10, b=i64(-1, 3), e=i64(-4, 0), a=i64(1, 2), s=i64(-1, -2))
    case("Slice-13-ends", [node("Slice", "x b e")], (1, 3, 4), 13, b=i64(0, -2), e=i64(2**62, 2**62))
    case("Slice-13-int32", [node("Slice", "x b e a")], (1, 3, 4), 13, b=i64(1).astype(np.int32), e=i64(9).astype(np.int32), a=i64(-1).astype(np.int32))
    parts = lambda *names: [node("Neg", names[0], "n"), node("Concat", ["n", *names[1:], names[0]], "y", axis=1)]
    case("Split-2", [node("Split", "x", "p q", axis=1, split=[1, 3]), *parts("p", "q")], opset=11)
    case("Split-2-equal", [node("Split", "x", "p q", axis=1), *parts("p", "q")], opset=11)
    case("Split-13", [node("Split", "x l", "p q r", axis=-1), *parts("p", "r", "q")], (1, 6), 13, l=i64(1, 2, 3))
    case("Split-18", [node("Split", "x", "p q r", axis=1, num_outputs=3), *parts("p", "r", "q")], (1, 7), 18)
    case("Split-unread", [node("Split", "x", "p q", axis=1, num_outputs=2), node("Relu", "q")], (1, 5), 18)
    case("Gather", [node("Gather", "x i", axis=1)], (1, 4), i=i64(3, -1, 0, 2).reshape(2, 2))
    case("GatherElements", [node("GatherElements", "x i", axis=1)], (2, 3), i=i64(2, 0, -1, 1).reshape(2, 2))
    case("GatherND", [node("GatherND", "x i")], (2, 3, 2), i=i64(0, 2, 1, -1).reshape(2, 2))
    case("Concat", [node("Neg", "x", "n"), node("Concat", "n c x", axis=-1)], (1, 2), c=f32([[5, 6, 7]]))
    case("Concat-rows", [node("Neg", "x", "n"), node("Concat", "x n x", axis=1)], (1, 2, 3))
    for mode in ["DCR", "CRD"]:
        case(f"DepthToSpace-{mode}", [node("DepthToSpace", blocksize=2, mode=mode)], (1, 8, 2, 3))
    case("SpaceToDepth", [node("SpaceToDepth", blocksize=2)], (1, 2, 4, 6))
    case("Pad-2", [node("Pad", pads=[0, 1, 0, 2], value=1.5)], (1, 3), 10)
    case("Pad-11", [node("Pad", "x p v")], (1, 3), 11, p=i64(0, 1, 0, 2), v=f32(-1))
    case("Pad-negative", [node("Pad", "x p")], (1, 5), 13, p=i64(0, -1, 0, 2))
    case("Pad-axes", [node("Pad", "x p v a")], (1, 3, 2), 18, p=i64(1, 2), v=f32(0.5), a=i64(-1))
    for mode, version in [("reflect", 13), ("edge", 13), ("wrap", 19)]:
        case(f"Pad-{mode}", [node("Pad", "x p", mode=mode)], (1, 3, 4), version, p=i64(0, 1, 2, 0, 2, 3))
    case("Upsample-7", [node("Upsample", scales=[1.0, 1.0, 2.0, 3.0])], (1, 2, 2, 2), 8)
    case("Upsample-9", [node("Upsample", "x s", mode="nearest")], (1, 2, 2, 2), 9, s=f32([1, 1, 2, 3]))
    case("Resize-10", [node("Resize", "x s", mode="nearest")], (1, 1, 2, 3), 10, s=f32([1, 1, 2, 3]))
    case("Resize-11-sizes", [node("Resize", "x r e n", mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")], (1, 1, 2, 3), 11, r=f32([]), e=f32([]), n=i64(1, 1, 4, 9))
    for coordinates in ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]:
        for nearest in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
            body = [node("Resize", "x - s", mode="nearest", nearest_mode=nearest, coordinate_transformation_mode=coordinates)]
            case(f"Resize-13-{coordinates}-{nearest}", body, (1, 1, 3, 2), 13, s=f32([1, 1, 2, 4]))
    case("Resize-18-axes", [node("Resize", "x - s", mode="nearest", axes=[2, 3])], (1, 2, 2, 2), 18, s=f32([2, 2]))
    for coordinates in ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]:
        body = [node("Resize", "x - s", mode="linear", coordinate_transformation_mode=coordinates)]
        case(f"Resize-13-linear-{coordinates}", body, (1, 1, 3, 2), 13, s=f32([1, 1, 2, 3]))
        less = 0.6 if coordinates == "align_corners" else 0.5  # whole lengths: onnxruntime is alone in its way with others
        case(f"Resize-13-linear-{coordinates}-less", body, (1, 1, 5, 4), 13, s=f32([1, 1, less, 0.75]))
        case(f"Resize-13-linear-{coordinates}-thirds", body, (1, 1, 3, 3), 13, s=f32([1, 1, 4 / 3, 5 / 3]))
    body = [node("Resize", "x - s", mode="linear", coordinate_transformation_mode="half_pixel_symmetric")]
    case("Resize-19-linear-half_pixel_symmetric", body, (1, 1, 3, 2), 19, s=f32([1, 1, 1.5, 2.25]))
    case("Resize-13-linear-sizes", [node("Resize", "x - - n", mode="linear")], (1, 2, 3, 4), 13, n=i64(1, 2, 5, 6))
    case("Resize-18-linear-axes", [node("Resize", "x - - n", mode="linear", axes=[3, 2], antialias=0)], (2, 2, 3, 4), 18, n=i64(8, 5))
    case("Resize-13-linear-1d", [node("Resize", "x - s", mode="linear")], (1, 2, 3), 13, s=f32([1, 1, 2]))
    case("Resize-13-linear-3d", [node("Resize", "x - s", mode="linear")], (1, 1, 2, 2, 3), 13, s=f32([1, 1, 2, 2, 2]))
    case("Resize-10-linear", [node("Resize", "x s", mode="linear")], (1, 1, 2, 3), 10, s=f32([1, 1, 2, 3]))
    case("Upsample-9-linear", [node("Upsample", "x s", mode="linear")], (1, 1, 2, 3), 9, s=f32([1, 1, 2, 2]))
    for coordinates in ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]:
        for nearest in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
            body = [node("Resize", "x - - n", mode="nearest", nearest_mode=nearest, coordinate_transformation_mode=coordinates)]
            case(f"Resize-13-sizes-{coordinates}-{nearest}", body, (1, 1, 7, 3), 13, n=i64(1, 1, 3, 4))
    body = [node("Resize", "x - s", mode="nearest", coordinate_transformation_mode="tf_half_pixel_for_nn")]
    case("Resize-13-less-tf_half_pixel_for_nn", body, (1, 1, 5, 3), 13, s=f32([1, 1, 0.6, 5 / 3]))
    case("Resize-13-less", [node("Resize", "x - s", mode="nearest")], (1, 1, 4, 6), 13, s=f32([1, 1, 0.5, 1.5]))
    case("Resize-10-less", [node("Resize", "x s", mode="nearest")], (1, 1, 7, 4), 10, s=f32([1, 1, 0.75, 1.75]))
    case("Upsample-9-more", [node("Upsample", "x s", mode="nearest")], (1, 1, 2, 3), 9, s=f32([1, 1, 1.5, 4 / 3]))
    for coordinates in ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]:
        body = [node("Resize", "x - - n", mode="cubic", coordinate_transformation_mode=coordinates)]
        case(f"Resize-13-cubic-{coordinates}", body, (1, 1, 5, 4), 13, n=i64(1, 1, 8, 3))
    body = [node("Resize", "x - s", mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1)]
    case("Resize-13-cubic-excluding", body, (1, 2, 3, 4), 13, s=f32([1, 1, 2, 1.5]))
    case("ScatterND-elements", [node("Neg", "x", "u"), node("ScatterND", "d i u")], (2,), 16, d=weights(2, 3), i=i64(0, 1, 1, 2).reshape(2, 2))
    case("ScatterND-rows", [node("ScatterND", "x i u")], (3, 2), 11, i=i64(2, -3).reshape(2, 1), u=weights(2, 2))
    case("ScatterND-column", [node("Slice", "x a b c", "u"), node("Relu", "u", "v"), node("ScatterND", "x i v")], (1, 2, 2), 13, a=i64(0), b=i64(1), c=i64(2), i=i64(0, 0, 1, 0, 1, 1).reshape(1, 2, 1, 3))
    case("ScatterElements", [node("ScatterElements", "x i u", axis=1)], (2, 3), 16, i=i64(2, 0, -2, 2).reshape(2, 2), u=weights(2, 2))
    case("ScatterElements-data", [node("ScatterElements", "d i x", axis=-2)], (1, 2), 11, d=weights(3, 2), i=i64(2, 1).reshape(1, 2))
    case("Scatter-9", [node("Scatter", "x i u")], (2, 2), 9, i=i64(1, 0).reshape(1, 2), u=weights(1, 2))


def products(case):
    for name, attributes in {
        "plain": {}, "transB": {"transB": 1}, "alpha-beta": {"alpha": 0.3, "beta": 1.7},
    }.items():
        w = weights(3, 4) if "transB" in attributes else weights(4, 3)
        case(f"Gemm-{name}", [node("Gemm", "x w b", **attributes)], w=w, b=weights(3))
    case("Gemm-7", [node("Gemm", "x w b")], opset=7, w=weights(4, 3), b=weights(1, 3))
    case("Gemm-no-bias", [node("Gemm", "x w")], opset=11, w=weights(4, 3))
    case("Gemm-transA", [node("Transpose", "x", "t"), node("Gemm", "t w b", transA=1, alpha=0.3, beta=1.7)], w=weights(4, 3), b=weights(3))
    case("Gemm-left", [node("Gemm", "w x b", transB=1, alpha=0.3, beta=1.7)], w=weights(3, 4), b=weights(3, 1))
    case("Gemm-left-transA", [node("Transpose", "x", "t"), node("Gemm", "w t", transA=1)], w=weights(4, 3))
    case("Gemm-bias-computed", [node("Gemm", "x w x", beta=0.5)], w=weights(4, 4))
    case("MatMul", [node("MatMul", "x w")], w=weights(4, 3))
    case("MatMul-left", [node("MatMul", "w x")], (1, 4, 2), w=weights(3, 4))
    case("MatMul-vector", [node("MatMul", "x w")], (1, 2, 4), w=weights(4))
    case("MatMul-vector-left", [node("MatMul", "w x")], (1, 4, 2), w=weights(4))
    case("MatMul-rank-3", [node("MatMul", "x w")], (2, 4), w=weights(1, 4, 3))
    case("MatMul-several", [node("MatMul", "x w")], (3, 2, 4), w=weights(3, 4, 2))
    case("MatMul-several-alike", [node("MatMul", "x w")], (1, 2, 4), w=weights(3, 4, 2))
    case("MatMul-several-left", [node("MatMul", "w x")], (1, 3, 4, 2), w=weights(3, 5, 4))
    case("MatMul-several-two-axes", [node("MatMul", "x w")], (2, 1, 2, 4), w=weights(2, 3, 4, 2))
    case("MatMul-several-rows", [node("MatMul", "x w")], (5, 3, 2, 4), w=weights(3, 4, 2))
    case("MatMul-several-of-vector", [node("MatMul", "x w")], (4,), w=weights(3, 4, 2))
    case("MatMul-several-left-of-vector", [node("MatMul", "w x")], (4,), w=weights(3, 2, 4))
    case("MatMul-several-more-axes", [node("MatMul", "x w")], (2, 4), w=weights(1, 3, 4, 2))
    case("MatMul-of-vector", [node("MatMul", "x w")], (4,), w=weights(4, 3))
    case("FusedMatMul", [node("FusedMatMul", "x w", domain="com.microsoft", transB=1, alpha=0.5)], w=weights(3, 4))
    case("FusedMatMul-transA", [node("FusedMatMul", "x w", domain="com.microsoft", transA=1)], (1, 4, 2), w=weights(4, 3))
    case("FusedGemm-Relu", [node("FusedGemm", "x w b", domain="com.microsoft", activation="Relu")], w=weights(4, 3), b=weights(3))
    case("FusedGemm-LeakyRelu", [node("FusedGemm", "x w b", domain="com.microsoft", activation="LeakyRelu", activation_alpha=0.25)], w=weights(4, 3), b=weights(3))
    case("FusedMatMul-several", [node("FusedMatMul", "x w", domain="com.microsoft", transB=1, alpha=0.5)], (1, 3, 2, 4), w=weights(3, 5, 4))
    einsums = {
        "bi,io->bo": ((1, 4), (4, 3)), "bi,oi->bo": ((5, 4), (3, 4)), "bij,kjh->bkih": ((1, 3, 4), (2, 4, 5)),
        "bi,i->bi": ((2, 4), (4,)), "bi,j->bij": ((1, 3), (2,)), "bhij,hjk->bhik": ((2, 3, 2, 4), (3, 4, 2)),
        "bij,ij->b": ((1, 2, 3), (2, 3)), "bij,j->b": ((1, 2, 3), (3,)), "ba, ca": ((1, 4), (3, 4)),
        "abc,dce->eadb": ((2, 3, 4), (2, 4, 3)), "bi,ik->bi": ((1, 4), (4, 3)), "bi,->bi": ((1, 4), ()),
    }
    for number, (equation, (x, w)) in enumerate(einsums.items()):
        case(f"Einsum-{number}", [node("Einsum", "x w", equation=equation)], x, 12, w=weights(*w))
    for name, equation, x, w in [
        ("", "...i,ij->...j", (1, 2, 3), (3, 2)), ("-implicit", "...i,ij", (1, 2, 3), (3, 2)),
        ("-both", "...ab,...bc->...ac", (1, 2, 2, 3), (1, 2, 3, 2)), ("-between", "b...i,oi->bo...", (1, 2, 2, 3), (4, 3)),
        ("-none", "bi...,io->bo...", (1, 3), (3, 2)),
    ]:
        case(f"Einsum-others{name}", [node("Einsum", "x w", equation=equation)], x, 12, w=weights(*w))
    case("Einsum-left", [node("Einsum", "w x", equation="oi,bi->bo")], w=weights(3, 4))
    case("Einsum-one", [node("Einsum", "x", equation="bij->bji")], (1, 2, 3))
    case("Einsum-one-sum", [node("Einsum", "x", equation="bij->bj")], (1, 2, 3))
    case("CumSum", [node("CumSum", "x a")], (1, 4), a=i64(1)[0])
    case("CumSum-middle", [node("CumSum", "x a", reverse=1)], (2, 3, 2), a=i64(-2)[0])
    case("CumSum-exclusive", [node("CumSum", "x a", exclusive=1)], (1, 4), a=i64(1).astype(np.int32)[0])
    case("CumSum-both", [node("CumSum", "x a", exclusive=1, reverse=1)], (1, 4, 2), a=i64(1)[0])
    case("CumSum-rows", [node("CumSum", "x a")], (3, 2), a=i64(0)[0])
    case("Trilu", [node("Trilu")], (1, 3, 4))
    case("Trilu-lower", [node("Trilu", "x k", upper=0)], (2, 2, 4, 3), k=i64(1)[0])
    case("Trilu-above", [node("Trilu", "x k", upper=1)], (3, 4), k=i64(-1)[0])
    channels = dict(s=f32([1, -2, 0.5]), b=weights(3), m=weights(1, 3)[0], v=f32([0.5, 2, 1]))
    for version, shape in [(7, (1, 3, 2)), (9, (1, 3, 2, 2)), (14, (1, 3)), (15, (1, 3, 4))]:
        body = [node("BatchNormalization", "x s b m v", epsilon=0.01, momentum=0.5)]
        case(f"BatchNormalization-{version}", body, shape, version, **channels)


def images(case):
    w = weights(4, 2, 3, 3)
    case("Conv", [node("Conv", "x w b", pads=[1, 0, 0, 1], strides=[2, 1])], (1, 2, 5, 4), w=w, b=weights(4))
    case("Conv-same", [node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2])], (1, 2, 5, 4), w=w)
    case("Conv-groups", [node("Conv", "x w", group=2, dilations=[2, 1])], (1, 4, 5, 4), w=w)
    case("Conv-1d", [node("Conv", "x w b", pads=[2, 1], strides=[2], dilations=[2])], (1, 2, 9), w=weights(3, 2, 3), b=weights(3))
    case("Conv-1d-same", [node("Conv", "x w", auto_pad="SAME_LOWER", kernel_shape=[4])], (1, 2, 9), w=weights(3, 2, 4))
    case("Conv-3d", [node("Conv", "x w b", pads=[1, 0, 1, 0, 1, 0], strides=[2, 1, 1])], (1, 2, 4, 3, 3), w=weights(3, 2, 2, 2, 2), b=weights(3))
    case("Conv-3d-groups", [node("Conv", "x w", group=2, dilations=[2, 1, 1])], (1, 2, 4, 3, 3), w=weights(4, 1, 2, 2, 2))
    case("Conv-3d-same", [node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2, 1])], (1, 1, 5, 3, 3), w=weights(2, 1, 3, 2, 2))
    fused = lambda **a: [node("FusedConv", "x w b", domain="com.microsoft", **a)]
    case("FusedConv-Relu", fused(activation="Relu"), (1, 2, 4, 4), w=w, b=weights(4))
    case("FusedConv-Clip", fused(activation="Clip", activation_params=[-0.5, 1.5]), (1, 2, 4, 4), w=w, b=weights(4))
    case("FusedConv-LeakyRelu", fused(activation="LeakyRelu", activation_params=[0.25]), (1, 2, 4, 4), w=w, b=weights(4))
    case("FusedConv-sum", [node("Neg", "x", "n"), node("FusedConv", "x w - n", domain="com.microsoft", activation="Relu", pads=[1, 1, 1, 1])], (1, 2, 3, 3), w=weights(2, 2, 3, 3))
    t = lambda name, shape, w, opset=11, **a: case(f"ConvTranspose-{name}", [node("ConvTranspose", "x w", **a)], shape, opset, w=w)
    t("plain", (1, 2, 3, 3), weights(2, 3, 2, 2))
    t("stride", (1, 2, 3, 2), weights(2, 3, 3, 3), strides=[2, 3], pads=[1, 0, 0, 1])
    t("padding", (1, 2, 3, 2), weights(2, 3, 3, 3), strides=[2, 2], output_padding=[1, 1], pads=[1, 1, 1, 1])
    t("beyond", (1, 1, 2, 2), weights(1, 1, 2, 2), strides=[3, 3], output_padding=[2, 1])
    t("groups", (1, 4, 3, 3), weights(4, 2, 2, 2), group=2, strides=[2, 2])
    t("dilated", (1, 1, 3, 3), weights(1, 2, 2, 2), dilations=[2, 1], strides=[1, 2])
    t("upper", (1, 1, 3, 3), weights(1, 2, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    t("lower", (1, 1, 3, 3), weights(1, 2, 3, 3), auto_pad="SAME_LOWER", strides=[2, 2])
    t("shape", (1, 1, 3, 3), weights(1, 2, 3, 3), output_shape=[6, 5], strides=[2, 2])
    t("1d", (1, 2, 4), weights(2, 3, 3), strides=[2], pads=[1, 0], output_padding=[1])
    t("3d", (1, 2, 2, 2, 3), weights(2, 2, 2, 2, 2), strides=[2, 1, 2])
    case("ConvTranspose-bias", [node("ConvTranspose", "x w b", strides=[2, 2], output_padding=[1, 0])], (1, 2, 2, 2), w=weights(2, 3, 2, 2), b=weights(3))
    for op in ["MaxPool", "AveragePool"]:
        case(f"{op}-2d", [node(op, kernel_shape=[2, 3], strides=[1, 2], pads=[1, 0, 0, 1])], (1, 2, 4, 5))
        case(f"{op}-1d", [node(op, kernel_shape=[3], strides=[2], pads=[1, 1])], (1, 2, 7))
        case(f"{op}-1d-ceil", [node(op, kernel_shape=[3], strides=[2], ceil_mode=1)], (1, 2, 8))
        case(f"{op}-3d", [node(op, kernel_shape=[2, 2, 3], strides=[2, 1, 2], pads=[1, 0, 1, 0, 1, 0])], (1, 2, 4, 3, 4))
        case(f"{op}-3d-same", [node(op, kernel_shape=[2, 2, 2], auto_pad="SAME_UPPER", strides=[1, 2, 1])], (1, 1, 3, 4, 3))
    case("MaxPool-second-output", [node("MaxPool", "x", "y i", kernel_shape=[2, 2])], (1, 1, 3, 3), 12)
    case("AveragePool-include", [node("AveragePool", kernel_shape=[2, 2, 2], pads=[1, 0, 1, 0, 1, 0], count_include_pad=1)], (1, 1, 3, 3, 3))
    case("AveragePool-1d-include", [node("AveragePool", kernel_shape=[3], pads=[1, 1], count_include_pad=1)], (1, 2, 5))
    case("GlobalAveragePool", [node("GlobalAveragePool")], (1, 2, 3, 2))
    case("GlobalAveragePool-1d", [node("GlobalAveragePool")], (1, 2, 5))
    case("GlobalMaxPool", [node("GlobalMaxPool")], (1, 2, 3, 2))
    for name in ["GlobalMaxPool", "GlobalAveragePool"]:
        case(f"{name}-batch", [node(name)], (3, 2, 4))


def reduced(case):
    for op, new in {"Sum": 13, "Mean": 18, "Max": 18, "Min": 18, "L1": 18}.items():
        name = f"Reduce{op}"
        case(f"{name}-1", [node(name, axes=[1], keepdims=1)], (1, 3, 2), new - 2)
        case(f"{name}-{new}", [node(name, "x a", keepdims=0)], (1, 3, 2), new, a=i64(-1))
        case(f"{name}-{new}-several", [node(name, "x a", keepdims=0)], (1, 3, 2, 2), new, a=i64(1, -1))
        case(f"{name}-{new}-all", [node(name, keepdims=0)], (1, 3, 2), new)
        case(f"{name}-{new}-nothing", [node(name, noop_with_empty_axes=1)], (1, 3, 2), new)
        case(f"{name}-{new}-rows", [node(name, "x a")], (2, 3), new, a=i64(0))


def folded(case):
    """Constants that are computed, and a batch of rows that they do not mix."""
    case("folded-sqrt", [node("Add", "v e", "s"), node("Sqrt", "s", "r"), node("Div", "x r")], v=f32([1, 2, 3, 4]), e=f32(1e-5))
    case("folded-normalization", [node("BatchNormalization", "c s s z s", "w"), node("MatMul", "x w")], c=weights(4, 3), s=f32([1, 2, 3]), z=f32([0, 1, 0]))
    case("folded-range", [node("Range", "b e d", "i"), node("Gather", "x i", axis=1)], b=i64(3)[0], e=i64(-1)[0], d=i64(-2)[0])
    case("folded-where", [node("Less", "c z", "m"), node("Where", "m z c", "p"), node("Mul", "x p")], c=f32([1, -2, 3, -4]), z=f32(0))
    case("folded-shape", [node("ConstantOfShape", "s", "o", value=helper.make_tensor("", FLOAT, [1], [2.5])), node("Add", "x o")], s=i64(1, 4))
    case("folded-transpose", [node("Transpose", "w", "t"), node("MatMul", "x t")], w=weights(3, 4))
    case("folded-slice", [node("Slice", "w b e", "t"), node("Squeeze", "t a", "q"), node("Add", "x q")], w=weights(3, 4), b=i64(1), e=i64(2), a=i64(0))
    case("folded-expand", [node("Expand", "w s", "t"), node("Mul", "x t")], w=f32([2]), s=i64(1, 4))
    case("folded-sums", [node("CumSum", "i a", "p", exclusive=1), node("Gather", "x p", axis=1)], i=i64(1, 1, 1), a=i64(0)[0])
    mask = [node("Trilu", "o", "m", upper=0), node("Cast", "m", "b", to=TensorProto.BOOL), node("Where", "b x z")]
    case("folded-triangle", mask, (1, 3, 3), o=i64(*[1] * 9).reshape(3, 3), z=f32(-1))
    case("folded-resize", [node("Resize", "w - s", "r", mode="linear"), node("Add", "x r")], (1, 1, 4), w=weights(1, 1, 2), s=f32([1, 1, 2]))
    case("folded-einsum", [node("Einsum", "w v", "r", equation="ij,jk->ik"), node("MatMul", "x r")], w=weights(4, 2), v=weights(2, 3))
    half = numpy_helper.from_array(weights(4, 3).astype(np.float16), "w")
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(f32([1.5, -2]), "v"), numpy_helper.from_array(i64(1, 9), "i"), [4, 3])
    case("folded-sparse", [node("Constant", [], "w", sparse_value=sparse), node("MatMul", "x w")], opset=13)
    sparse = helper.make_sparse_tensor(numpy_helper.from_array(f32([1.5, -2]), "v"), numpy_helper.from_array(i64(0, 1, 3, 0).reshape(2, 2), "i"), [4, 3])
    case("folded-sparse-axes", [node("Constant", [], "w", sparse_value=sparse), node("MatMul", "x w")], opset=13)
    one_hot = lambda **a: [node("OneHot", "i d v", "w", **a), node("MatMul", "x w")]
    case("folded-one-hot", one_hot(), i=i64(2, -3, 0, 7), d=i64(3)[0], v=f32([-1, 2]))
    case("folded-one-hot-axis", one_hot(axis=0), i=i64(2, 0, 3), d=i64(4), v=f32([0, 1]))
    scatter = [node("ScatterND", "w i u", "t"), node("ScatterElements", "t j v", "s"), node("MatMul", "x s")]
    case("folded-scatter", scatter, w=weights(4, 2), i=i64(3, 0).reshape(2, 1), u=weights(2, 2), j=i64(1, 2).reshape(1, 2), v=f32([[7, 8]]))
    case("folded-half", [node("Cast", "w", "t", to=FLOAT), node("MatMul", "x t")], w=half)
    brain = helper.make_tensor("w", TensorProto.BFLOAT16, [4, 3], weights(4, 3).ravel())
    case("folded-bfloat16", [node("Cast", "w", "t", to=FLOAT), node("MatMul", "x t")], opset=13, w=brain)
    quantised = dict(q=np.arange(-6, 6, dtype=np.int8).reshape(4, 3), s=f32([0.5, 0.1, 0.25]), z=np.array([1, 0, -2], np.int8))
    case("folded-quantised", [node("DequantizeLinear", "q s z", "t", axis=1), node("MatMul", "x t")], opset=13, **quantised)
    case("folded-quantised-one", [node("DequantizeLinear", "q s", "t"), node("MatMul", "x t")], opset=10, q=quantised["q"].astype(np.uint8) % 7, s=f32(0.25))
    case("folded-quantised-blocks", [node("DequantizeLinear", "q s", "t", axis=0, block_size=2), node("MatMul", "x t")], opset=21, q=quantised["q"], s=np.abs(weights(2, 3)))
    int4 = helper.make_tensor("q", TensorProto.INT4, [4, 3], np.arange(-6, 6))
    case("folded-quantised-4-bits", [node("DequantizeLinear", "q s", "t"), node("MatMul", "x t")], opset=21, q=int4, s=f32(0.25))


def others(case):
    mlp = lambda last: [node("Gemm", "x w b", "a"), node("Relu", "a", "h"), node("Gemm", "h v", last)]
    dense = dict(w=weights(4, 3), b=weights(3), v=weights(3, 2))
    case("batch-fixed", mlp("y"), (5, 4), **dense)
    case("batch-symbol", mlp("y"), inputs={"x": (1, 4)}, **dense)
    case("inputs-two", [node("MatMul", "p w", "a"), node("Flatten", "q", "f"), node("Concat", "a f", axis=1)], inputs={"p": (1, 4), "q": (1, 2, 3)}, w=weights(4, 3))
    case("outputs-two", [node("Relu", "x", "y"), node("Reshape", "x s", "z")], outputs=("y", "z"), s=i64(2, 2))
    case("outputs-constant", [node("Relu", "x", "y"), node("Neg", "c", "z")], outputs=("z", "y"), c=weights(1, 3))
    case("output-constant", [node("Neg", "c")], c=weights(1, 3))
    case("residual", [node("MatMul", "x w", "a"), node("Relu", "a", "h"), node("Add", "h x")], w=weights(4, 4))


# --- The standard's node tests ------------------------------------------------------------


def is_number(tensor):
    return tensor.data_type in (1, 10, 11, 16)


def standard(folder):
    from onnx.backend.test.case.node import collect_testcases

    count = 0
    for test in collect_testcases(None):
        model, (inputs, outputs) = test.model, test.data_sets[0]
        try:
            given = [numpy_helper.from_array(np.asarray(a)) for a in inputs]
            wanted = [numpy_helper.from_array(np.asarray(a)) for a in outputs]
            arrays, results = [np.asarray(a) for a in inputs], [np.asarray(a) for a in outputs]
        except Exception:
            continue
        if len(given) != len(model.graph.input):
            continue
        for form in ["all", "one", "none"]:
            name = f"{test.name}.{form}"
            count += node_test(folder, name, form, model, given, arrays, wanted, results)
    print(f"{count} cases")


def node_test(folder, name, form, original, given, arrays, wanted, results):
    numbers = [i for i, tensor in enumerate(given) if is_number(tensor) and arrays[i].size]
    if form != "none" and not numbers or form == "one" and len(numbers) < 2:
        return 0
    if results[0].dtype.kind not in "fiub" or not np.isfinite(np.asarray(results[0], float)).all():
        return 0
    free = {"all": numbers, "one": numbers[:1], "none": []}[form]
    model = onnx.ModelProto()
    model.CopyFrom(original)
    graph = model.graph
    infos = list(graph.input)
    del graph.input[:]
    for i, info in enumerate(infos):
        if i in free:
            graph.input.append(info)
        else:
            given[i].name = info.name
            graph.initializer.append(given[i])
    del graph.output[1:]
    points = [flat([arrays[i] for i in free])] if free else [np.array([0.5])]
    if not np.isfinite(points).all():
        return 0
    if form == "none":
        output = graph.output[0].name
        graph.input.append(helper.make_tensor_value_info("taut_x", FLOAT, [1]))
        graph.initializer.append(numpy_helper.from_array(i64(-1), "taut_s"))
        graph.node.extend([
            node("Cast", output, "taut_c", to=FLOAT), node("Reshape", "taut_c taut_s", "taut_f"),
            node("Mul", "taut_x taut_z", "taut_n"), node("Add", "taut_f taut_n", "taut_y"),
        ])
        graph.initializer.append(numpy_helper.from_array(f32(0), "taut_z"))
        graph.output[0].CopyFrom(helper.make_tensor_value_info("taut_y", FLOAT, None))
    elif not is_number(wanted[0]):
        return 0
    save(folder, name, model, points, [flat([results[0]])])
    return 1


# --- Any networks ---------------------------------------------------------------------------


def networks(folder, paths):
    random = np.random.default_rng(1)
    for path in paths:
        data = pathlib.Path(path).read_bytes()
        data = gzip.decompress(data) if path.endswith(".gz") else data
        name = path.strip("./").replace(".gz", "").removesuffix(".onnx").replace("/", "_")
        try:
            options = onnxruntime.SessionOptions()
            session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
            shape = lambda i: [d if isinstance(d, int) and d > 0 else 1 for d in i.shape]
            kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
            feeds = [
                {i.name: random.random(shape(i)).astype(kinds[i.type]) for i in session.get_inputs()}
                for _ in range(int(os.environ.get("POINTS", "3")))
            ]
            results = [session.run(None, feed) for feed in feeds]
        except Exception as error:
            print(f"onnxruntime: {name}: {str(error)[:200]}")
            continue
        save(folder, name, data, [flat(f.values()) for f in feeds], [flat(r) for r in results])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["operators", folder]:
            operators(folder)
        case ["standard", folder]:
            standard(folder)
        case ["networks", folder, *paths]:
            networks(folder, paths)
        case _:
            sys.exit(__doc__)
