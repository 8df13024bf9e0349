//! The operators, a family a file. A new one is a function and a line in [`OPERATORS`].
//!
//! A node is read by the rule of its operator. Where no operand depends on the network's
//! input, its value is a constant, computed in the type that the standard gives it: whole
//! numbers exactly or refused, others rounded once, to the nearest. Else it becomes layers
//! ([`Lowering`]), of the same value over the reals.

mod activations;
mod arithmetic;
mod batched;
mod casts;
mod constants;
mod convolution;
mod dense;
mod einsum;
mod elementwise;
mod interpolated;
mod last;
mod layers;
mod normalization;
mod pooling;
mod reductions;
mod refused;
mod resize;
mod scatter;
mod selection;
mod shapes;
mod slices;
mod transposed;
mod triangles;
mod windows;

use ndarray::ArrayD;

use super::call::{Call, Data, Wrong, wrong_shape};
use super::lowering::Lowering;
use super::value::Tensor;
use crate::network::{LayerError, NetworkError};

pub use last::{SETTABLE_ASIDE, set_aside};
pub use layers::lower as lower_layer;
pub use refused::reason;

/// The oldest operator set that has every operator of [`readable`] that it knows in a form that
/// is read.
pub const OLDEST: i64 = 7;
/// The newest operator set that the rules have been checked against.
pub const NEWEST: i64 = 28;

/// Domains with operators that are known, and the newest version of each.
pub const DOMAINS: &[(&str, i64)] = &[(STANDARD, NEWEST), (LEARNING, 5), (MICROSOFT, 1)];

/// The domain of the standard's own operators.
pub const STANDARD: &str = "";
/// The domain of what scikit-learn exports.
const LEARNING: &str = "ai.onnx.ml";
/// The domain of what onnxruntime makes of files.
const MICROSOFT: &str = "com.microsoft";

/// An operator that is known.
pub struct OperatorRule {
    pub domain: &'static str,
    pub op: &'static str,
    /// The oldest version of the operator set whose form is read.
    pub since: i64,
    pub rule: Rule,
}

/// Which elements of a tensor an output has.
pub enum Selection {
    /// All of them in their order, in another shape.
    Shape(Vec<usize>),
    /// Those at the given positions, numbered in row-major order.
    Positions(ArrayD<usize>),
}

type Select = fn(&mut Call, &[usize]) -> Result<Vec<Selection>, Wrong>;
type Fold = fn(&mut Call) -> Result<Tensor, Wrong>;
type Lower = fn(&mut Call, &mut Lowering) -> Result<Data, Wrong>;

/// How a node is read.
#[derive(Clone, Copy)]
pub enum Rule {
    /// From the shape of operand 0 alone, which may depend on the input.
    Measure(fn(&mut Call, &[usize]) -> Result<Tensor, Wrong>),
    /// Its outputs are elements of operand 0, whatever these are.
    Select(Select),
    /// The same, as the layer of its name where operand 0 depends on the input.
    SelectLayer(Select),
    /// Of constants, or of what depends on the input.
    Compute(Fold, Lower),
    /// Of constants only; else refused with the reason.
    Fold(Fold, &'static str),
    /// The layer of its name, which is smooth: of what depends on the input only.
    Smooth,
}

const fn of_standard(op: &'static str, since: i64, rule: Rule) -> OperatorRule {
    OperatorRule { domain: STANDARD, op, since, rule }
}

const fn of_domain(domain: &'static str, op: &'static str, rule: Rule) -> OperatorRule {
    OperatorRule { domain, op, since: 1, rule }
}

/// Every operator that is read.
#[rustfmt::skip]
pub const OPERATORS: &[OperatorRule] = &[
    of_standard("Abs", 1, Rule::Compute(arithmetic::abs, activations::abs)),
    of_standard("Add", 1, Rule::Compute(arithmetic::add, elementwise::add)),
    of_standard("And", 7, Rule::Fold(arithmetic::and, refused::JUMPS)),
    of_standard("AveragePool", 1, Rule::Compute(layers::fold, pooling::average_pool)),
    of_standard("BatchNormalization", 6, Rule::Compute(layers::fold, normalization::batch)),
    of_standard("Cast", 6, Rule::Compute(casts::fold, casts::lower)),
    of_standard("CastLike", 15, Rule::Compute(casts::fold_like, casts::lower_like)),
    of_standard("Ceil", 1, Rule::Fold(arithmetic::ceil, refused::JUMPS)),
    of_standard("Clip", 6, Rule::Compute(activations::fold_clip, activations::clip)),
    of_standard("Concat", 1, Rule::Compute(constants::concat, elementwise::concat)),
    of_standard("Constant", 1, Rule::Fold(constants::constant, "")),
    of_standard("ConstantOfShape", 9, Rule::Fold(constants::of_shape, refused::SHAPES)),
    of_standard("Conv", 1, Rule::Compute(layers::fold, convolution::conv)),
    of_standard("ConvTranspose", 1, Rule::Compute(layers::fold, transposed::conv_transpose)),
    of_standard("CumSum", 11, Rule::Compute(triangles::fold_cumulative, triangles::cumulative)),
    of_standard("DepthToSpace", 1, Rule::Select(selection::depth_to_space)),
    of_standard("DequantizeLinear", 10, Rule::Fold(casts::dequantize, refused::QUANTIZED)),
    of_standard("Div", 1, Rule::Compute(arithmetic::div, elementwise::div)),
    of_standard("Dropout", 6, Rule::Select(casts::dropout)),
    of_standard("Einsum", 12, Rule::Compute(layers::fold, einsum::einsum)),
    of_standard("Equal", 7, Rule::Fold(arithmetic::equal, refused::JUMPS)),
    of_standard("Expand", 8, Rule::Select(selection::expand)),
    of_standard("Flatten", 1, Rule::SelectLayer(shapes::flatten)),
    of_standard("Floor", 1, Rule::Fold(arithmetic::floor, refused::JUMPS)),
    of_standard("Gather", 1, Rule::SelectLayer(slices::gather)),
    of_standard("GatherElements", 11, Rule::Select(slices::gather_elements)),
    of_standard("GatherND", 11, Rule::Select(slices::gather_nd)),
    of_standard("Gemm", 1, Rule::Compute(layers::fold, dense::gemm)),
    of_standard("GlobalAveragePool", 1, Rule::Compute(layers::fold, pooling::global_average)),
    of_standard("GlobalMaxPool", 1, Rule::Compute(layers::fold, pooling::global_max)),
    of_standard("Greater", 7, Rule::Fold(arithmetic::greater, refused::JUMPS)),
    of_standard("GreaterOrEqual", 12, Rule::Fold(arithmetic::greater_or_equal, refused::JUMPS)),
    of_standard("HardSigmoid", 6, Rule::Compute(layers::fold, activations::hard_sigmoid)),
    of_standard("Identity", 1, Rule::SelectLayer(shapes::identity)),
    of_standard("LeakyRelu", 6, Rule::Compute(layers::fold, layers::lower)),
    of_standard("Less", 7, Rule::Fold(arithmetic::less, refused::JUMPS)),
    of_standard("LessOrEqual", 12, Rule::Fold(arithmetic::less_or_equal, refused::JUMPS)),
    of_standard("MatMul", 1, Rule::Compute(layers::fold, dense::matmul)),
    of_standard("Max", 6, Rule::Compute(arithmetic::max, elementwise::max)),
    of_standard("MaxPool", 1, Rule::Compute(layers::fold, pooling::max_pool)),
    of_standard("Mean", 6, Rule::Compute(arithmetic::mean, elementwise::mean)),
    of_standard("Min", 6, Rule::Compute(arithmetic::min, elementwise::min)),
    of_standard("Mod", 10, Rule::Fold(arithmetic::modulo, refused::JUMPS)),
    of_standard("Mul", 1, Rule::Compute(arithmetic::mul, elementwise::mul)),
    of_standard("Neg", 1, Rule::Compute(arithmetic::neg, elementwise::neg)),
    of_standard("Not", 1, Rule::Fold(arithmetic::not, refused::JUMPS)),
    of_standard("OneHot", 9, Rule::Fold(constants::one_hot, refused::JUMPS)),
    of_standard("Or", 7, Rule::Fold(arithmetic::or, refused::JUMPS)),
    of_standard("PRelu", 6, Rule::Compute(layers::fold, activations::prelu)),
    of_standard("Pad", 2, Rule::Compute(layers::fold, selection::pad)),
    of_standard("Pow", 7, Rule::Compute(arithmetic::pow, elementwise::pow)),
    of_standard("Range", 11, Rule::Fold(constants::range, refused::SHAPES)),
    of_standard("Reciprocal", 6, Rule::Fold(arithmetic::reciprocal, refused::QUOTIENT)),
    of_standard("ReduceL1", 1, Rule::Compute(layers::fold, reductions::sum_of_magnitudes)),
    of_standard("ReduceMax", 1, Rule::Compute(reductions::fold_max, reductions::max)),
    of_standard("ReduceMean", 1, Rule::Compute(reductions::fold_mean, reductions::mean)),
    of_standard("ReduceMin", 1, Rule::Compute(reductions::fold_min, reductions::min)),
    of_standard("ReduceProd", 1, Rule::Fold(reductions::fold_product, refused::PRODUCT)),
    of_standard("ReduceSum", 1, Rule::Compute(reductions::fold_sum, reductions::sum)),
    of_standard("Relu", 6, Rule::Compute(layers::fold, layers::lower)),
    of_standard("Reshape", 5, Rule::SelectLayer(shapes::reshape)),
    of_standard("Resize", 10, Rule::Compute(resize::fold, resize::lower)),
    of_standard("Round", 11, Rule::Fold(arithmetic::round, refused::JUMPS)),
    of_standard("Scatter", 9, Rule::Compute(scatter::fold, scatter::lower)),
    of_standard("ScatterElements", 11, Rule::Compute(scatter::fold, scatter::lower)),
    of_standard("ScatterND", 11, Rule::Compute(scatter::fold, scatter::lower)),
    of_standard("Shape", 1, Rule::Measure(shapes::shape)),
    of_standard("Shrink", 9, Rule::Compute(layers::fold, activations::shrink)),
    of_standard("Sigmoid", 6, Rule::Smooth),
    of_standard("Sign", 9, Rule::Fold(arithmetic::sign, refused::JUMPS)),
    of_standard("Size", 1, Rule::Measure(shapes::size)),
    of_standard("Slice", 1, Rule::Select(slices::slice)),
    of_standard("SpaceToDepth", 1, Rule::Select(selection::space_to_depth)),
    of_standard("Split", 2, Rule::Select(slices::split)),
    of_standard("Sqrt", 6, Rule::Fold(arithmetic::sqrt, refused::SMOOTH)),
    of_standard("Squeeze", 1, Rule::Select(shapes::squeeze)),
    of_standard("Sub", 1, Rule::Compute(arithmetic::sub, elementwise::sub)),
    of_standard("Sum", 6, Rule::Compute(arithmetic::sum, elementwise::sum)),
    of_standard("Tanh", 6, Rule::Smooth),
    of_standard("ThresholdedRelu", 10, Rule::Compute(layers::fold, activations::thresholded_relu)),
    of_standard("Tile", 6, Rule::Select(selection::tile)),
    of_standard("Transpose", 1, Rule::SelectLayer(shapes::transpose)),
    of_standard("Trilu", 14, Rule::Compute(triangles::fold_triangular, triangles::triangular)),
    of_standard("Unsqueeze", 1, Rule::Select(shapes::unsqueeze)),
    of_standard("Upsample", 7, Rule::Compute(resize::fold, resize::lower)),
    of_standard("Where", 9, Rule::Compute(constants::choice, elementwise::choice)),
    of_standard("Xor", 7, Rule::Fold(arithmetic::xor, refused::JUMPS)),
    of_domain(LEARNING, "LinearRegressor", Rule::Compute(layers::fold, normalization::linear_regressor)),
    of_domain(LEARNING, "Scaler", Rule::Compute(layers::fold, normalization::scaler)),
    of_domain(MICROSOFT, "FusedConv", Rule::Compute(layers::fold, convolution::fused)),
    of_domain(MICROSOFT, "FusedGemm", Rule::Compute(layers::fold, dense::fused_gemm)),
    of_domain(MICROSOFT, "FusedMatMul", Rule::Compute(layers::fold, dense::fused_matmul)),
];

/// The domain as the rules spell it.
pub fn domain_of(domain: Option<&str>) -> &str {
    match domain {
        None | Some("ai.onnx") => STANDARD,
        Some(domain) => domain,
    }
}

/// The rule of an operator.
pub fn find(domain: &str, op: &str) -> Option<&'static OperatorRule> {
    OPERATORS.iter().find(|rule| rule.domain == domain && rule.op == op)
}

/// The error of a smooth operator of constants.
pub fn smooth_constant() -> Wrong {
    of_constants_only(refused::SMOOTH)
}

/// The error of an operator of constants that is given what depends on the input.
pub fn of_constants_only(reason: &str) -> Wrong {
    wrong_shape(reason, refused::instead(reason)).into()
}

/// The names of the standard's operators that are read of what depends on the input, for
/// messages.
pub fn supported() -> String {
    let layers = |rule: &&OperatorRule| {
        rule.domain == STANDARD
            && !matches!(rule.rule, Rule::Fold(..) | Rule::Measure(_) | Rule::Smooth)
    };
    OPERATORS.iter().filter(layers).map(|rule| rule.op).collect::<Vec<&str>>().join(", ")
}

/// Operators of which little is read besides constants: an exponent of 1, a constant condition.
const HARDLY: [&str; 2] = ["Pow", "Where"];

/// The names of the standard's operators that are read in networks: not those that jump, are
/// smooth or divide unless all is constant, and not [`HARDLY`].
pub fn readable() -> Vec<&'static str> {
    let is_readable = |rule: &&OperatorRule| match rule.rule {
        Rule::Fold(_, reason) => matches!(reason, "" | refused::SHAPES),
        Rule::Smooth => false,
        _ => !HARDLY.contains(&rule.op),
    };
    let of_standard = OPERATORS.iter().filter(|rule| rule.domain == STANDARD);
    of_standard.filter(is_readable).map(|rule| rule.op).collect()
}

/// Most axes of a tensor that is made.
const MOST_AXES: usize = 64;

/// That a shape has few enough axes and elements to be made; dimensions of 0 are counted as 1,
/// so that the others are bounded too.
fn check_made(call: &Call, shape: &[usize]) -> Result<(), Wrong> {
    let count = shape.iter().try_fold(1usize, |count, &d| count.checked_mul(d.max(1)));
    match count {
        Some(count) if count <= call.most && shape.len() <= MOST_AXES => Ok(()),
        _ => Err(NetworkError::Size {
            what: format!("the output of node '{}'", crate::message::excerpt(&call.name)),
            shape: shape.to_vec(),
            most: call.most,
        }
        .into()),
    }
}

/// An axis counted from the start; negative ones count from the end of `rank` axes.
fn axis_of(axis: i64, rank: usize) -> Result<usize, LayerError> {
    let from_start = if axis < 0 { axis.checked_add_unsigned(rank as u64) } else { Some(axis) };
    let position = from_start.and_then(|axis| usize::try_from(axis).ok());
    position.filter(|&axis| axis < rank).ok_or_else(|| {
        let expected = format!("-{rank} to {}", rank.max(1) - 1);
        wrong_shape(format!("axis {axis} of a tensor with {rank} axes"), &expected)
    })
}

/// Axes counted from the start, in ascending order, each once.
fn axes_of(axes: &[i64], rank: usize) -> Result<Vec<usize>, LayerError> {
    let mut sorted = axes.iter().map(|&axis| axis_of(axis, rank)).collect::<Result<Vec<_>, _>>()?;
    sorted.sort_unstable();
    match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        false => Ok(sorted),
        true => Err(wrong_shape(format!("axes {axes:?}"), "each axis once")),
    }
}

/// The positions of all elements of a tensor, in its shape.
fn positions(shape: &[usize]) -> ArrayD<usize> {
    let count = shape.iter().product();
    ArrayD::from_shape_vec(ndarray::IxDyn(shape), (0..count).collect()).expect("one a place")
}
