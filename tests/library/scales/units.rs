//! A random case in other units: inputs, hidden neurons and outputs.
//!
//! What is computed here is done in doubles, so that the new case need not be the old one
//! in other units to the last bit: it is a case of its own.

use std::fmt;

use crate::exact::random_case::Draw;
use crate::exact::{Activation, Case};

/// How far units are from 1: powers of ten up to a largest exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i32);

impl Span {
    /// Spans of the units of inputs and outputs, each as likely as it stands here.
    const OF_ENDS: [Self; 8] =
        [Self(0), Self(3), Self(3), Self(7), Self(7), Self(12), Self(12), Self(12)];

    /// The same for hidden neurons.
    const OF_NEURONS: [Self; 8] =
        [Self(0), Self(0), Self(0), Self(3), Self(3), Self(6), Self(9), Self(9)];

    /// A power of ten within the span.
    fn unit(self, draw: &mut Draw) -> f64 {
        let exponents: Vec<i32> = (-self.0..=self.0).collect();
        power_of_ten(draw.pick(&exponents))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("1"),
            most => write!(f, "1e-{most} to 1e{most}"),
        }
    }
}

/// The double nearest to a power of ten.
pub fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().expect("a number")
}

/// Measures the inputs in other units, all in the same one in a quarter of the cases.
/// Integer inputs keep theirs or become large numbers.
pub fn change_inputs(draw: &mut Draw, case: &mut Case) -> Span {
    let span = draw.pick(&Span::OF_ENDS);
    let common = draw.chance(0.25).then(|| span.unit(draw));
    let objective = draw.chance(0.5);
    for input in 0..case.lower.len() {
        let unit = common.unwrap_or_else(|| span.unit(draw));
        let unit = if case.integer.contains(&input) { integer_unit(draw, unit) } else { unit };
        case.lower[input] *= unit;
        case.upper[input] *= unit;
        for row in &mut case.layers[0].weights {
            row[input] /= unit;
        }
        for constraint in &mut case.constraints {
            constraint.inputs[input] /= unit;
        }
        if objective {
            case.objective_inputs[input] /= unit;
        }
    }
    span
}

/// A unit in which an integer input has a few whole numbers, or very many.
fn integer_unit(draw: &mut Draw, unit: f64) -> f64 {
    if draw.chance(0.6) { 1.0 } else { unit.clamp(1.0, 1e7) }
}

/// Where the box lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// About as wide as its numbers are large, with bends all over it.
    Plain,
    /// Narrow beside its distance from 0.
    Far,
    /// Much wider than the part of it where neurons bend.
    Wide,
}

impl Domain {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Far => "far from 0",
            Self::Wide => "wide",
        }
    }
}

/// Moves some boxes far away from 0, up to 1e8 times their width, and the bends with them;
/// or makes them up to 1e8 times as wide, without the bends.
pub fn change_boxes(draw: &mut Draw, case: &mut Case) -> Domain {
    let domain = draw.pick(&[Domain::Plain, Domain::Plain, Domain::Far, Domain::Wide]);
    for input in 0..case.lower.len() {
        if domain != Domain::Plain && draw.chance(0.7) {
            let decade = draw.pick(&[1, 2, 3, 4, 5, 6, 7, 8]);
            // A round number, as people choose them.
            let distance = power_of_ten(exponent(width(case, input)) + decade);
            let whole = case.integer.contains(&input);
            let distance = if whole { distance.ceil().min(FARTHEST_WHOLE) } else { distance };
            match domain {
                Domain::Wide if case.lower[input] < case.upper[input] => {
                    case.lower[input] -= distance * draw.pick(&[0.0, 1.0, 1.0]);
                    case.upper[input] += distance * draw.pick(&[0.0, 1.0, 1.0]);
                }
                Domain::Far => move_box(case, input, draw.pick(&[-1.0, 1.0]) * distance),
                Domain::Plain | Domain::Wide => {}
            }
        }
    }
    domain
}

/// Makes weights of one network very different from each other, in a sixth of the cases.
/// Whether it did.
pub fn scatter_weights(draw: &mut Draw, case: &mut Case) -> bool {
    let scattered = draw.chance(1.0 / 6.0);
    for weight in case.layers.iter_mut().flat_map(|layer| layer.weights.iter_mut().flatten()) {
        if scattered && draw.chance(0.5) {
            *weight *= power_of_ten(draw.pick(&[-13, -9, -6, -4, -2, 2, 4, 6]));
        }
    }
    scattered
}

/// Integer inputs move no further, so that every whole number in the box is a double.
const FARTHEST_WHOLE: f64 = 1e12;

/// The width of a box, or the size of its only number.
fn width(case: &Case, input: usize) -> f64 {
    let (lower, upper) = (case.lower[input], case.upper[input]);
    [upper - lower, lower.abs()].into_iter().find(|&width| width > 0.0).unwrap_or(1.0)
}

/// The exponent of a number in scientific notation.
fn exponent(number: f64) -> i32 {
    let text = format!("{number:e}");
    let (_, exponent) = text.split_once('e').expect("scientific notation");
    exponent.parse().expect("a whole number")
}

fn move_box(case: &mut Case, input: usize, distance: f64) {
    case.lower[input] += distance;
    case.upper[input] += distance;
    let first = &mut case.layers[0];
    for (row, bias) in first.weights.iter().zip(&mut first.bias) {
        *bias -= row[input] * distance;
    }
    for constraint in &mut case.constraints {
        constraint.right += constraint.inputs[input] * distance;
    }
}

/// Measures each hidden neuron in a unit of its own; those of a layer of clipped ones
/// share it, because their ceilings are one number.
pub fn change_neurons(draw: &mut Draw, case: &mut Case) -> Span {
    let span = draw.pick(&Span::OF_NEURONS);
    for number in 1..case.layers.len() {
        let (before, after) = case.layers.split_at_mut(number);
        let (layer, next) = (&mut before[number - 1], &mut after[0]);
        let shared = span.unit(draw);
        for neuron in 0..layer.bias.len() {
            let clipped = matches!(layer.activation, Activation::Clip(_));
            let unit = if clipped { shared } else { span.unit(draw) };
            layer.weights[neuron].iter_mut().for_each(|weight| *weight *= unit);
            layer.bias[neuron] *= unit;
            next.weights.iter_mut().for_each(|row| row[neuron] /= unit);
        }
        if let Activation::Clip(ceiling) = &mut layer.activation {
            *ceiling *= shared;
        }
    }
    span
}

/// Measures the outputs in other units; the objective goes along in half of the cases.
pub fn change_outputs(draw: &mut Draw, case: &mut Case) -> Span {
    let span = draw.pick(&Span::OF_ENDS);
    let objective = draw.chance(0.5);
    let last = case.layers.last_mut().expect("a layer");
    for output in 0..last.bias.len() {
        let unit = span.unit(draw);
        last.weights[output].iter_mut().for_each(|weight| *weight *= unit);
        last.bias[output] *= unit;
        for constraint in &mut case.constraints {
            constraint.outputs[output] /= unit;
        }
        if objective {
            case.objective_outputs[output] /= unit;
        }
    }
    span
}
