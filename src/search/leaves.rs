//! Parts in which few neurons are open, closed by certified linear programs over their phases.

use super::boxes::Boxes;
use super::columns::Columns;
use super::kept::Kept;
use super::layout::Part;
use super::phases::Phase;
use super::{Bounded, Effort, Enough};
use crate::bounds::NeuronBounds;
use crate::encode::{BigM, EncodedProblem, Encoder};
use crate::milp::LinearExpression;
use crate::num::IntervalBox;

/// With so many inputs that vary or fewer, halving is the better way to close a part.
const FEW_INPUTS: usize = 2;

/// Open neurons for each input that varies, up to which a part goes to linear programs.
const OPEN_PER_INPUT: usize = 1;

/// The same where halving may go on for long: with constraints, whose planes do not close a part
/// where they cross, and in parts that have been halved so often for each input, as along a
/// ridge on which the objective hardly changes.
const OPEN_PER_INPUT_OF_LONG: usize = 2;
const LONG: usize = 8;

/// With more inputs than this, halving the box leads nowhere: phases are divided.
pub const MOST_HALVED: usize = 16;

/// Linear programs for one part, unless there is no other way.
const NODES_OF_A_PART: u64 = 400;

/// Multiplications that handing a program to the simplex method comes to, and one solve of it
/// besides passes over its entries.
const PROGRAM_WORK: f64 = 5e5;
const RELAXATION_WORK: f64 = 1e5;
const PASSES: f64 = 40.0;

impl Boxes<'_> {
    /// Whether the objective is affine over a part, and nothing else is asked for: what keeps it
    /// open is rounding, which halving does not help against.
    pub fn is_affine(&self, part: &Part) -> bool {
        let [lower, upper] = self.layout.domain(part);
        let mut varying = (0..lower.len()).filter(|&i| lower[i] < upper[i]);
        let has_integers = varying.any(|i| self.layout.is_integer[i]);
        part.open == 0 && part.phases.is_empty() && !self.has_constraints && !has_integers
    }

    /// Inputs that vary over a box, of those that are read.
    pub fn varying(&self, [lower, upper]: [&[f64]; 2]) -> usize {
        (0..lower.len()).filter(|&i| lower[i] < upper[i] && self.is_read[i]).count()
    }

    /// Whether a part is one for linear programs, and whether there is no other way.
    pub fn is_for_programs(&self, part: &Part) -> Option<bool> {
        if self.layout.takes_phases {
            return (part.open == 0).then_some(true);
        }
        let inputs = self.varying(self.layout.domain(part));
        let is_last_resort = self.is_affine(part);
        let is_long = self.has_constraints || part.depth > LONG * inputs;
        let most = match is_long {
            true => OPEN_PER_INPUT_OF_LONG * inputs,
            false if inputs > FEW_INPUTS => OPEN_PER_INPUT * inputs,
            false => return is_last_resort.then_some(true),
        };
        let is_small = part.open <= most && inputs > 0;
        (is_last_resort || is_small).then_some(is_last_resort)
    }

    /// A bound of a part by linear programs.
    pub fn by_programs(&self, part: &Part, enough: f64, is_last_resort: bool) -> Bounded<Kept> {
        let mut bounded = Bounded::nothing();
        bounded.least = part.least;
        let Some(bounds) = self.neuron_bounds(part) else { return bounded };
        let encoder = Encoder::new(self.problem, self.whole).of_what_is_read(&bounds);
        let boxes = self.graph().nodes().map(|(id, _)| bounds.of(id).clone());
        // What cannot be encoded or solved leaves the bound as it is.
        let Ok(encoder) = encoder.with(boxes, &BigM) else { return bounded };
        let phases: Vec<_> = part.phases.iter().map(|phase| self.side(phase, &encoder)).collect();
        let EncodedProblem { mut model, inputs, .. } = encoder.finish();
        for (index, (expression, [lower, upper])) in phases.into_iter().enumerate() {
            // One that is not read says nothing.
            if !expression.terms.is_empty() {
                model.range(format!("phase{index}"), expression, lower, upper);
            }
        }
        let Ok(mut columns) = Columns::new(&model) else { return bounded };
        let nodes = if is_last_resort { u64::MAX } else { NODES_OF_A_PART };
        let effort = Effort { nodes, ..Effort::until(self.layout.clock) };
        let mut points = Vec::new();
        let visit = |point: &[f64]| {
            points.push(inputs.iter().map(|column| point[column.index()]).collect())
        };
        let mut goal = Enough { bound: enough, visit };
        let Ok((found, _)) = columns.least(&model.objective, None, &mut goal, &effort) else {
            return bounded;
        };
        let nonzeros = model.size().nonzeros as f64;
        bounded.points = points;
        bounded.nodes += found.nodes;
        bounded.iterations = found.iterations;
        bounded.work = PROGRAM_WORK + found.nodes as f64 * (RELAXATION_WORK + PASSES * nonzeros);
        bounded.least = found.least.max(part.least);
        bounded
    }

    /// The side of a kink on which a phase is: the pre-activation, and its least and greatest
    /// value.
    fn side(&self, phase: &Phase, encoder: &Encoder<'_>) -> (LinearExpression, [f64; 2]) {
        let (node, _) = self.graph().nodes().nth(phase.step).expect("one node a step");
        let index = phase.pre - self.layout.tape.steps[phase.step].start;
        let ends = match phase.side > 0.0 {
            true => [f64::NEG_INFINITY, phase.kink],
            false => [phase.kink, f64::INFINITY],
        };
        (encoder.expression(node, index).clone(), ends)
    }

    fn neuron_bounds(&self, part: &Part) -> Option<NeuronBounds> {
        let (lower, upper) = part.ranges.split_at(self.layout.tape.length);
        let boxes =
            self.layout.tape.steps.iter().map(|step| {
                IntervalBox::new(lower[step.span()].to_vec(), upper[step.span()].to_vec())
            });
        Some(NeuronBounds::new(boxes.collect::<Result<_, _>>().ok()?))
    }
}
