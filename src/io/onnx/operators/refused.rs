//! Operators that are known not to be piecewise linear, and why.

use crate::network::PIECEWISE;
pub(crate) use crate::network::SMOOTH;

pub const JUMPS: &str = "it jumps, so it is not piecewise linear";
pub const PRODUCT: &str = "it multiplies computed tensors, which is not piecewise linear";
pub const QUOTIENT: &str = "it divides by a computed tensor, which is not piecewise linear";
pub const QUANTIZED: &str = "it computes with rounded numbers, which jumps";
pub const SHAPES: &str = "it makes a shape out of what depends on the input";
const CONTROL: &str = "it holds graphs of its own";
const TREES: &str = "a tree jumps, so it is not piecewise linear";
const STATISTICS: &str =
    "it divides by what it measures of its input, which is not piecewise linear";
const RANDOM: &str = "it is random";
const SORTS: &str = "it sorts by what depends on the input";

const BEFORE: &str = "the network up to it: export without it";
const CONSTANT: &str = "constants there";
const PLAIN: &str = "the network of plain numbers, exported before it was quantised";
const UNROLLED: &str = "an export without loops and branches (static shapes, unrolled)";
const FIXED: &str = "BatchNormalization in inference, or fixed scales";
const NETWORK: &str = "a network";

/// Names, the reason, what is expected in their place.
const REFUSED: &[(&[&str], &str, &str)] = &[
    (
        &[
            "Acos",
            "Acosh",
            "Asin",
            "Asinh",
            "Atan",
            "Atanh",
            "BiasGelu",
            "Celu",
            "Cos",
            "Cosh",
            "Elu",
            "Erf",
            "Exp",
            "FastGelu",
            "Gelu",
            "HardSwish",
            "Log",
            "LogSoftmax",
            "Mish",
            "QuickGelu",
            "Selu",
            "Sigmoid",
            "Sin",
            "Sinh",
            "Softmax",
            "Softplus",
            "Softsign",
            "SwiGLU",
            "Swish",
            "Tan",
            "Tanh",
        ],
        SMOOTH,
        PIECEWISE,
    ),
    (&["ArgMax", "ArgMin", "Binarizer", "Hardmax", "IsInf", "IsNaN", "NonZero"], JUMPS, BEFORE),
    (&["NonMaxSuppression", "TopK", "Unique", "Compress"], SORTS, BEFORE),
    (
        &[
            "Attention",
            "CumProd",
            "Det",
            "GRU",
            "LSTM",
            "LpNormalization",
            "LpPool",
            "MultiHeadAttention",
            "RNN",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceSumSquare",
            "GlobalLpPool",
            "LinearAttention",
            "RotaryEmbedding",
        ],
        PRODUCT,
        BEFORE,
    ),
    (
        &[
            "GroupNormalization",
            "InstanceNormalization",
            "LRN",
            "LayerNormalization",
            "MeanVarianceNormalization",
            "Normalizer",
            "RMSNormalization",
            "SimplifiedLayerNormalization",
            "SkipLayerNormalization",
        ],
        STATISTICS,
        FIXED,
    ),
    (
        &[
            "ConvInteger",
            "DynamicQuantizeLinear",
            "MatMulInteger",
            "QGemm",
            "QLinearAdd",
            "QLinearConv",
            "QLinearMatMul",
            "QuantizeLinear",
        ],
        QUANTIZED,
        PLAIN,
    ),
    (&["If", "Loop", "Scan", "SequenceMap"], CONTROL, UNROLLED),
    (
        &[
            "TreeEnsemble",
            "TreeEnsembleClassifier",
            "TreeEnsembleRegressor",
            "SVMClassifier",
            "SVMRegressor",
        ],
        TREES,
        NETWORK,
    ),
    (
        &[
            "Bernoulli",
            "Multinomial",
            "RandomNormal",
            "RandomNormalLike",
            "RandomUniform",
            "RandomUniformLike",
        ],
        RANDOM,
        CONSTANT,
    ),
];

/// Why an operator is refused and what is expected in its place; `None` if it is not known.
pub fn reason(op: &str) -> Option<(&'static str, &'static str)> {
    let mut refused = REFUSED.iter();
    refused.find(|(names, ..)| names.contains(&op)).map(|&(_, reason, instead)| (reason, instead))
}

/// What is expected in the place of an operator that is folded only.
pub fn instead(reason: &str) -> &'static str {
    match reason {
        SMOOTH => PIECEWISE,
        JUMPS => BEFORE,
        QUANTIZED => PLAIN,
        _ => CONSTANT,
    }
}
