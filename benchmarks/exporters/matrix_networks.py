"""The networks of matrix.py, by exporter.

Each maker is a generator of (name, kind, write), where write(path) makes the file. The kind says
what a reader of piecewise linear networks has to do with it: "read" it, or refuse it, naming the
operator that is none. A maker raises ImportError where its package is not installed.
"""

import warnings

import numpy as np

REFUSED = "refused"
READ = "read"


# --- PyTorch -----------------------------------------------------------------------------


def torch_modules():
    """Name, kind, module, shapes of the inputs."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(1)

    class By(nn.Module):
        """A function of the inputs that may call layers by name."""

        def __init__(self, function, **layers):
            super().__init__()
            self.function = function
            for name, layer in layers.items():
                setattr(self, name, layer)

        def forward(self, *inputs):
            return self.function(self, *inputs)

    def normed(features, two=False):
        layer = (nn.BatchNorm2d if two else nn.BatchNorm1d)(features)
        layer.running_mean.normal_()
        layer.running_var.uniform_(0.5, 2)
        layer.weight.data.normal_()
        layer.bias.data.normal_()
        return layer

    linear, relu, image = nn.Linear, nn.ReLU, (1, 2, 6, 6)
    mlp = lambda *middle, width=8: nn.Sequential(linear(4, width), *middle, linear(width, 2))
    flat = lambda *layers, size: nn.Sequential(*layers, nn.Flatten(), linear(size, 2))
    conv = lambda: nn.Conv2d(2, 3, 3, padding=1)
    constant = lambda *shape: nn.Parameter(torch.randn(*shape))
    row = [(1, 4)]

    yield "mlp", READ, mlp(relu()), row
    yield "mlp-deep", READ, mlp(relu(), linear(8, 8), relu(), linear(8, 8), relu()), row
    yield "mlp-no-bias", READ, nn.Sequential(linear(4, 8, False), relu(), linear(8, 2, False)), row
    yield "mlp-double", READ, mlp(relu()).double(), row
    yield "mlp-1-axis", READ, mlp(relu()), [(4,)]
    yield "mlp-3-axes", READ, mlp(relu()), [(1, 3, 4)]
    yield "batch-of-5", READ, mlp(relu()), [(5, 4)]
    yield "leaky-relu", READ, mlp(nn.LeakyReLU(0.2)), row
    yield "prelu", READ, mlp(nn.PReLU(8)), row
    yield "relu6", READ, mlp(nn.ReLU6()), row
    yield "hardtanh", READ, mlp(nn.Hardtanh(-0.5, 0.75)), row
    yield "hardsigmoid", READ, mlp(nn.Hardsigmoid()), row
    yield "clamp", READ, By(lambda m, x: m.b(m.a(x).clamp(min=-0.25)), a=linear(4, 8), b=linear(8, 2)), row
    yield "abs", READ, By(lambda m, x: m.b(m.a(x).abs()), a=linear(4, 8), b=linear(8, 2)), row
    yield "dropout", READ, mlp(relu(), nn.Dropout()), row
    yield "batch-norm-1d", READ, mlp(normed(8), relu()), row
    yield "max-of-two", READ, By(lambda m, x: torch.max(m.a(x), m.b(x)), a=linear(4, 3), b=linear(4, 3)), row
    yield "min-of-two", READ, By(lambda m, x: torch.min(m.a(x), m.b(x)), a=linear(4, 3), b=linear(4, 3)), row
    yield "maxout", READ, By(lambda m, x: m.a(x).view(-1, 3, 4).max(dim=2)[0], a=linear(4, 12)), row
    yield "amin", READ, By(lambda m, x: m.a(x).amin(dim=1, keepdim=True), a=linear(4, 5)), row
    yield "sums", READ, By(lambda m, x: m.a(x).relu().sum(1, True) - x.mean(1, True), a=linear(4, 5)), row
    yield "residual", READ, By(lambda m, x: x + m.a(x), a=nn.Sequential(linear(4, 6), relu(), linear(6, 4))), row
    yield "concat", READ, By(lambda m, x: m.b(torch.cat([x, F.relu(m.a(x))], 1)), a=linear(4, 6), b=linear(10, 2)), row
    yield "chunk", READ, By(lambda m, x: m.b(F.relu(m.a(x).chunk(2, 1)[0]) - m.a(x).chunk(2, 1)[1]), a=linear(4, 6), b=linear(3, 2)), row
    yield "split-uneven", READ, By(lambda m, x: m.b(F.relu(torch.split(m.a(x), [2, 4], 1)[1])), a=linear(4, 6), b=linear(4, 2)), row
    yield "slices", READ, By(lambda m, x: F.relu(m.a(x)[:, 1::2]) - x[:, :3], a=linear(4, 6)), row
    yield "index", READ, By(lambda m, x: m.a(x[:, [3, 0, 0, 1]]).relu(), a=linear(4, 3)), row
    yield "standardised", READ, By(lambda m, x: m.a((x - 0.5) / m.d) * 3 + 1, a=mlp(relu()), d=constant(4)), row
    yield "where-mask", READ, By(lambda m, x: torch.where(m.d > 0, m.a(x).relu(), x), a=linear(4, 4), d=constant(4)), row
    yield "two-inputs", READ, By(lambda m, x, z: m.a(torch.cat([x, z], 1)), a=nn.Sequential(linear(7, 8), relu(), linear(8, 2))), [(1, 4), (1, 3)]
    yield "two-inputs-sum", READ, By(lambda m, x, z: F.relu(m.a(x) + m.b(z)), a=linear(4, 5), b=linear(3, 5)), [(1, 4), (1, 3)]
    yield "two-outputs", READ, By(lambda m, x: (m.a(x), F.relu(m.b(x))), a=mlp(relu()), b=linear(4, 3)), row
    yield "einsum", READ, By(lambda m, x: torch.einsum("bi,oi->bo", x, m.d).relu(), d=constant(5, 4)), row
    yield "einsum-3", READ, By(lambda m, x: torch.einsum("bij,kjh->bkih", x, m.d).relu(), d=constant(2, 4, 3)), [(1, 3, 4)]
    yield "bmm", READ, By(lambda m, x: torch.matmul(x.relu(), m.d), d=constant(3, 4, 2)), [(3, 5, 4)]
    yield "bmm-left", READ, By(lambda m, x: torch.matmul(m.d, x.relu()), d=constant(3, 2, 5)), [(1, 3, 5, 4)]
    yield "cumsum", READ, By(lambda m, x: m.a(x).relu().cumsum(1), a=linear(4, 5)), row
    yield "tril", READ, By(lambda m, x: torch.tril(x).relu() - torch.triu(x, 1)), [(1, 4, 4)]
    yield "conv", READ, flat(conv(), relu(), size=108), [image]
    yield "conv-strided", READ, flat(nn.Conv2d(2, 4, 3, 2, 1, groups=2), relu(), size=36), [image]
    yield "conv-dilated", READ, flat(nn.Conv2d(2, 3, 3, dilation=2), relu(), size=12), [image]
    yield "conv-same", READ, flat(nn.Conv2d(2, 3, 4, padding="same"), relu(), size=108), [image]
    yield "conv-1d", READ, flat(nn.Conv1d(2, 3, 3), relu(), size=18), [(1, 2, 8)]
    yield "conv-3d", READ, flat(nn.Conv3d(1, 2, 2), relu(), size=16), [(1, 1, 3, 3, 3)]
    yield "conv-reflect", READ, flat(nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), relu(), size=108), [image]
    yield "conv-circular", READ, flat(nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), relu(), size=108), [image]
    yield "conv-batch-norm", READ, flat(conv(), normed(3, True), relu(), size=108), [image]
    yield "batch-norm-first", READ, flat(normed(2, True), relu(), conv(), size=108), [image]
    yield "conv-transpose", READ, flat(nn.ConvTranspose2d(2, 3, 3, 2, 1, 1), relu(), size=432), [image]
    yield "max-pool", READ, flat(conv(), relu(), nn.MaxPool2d(2), size=27), [image]
    yield "max-pool-ceil", READ, flat(nn.MaxPool2d(3, 2, 1, ceil_mode=True), conv(), size=48), [image]
    yield "avg-pool", READ, flat(nn.AvgPool2d(3, 2, 1), relu(), size=18), [image]
    yield "avg-pool-inside", READ, flat(nn.AvgPool2d(3, 2, 1, count_include_pad=False), relu(), size=18), [image]
    yield "adaptive-avg-1", READ, flat(conv(), relu(), nn.AdaptiveAvgPool2d(1), size=3), [image]
    yield "adaptive-avg-3", READ, flat(conv(), relu(), nn.AdaptiveAvgPool2d(3), size=27), [image]
    yield "adaptive-max-2", READ, flat(conv(), relu(), nn.AdaptiveMaxPool2d(2), size=12), [image]
    yield "upsample-nearest", READ, flat(nn.Upsample(scale_factor=2), conv(), relu(), size=432), [image]
    yield "upsample-bilinear", READ, flat(nn.Upsample(scale_factor=2, mode="bilinear"), conv(), relu(), size=432), [image]
    yield "upsample-corners", READ, flat(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), conv(), relu(), size=432), [image]
    yield "upsample-size", READ, By(lambda m, x: m.a(F.interpolate(x, size=(12, 18))).relu(), a=conv()), [image]
    yield "pixel-shuffle", READ, nn.Sequential(nn.Conv2d(2, 8, 3), nn.PixelShuffle(2), relu()), [image]
    yield "pad", READ, By(lambda m, x: m.a(F.pad(x, (1, 0, 2, 1), value=0.5)).relu(), a=conv()), [image]
    yield "permute", READ, By(lambda m, x: m.a(x.permute(0, 2, 3, 1)).relu().reshape(1, -1), a=linear(2, 3)), [image]
    yield "residual-conv", READ, By(lambda m, x: m.c(F.relu(m.s(x) + m.n(m.b(F.relu(m.a(x))))).mean((2, 3))), a=conv(), b=nn.Conv2d(3, 3, 3, padding=1), n=normed(3, True), s=nn.Conv2d(2, 3, 1), c=linear(3, 2)), [image]

    yield "sigmoid-inside", REFUSED, mlp(nn.Sigmoid()), row
    yield "tanh-inside", REFUSED, mlp(nn.Tanh()), row
    yield "gelu", REFUSED, mlp(nn.GELU()), row
    yield "silu", REFUSED, mlp(nn.SiLU()), row
    yield "elu", REFUSED, mlp(nn.ELU()), row
    yield "hardswish", REFUSED, mlp(nn.Hardswish()), row
    yield "softmax-inside", REFUSED, mlp(nn.Softmax(1)), row
    yield "layer-norm", REFUSED, mlp(nn.LayerNorm(8), relu()), row
    yield "product", REFUSED, By(lambda m, x: m.a(x) * m.b(x), a=linear(4, 3), b=linear(4, 3)), row
    yield "round", REFUSED, By(lambda m, x: m.a(x).round(), a=linear(4, 3)), row
    yield "lstm", REFUSED, By(lambda m, x: m.a(x)[0], a=nn.LSTM(4, 3)), [(2, 1, 4)]


def torch_maker(dynamo):
    def maker():
        import torch

        if dynamo:
            import onnxscript  # noqa: F401  (what that exporter stands on)
        for name, kind, module, shapes in torch_modules():
            module.eval()
            kind_of_number = next((p.dtype for p in module.parameters()), torch.float32)
            inputs = tuple(torch.randn(*shape).to(kind_of_number) for shape in shapes)

            def write(path, module=module, inputs=inputs):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    # Weights in the file itself, or beside it: the exporters' defaults.
                    options = {"verbose": False} if dynamo else {}
                    torch.onnx.export(module, inputs, str(path), dynamo=dynamo, **options)

            yield name, kind, write

    return maker


# --- Keras -------------------------------------------------------------------------------


def keras_models():
    """Name, kind, model."""
    import keras
    from keras import layers as L

    keras.utils.set_random_seed(1)

    def of(shape, *layers):
        return keras.Sequential([keras.Input(shape), *layers])

    def by(shape, function):
        x = keras.Input(shape)
        return keras.Model(x, function(x))

    def normed(**options):
        initial = keras.initializers.RandomUniform(0.5, 2)
        names = ["gamma", "beta", "moving_mean", "moving_variance"]
        return L.BatchNormalization(**{f"{name}_initializer": initial for name in names}, **options)

    relu, image = {"activation": "relu"}, (6, 6, 2)
    last = lambda: (L.Flatten(), L.Dense(2))
    yield "mlp", READ, of((4,), L.Dense(8, **relu), L.Dense(2))
    yield "mlp-batch-norm", READ, of((4,), L.Dense(8), normed(), L.ReLU(), L.Dense(2))
    yield "leaky-relu", READ, of((4,), L.Dense(8), L.LeakyReLU(), L.Dense(2))
    yield "relu-6", READ, of((4,), L.Dense(8), L.ReLU(6), L.Dense(2))
    yield "relu-threshold", READ, of((4,), L.Dense(8), L.ReLU(6, 0.1), L.Dense(2))
    yield "prelu", READ, of((4,), L.Dense(8), L.PReLU("random_normal"), L.Dense(2))
    yield "hard-sigmoid", READ, of((4,), L.Dense(8, activation="hard_sigmoid"), L.Dense(2))
    yield "normalised", READ, of((4,), L.Normalization(mean=0.5, variance=2.0), L.Dense(8, **relu), L.Dense(2))
    yield "conv", READ, of(image, L.Conv2D(3, 3, **relu), *last())
    yield "conv-same", READ, of(image, L.Conv2D(3, 3, 2, padding="same", **relu), *last())
    yield "conv-valid-strided", READ, of(image, L.Conv2D(3, 3, 2, **relu), *last())
    yield "conv-1d", READ, of((8, 2), L.Conv1D(3, 3, **relu), *last())
    yield "depthwise", READ, of(image, L.DepthwiseConv2D(3, **relu), *last())
    yield "separable", READ, of(image, L.SeparableConv2D(3, 3, padding="same", **relu), *last())
    yield "conv-transpose", READ, of(image, L.Conv2DTranspose(3, 3, 2, padding="same", **relu), *last())
    yield "conv-batch-norm", READ, of(image, L.Conv2D(3, 3), normed(), L.ReLU(), *last())
    yield "max-pool", READ, of(image, L.Conv2D(3, 3, **relu), L.MaxPooling2D(), *last())
    yield "avg-pool-same", READ, of(image, L.AveragePooling2D(3, 2, padding="same"), L.ReLU(), *last())
    yield "global-avg-pool", READ, of(image, L.Conv2D(3, 3, **relu), L.GlobalAveragePooling2D(), L.Dense(2))
    yield "global-max-pool", READ, of(image, L.Conv2D(3, 3), L.GlobalMaxPooling2D(), L.Dense(2))
    yield "upsampling", READ, of(image, L.UpSampling2D(), L.Conv2D(3, 3, **relu), *last())
    yield "upsampling-bilinear", READ, of(image, L.UpSampling2D(interpolation="bilinear"), L.Conv2D(3, 3, **relu), *last())
    yield "zero-padding", READ, of(image, L.ZeroPadding2D(), L.Conv2D(3, 3, **relu), L.Cropping2D(1), *last())
    yield "permute-reshape", READ, of(image, L.Permute((3, 1, 2)), L.Reshape((-1,)), L.Dense(5, **relu))
    yield "residual", READ, by((4,), lambda x: L.Add()([x, L.Dense(4, **relu)(x)]))
    yield "concat", READ, by((4,), lambda x: L.Dense(2)(L.Concatenate()([x, L.Dense(5, **relu)(x)])))
    yield "maximum-minimum", READ, by((4,), lambda x: L.Minimum()([L.Maximum()([L.Dense(3)(x), L.Dense(3)(x)]), L.Dense(3)(x)]))
    yield "two-outputs", READ, by((4,), lambda x: [L.Dense(2)(L.Dense(5, **relu)(x)), L.Dense(3)(x)])
    yield "swish", REFUSED, of((4,), L.Dense(8, activation="swish"), L.Dense(2))
    yield "softmax-inside", REFUSED, of((4,), L.Dense(8, activation="softmax"), L.Dense(2))
    yield "layer-norm", REFUSED, of((4,), L.Dense(8), L.LayerNormalization(), L.Dense(2))


def keras_maker():
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    import tensorflow as tf
    import tf2onnx

    for name, kind, model in keras_models():

        def write(path, model=model):
            shapes = [tf.TensorSpec((1, *x.shape[1:]), tf.float32, x.name) for x in model.inputs]
            function = tf.function(lambda *x: model(x if len(x) > 1 else x[0]))
            tf2onnx.convert.from_function(function, shapes, opset=15, output_path=str(path))

        yield name, kind, write


# --- scikit-learn ------------------------------------------------------------------------


def sklearn_maker():
    import skl2onnx
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    from sklearn import decomposition, ensemble, linear_model, neural_network, pipeline
    from sklearn import preprocessing

    random = np.random.default_rng(1)
    x = random.normal(0, 1, (80, 4))
    y = np.abs(x @ random.normal(0, 1, (4, 2)))

    def mlp(activation="relu"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return neural_network.MLPRegressor(hidden_layer_sizes=(8, 6), activation=activation, max_iter=20, random_state=1)

    behind = lambda *steps: pipeline.make_pipeline(*steps, mlp())
    models = [
        ("mlp", READ, mlp(), FloatTensorType),
        ("mlp-double", READ, mlp(), DoubleTensorType),
        ("mlp-identity", READ, mlp("identity"), FloatTensorType),
        ("standard-scaler", READ, behind(preprocessing.StandardScaler()), FloatTensorType),
        ("min-max-scaler", READ, behind(preprocessing.MinMaxScaler()), FloatTensorType),
        ("robust-scaler", READ, behind(preprocessing.RobustScaler()), FloatTensorType),
        ("max-abs-scaler", READ, behind(preprocessing.MaxAbsScaler()), FloatTensorType),
        ("pca", READ, behind(decomposition.PCA(3)), FloatTensorType),
        ("linear", READ, linear_model.LinearRegression(), FloatTensorType),
        ("ridge-double", READ, linear_model.Ridge(), DoubleTensorType),
        ("mlp-tanh", REFUSED, mlp("tanh"), FloatTensorType),
        ("normalizer", REFUSED, behind(preprocessing.Normalizer()), FloatTensorType),
        ("polynomial", REFUSED, behind(preprocessing.PolynomialFeatures(2)), FloatTensorType),
        ("forest", REFUSED, ensemble.RandomForestRegressor(3, random_state=1), FloatTensorType),
    ]
    for name, kind, model, tensor in models:

        def write(path, model=model, tensor=tensor):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(x, y)
                made = skl2onnx.convert_sklearn(model, initial_types=[("x", tensor([None, 4]))])
            path.write_bytes(made.SerializeToString())

        yield name, kind, write


# --- NNet --------------------------------------------------------------------------------


def nnet_maker():
    random = np.random.default_rng(1)
    for name, sizes in [("mlp", [3, 8, 8, 2]), ("one-layer", [2, 3]), ("wide", [5, 30, 30, 5])]:
        layers = [
            (random.normal(0, 1, (rows, columns)), random.normal(0, 1, rows))
            for columns, rows in zip(sizes, sizes[1:])
        ]
        mean, spread = random.normal(0, 1, sizes[0] + 1), random.uniform(0.5, 2, sizes[0] + 1)

        def write(path, sizes=sizes, layers=layers, mean=mean, spread=spread):
            line = lambda values: ",".join(repr(float(v)) for v in values) + ",\n"
            whole = lambda values: ",".join(map(str, values)) + ",\n"
            count = len(sizes) - 1
            text = "// A random network.\n" + whole([count, sizes[0], sizes[-1], max(sizes)])
            text += whole(sizes) + "0,\n"
            text += line([-3] * sizes[0]) + line([3] * sizes[0]) + line(mean) + line(spread)
            for matrix, bias in layers:
                text += "".join(line(row) for row in matrix) + "".join(line([b]) for b in bias)
            path.write_text(text)
            points = random.uniform(-2, 2, (3, sizes[0]))
            return points, [value(point, layers, mean, spread) for point in points]

        yield name, READ, write


def value(point, layers, mean, spread):
    """The values of an NNet file at a point, in raw units."""
    point = (point - mean[:-1]) / spread[:-1]
    for index, (matrix, bias) in enumerate(layers):
        point = matrix @ point + bias
        if index + 1 < len(layers):
            point = np.maximum(point, 0)
    return point * spread[-1] + mean[-1]


# --- All ---------------------------------------------------------------------------------

MAKERS = {
    "torch-old": torch_maker(dynamo=False),
    "torch-new": torch_maker(dynamo=True),
    "keras": keras_maker,
    "sklearn": sklearn_maker,
    "nnet": nnet_maker,
}
