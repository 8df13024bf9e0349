//! Whether a point is a counterexample: by the query itself, in exact arithmetic, and in a
//! forward pass in the type of the network.
//!
//! The inputs are numbers of that type within the decimal bounds. Outputs over the real numbers
//! are first enclosed in twice the digits of double precision; what that leaves open, as where an
//! output is exactly at a limit, is told by fractions.

use std::cmp::Ordering;

use dashu_ratio::Relaxed;

use super::property::Part;
use crate::io::vnnlib::{Atom, Formula, InputBounds, Relation};
use crate::network::{Network, Node, Precision, ReluGraph};
use crate::num::IntervalBox;

/// A point of the input's type that satisfies the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// The inputs, in the order of the network's file.
    pub input: Vec<f64>,
    /// The outputs of a forward pass in the type of the network's numbers.
    pub output: Vec<f64>,
}

/// What is said of a point.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// It is one, over the real numbers and in the type of the network.
    Is(Counterexample),
    /// It is one likewise, but by so little that a program which adds up in another order may
    /// find that it is none.
    IsBarely(Counterexample),
    /// It is one over the real numbers, and not in the type of the network, or the other way
    /// round.
    Disagrees(Counterexample),
    /// It is none.
    IsNone,
}

/// Multiplications of a network up to which fractions are affordable.
const MOST_EXACT: usize = 500_000;

/// What outputs of single precision may differ by between programs: as many times as they differ
/// from those of double precision, and a share of the largest one, some units in its last place.
const OTHER_ORDERS: f64 = 8.0;
const OTHER_ROUNDING: f64 = 1e-6;

/// Looks at the point of the network's type that is nearest to `point` within the bounds.
pub(super) fn look(network: &Network, graph: &ReluGraph, part: &Part, point: &[f64]) -> Said {
    let precision = network.metadata().precision;
    let is_single = precision == Precision::F32;
    let Some(input) = nearest_of_part(part, point, precision) else { return Said::IsNone };
    let real = over_reals(graph, &part.formulas, &input);
    if real == Some(false) && !is_single {
        return Said::IsNone;
    }
    let output = match is_single {
        true => network.evaluate_single(&input),
        false => network.evaluate_point(&input),
    };
    let values = |outputs: &[f64]| {
        let exact = input.iter().chain(outputs).map(|&value| exact(value));
        exact.collect::<Option<Vec<Relaxed>>>()
    };
    let computed = values(&output).is_some_and(|values| {
        let ends: Vec<[Relaxed; 2]> = values.into_iter().map(|v| [v.clone(), v]).collect();
        part.formulas.iter().all(|formula| holds(formula, &ends) == Some(true))
    });
    let found = Counterexample { input, output };
    match (real == Some(true), computed) {
        (true, true) if is_single && !is_clear(network, &part.formulas, &found) => {
            Said::IsBarely(found)
        }
        (true, true) => Said::Is(found),
        (false, false) => Said::IsNone,
        _ => Said::Disagrees(found),
    }
}

/// Whether all formulas hold of whatever a program may compute in single precision.
fn is_clear(network: &Network, formulas: &[Formula], found: &Counterexample) -> bool {
    let Counterexample { input, output } = found;
    let precise = network.evaluate_point(input);
    let apart = output.iter().zip(&precise).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let largest = output.iter().map(|y| y.abs()).fold(0.0, f64::max);
    let doubt = OTHER_ORDERS * apart + OTHER_ROUNDING * largest;
    let around = |ends: fn(f64, f64) -> f64| output.iter().map(|&y| ends(y, doubt)).collect();
    let Ok(outputs) = IntervalBox::new(around(|y, doubt| y - doubt), around(|y, doubt| y + doubt))
    else {
        return false;
    };
    let Some(ends) = ends(input, &outputs) else { return false };
    formulas.iter().all(|formula| holds(formula, &ends) == Some(true))
}

/// The point of the type within the bounds that is nearest to another one; in the ball, where there
/// is one, if need be by a step inward.
fn nearest_of_part(part: &Part, point: &[f64], precision: Precision) -> Option<Vec<f64>> {
    let input = nearest(&part.bounds, point, precision)?;
    match &part.ball {
        Some(ball) if !ball.holds(&input) => {
            nearest(&part.bounds, &ball.inward(&input), precision).filter(|input| ball.holds(input))
        }
        _ => Some(input),
    }
}

/// The number of the type within the bounds that is nearest to each coordinate.
fn nearest(bounds: &[InputBounds], point: &[f64], precision: Precision) -> Option<Vec<f64>> {
    let coordinate = |(bounds, &x): (&InputBounds, &f64)| {
        let ends = bounds.numbers(precision)?;
        let x = match precision {
            Precision::F32 => f64::from(x as f32),
            Precision::F64 => x,
        };
        Some(x.clamp(ends.lower(), ends.upper()))
    };
    bounds.iter().zip(point).map(coordinate).collect()
}

/// Whether all formulas hold of the network over the real numbers; `None` where that is not told.
fn over_reals(graph: &ReluGraph, formulas: &[Formula], input: &[f64]) -> Option<bool> {
    let outputs = graph.bounds_at(input, graph.output())?;
    let all = |ends: &[[Relaxed; 2]]| {
        let held: Vec<Option<bool>> = formulas.iter().map(|formula| holds(formula, ends)).collect();
        all_of(&held)
    };
    let ends = ends(input, &outputs)?;
    all(&ends).or_else(|| {
        if graph.weights() > MOST_EXACT {
            return None;
        }
        let outputs = evaluate_exactly(graph, input)?;
        let of_inputs = &ends[..input.len()];
        let of_outputs = outputs.into_iter().map(|value| [value.clone(), value]);
        all(&of_inputs.iter().cloned().chain(of_outputs).collect::<Vec<_>>())
    })
}

fn ends(input: &[f64], outputs: &IntervalBox) -> Option<Vec<[Relaxed; 2]>> {
    let inputs = input.iter().map(|&x| Some([exact(x)?, exact(x)?]));
    let outputs = outputs.lower().iter().zip(outputs.upper());
    inputs.chain(outputs.map(|(&l, &u)| Some([exact(l)?, exact(u)?]))).collect()
}

fn exact(value: f64) -> Option<Relaxed> {
    Relaxed::try_from(value).ok()
}

/// The outputs at a point, as fractions.
fn evaluate_exactly(graph: &ReluGraph, input: &[f64]) -> Option<Vec<Relaxed>> {
    let zero = || Relaxed::ZERO;
    let mut values: Vec<Vec<Relaxed>> = Vec::new();
    for (id, node) in graph.nodes() {
        let value = match node {
            Node::Input { .. } => input.iter().map(|&x| exact(x)).collect::<Option<_>>()?,
            Node::Relu { input } => {
                values[input.index()].iter().map(|a| a.clone().max(zero())).collect()
            }
            Node::Clip { input, ceiling } => {
                let neurons = values[input.index()].iter().zip(ceiling);
                let clipped = neurons.map(|(a, &c)| Some(a.clone().max(zero()).min(exact(c)?)));
                clipped.collect::<Option<_>>()?
            }
            Node::Affine(affine) => {
                let mut rows = Vec::with_capacity(affine.bias.len());
                for row in 0..affine.bias.len() {
                    let mut sum = exact(affine.bias[row])?;
                    for (operand, linear) in &affine.terms {
                        for (column, weight) in linear.row(row) {
                            let value = &values[operand.index()][column];
                            if !value.is_zero() {
                                sum += exact(weight)? * value;
                            }
                        }
                    }
                    rows.push(sum);
                }
                rows
            }
        };
        values.push(value);
        if id == graph.output() {
            break;
        }
    }
    values.pop()
}

/// Whether a formula holds for values between ends; `None` where that depends on the value.
fn holds(formula: &Formula, ends: &[[Relaxed; 2]]) -> Option<bool> {
    let each = |list: &[Formula]| -> Vec<Option<bool>> {
        list.iter().map(|formula| holds(formula, ends)).collect()
    };
    match formula {
        Formula::All(list) => all_of(&each(list)),
        Formula::Any(list) => {
            let against: Vec<Option<bool>> =
                each(list).into_iter().map(|held| held.map(|held| !held)).collect();
            all_of(&against).map(|none| !none)
        }
        Formula::Atom(atom) => atom_holds(atom, ends),
    }
}

fn all_of(held: &[Option<bool>]) -> Option<bool> {
    match (held.contains(&Some(false)), held.contains(&None)) {
        (true, _) => Some(false),
        (false, true) => None,
        (false, false) => Some(true),
    }
}

fn atom_holds(atom: &Atom, ends: &[[Relaxed; 2]]) -> Option<bool> {
    let mut sum = [Relaxed::ZERO, Relaxed::ZERO];
    for (variable, coefficient) in &atom.terms {
        let [lower, upper] = &ends[variable.0];
        let factor = coefficient.exact();
        let (lower, upper) = match coefficient.is_negative() {
            true => (upper, lower),
            false => (lower, upper),
        };
        sum[0] += &factor * lower;
        sum[1] += factor * upper;
    }
    let constant = atom.constant.exact();
    let [least, greatest] = sum.map(|end| end.cmp(&constant));
    match atom.relation {
        Relation::AtMost => told(greatest.is_le(), least.is_gt()),
        Relation::Less => told(greatest.is_lt(), least.is_ge()),
        Relation::Equal => {
            let is_equal = least == Ordering::Equal && greatest == Ordering::Equal;
            told(is_equal, least.is_gt() || greatest.is_lt())
        }
        Relation::NotEqual => {
            let is_equal = least == Ordering::Equal && greatest == Ordering::Equal;
            told(least.is_gt() || greatest.is_lt(), is_equal)
        }
    }
}

fn told(yes: bool, no: bool) -> Option<bool> {
    if yes || no { Some(yes) } else { None }
}
