//! The affine forms along one path of the walk: from the inputs to the layer that
//! is being split, given the phases of all neurons before it.

use std::rc::Rc;

use ndarray::{Array1, Array2};

use super::exact::Number;
use super::exact_forms::ExactForms;
use super::plan::{BLOCK, Columns, Kind, PASSED, Plan, Term, phase};
use crate::network::Phase;
use crate::num::rounding::sum_error;

/// Computed errors are doubled, so that the few operations of the test that uses
/// them need no analysis of their own.
const SAFETY: f64 = 2.0;

/// Where a cut of the domain comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// Lower end of the interval of a free input: `x − l`.
    Lower(usize),
    /// Upper end: `u − x`.
    Upper(usize),
    /// A constraint of the problem.
    Constraint(usize),
    /// A bend of a neuron: pre-activation minus `level`.
    Bend {
        /// Node and entry of the pre-activation.
        node: usize,
        entry: usize,
        level: f64,
    },
}

/// What is known of the rounding errors of a computed form on all of the domain.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors {
    /// Of the value of the computed form, over the reals.
    pub form: f64,
    /// Of its value computed in floating point at a point of the domain, with
    /// [`SAFETY`].
    pub value: f64,
}

impl Errors {
    pub(super) fn new(form: f64, magnitude: f64, terms: usize) -> Self {
        let value = SAFETY * (form + sum_error(terms + 1, magnitude));
        Self { form: SAFETY * form, value }
    }
}

/// Forms of the entries of one node: coefficient `d` of entry `i` is at
/// `d · stride + i`, the constants come last.
#[derive(Debug, Default)]
pub(super) struct Forms {
    pub(super) stride: usize,
    pub(super) coefficients: Vec<f64>,
    /// Entries whose form is not 0.
    live: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Path<'p> {
    pub(super) plan: &'p Plan,
    pub(super) forms: Vec<Forms>,
    /// Bends passed by each neuron of each stage.
    pub(super) passed: Vec<Vec<u8>>,
    exact: ExactForms<'p>,
}

impl<'p> Path<'p> {
    pub(super) fn new(plan: &'p Plan) -> Self {
        let passed = plan.stages.iter();
        let passed =
            passed.map(|s| s.neurons.iter().map(|neuron| neuron.passed).collect()).collect();
        let size = plan.dimension() + 1;
        let forms = plan.nodes.iter().map(|node| {
            let stride = node.entries.len().next_multiple_of(BLOCK);
            let live = (0..node.entries.len()).collect();
            Forms { stride, coefficients: vec![0.0; size * stride], live }
        });
        let mut path = Self { plan, forms: forms.collect(), passed, exact: ExactForms::new(plan) };
        for (index, node) in plan.nodes.iter().enumerate() {
            if matches!(node.kind, Kind::Input) {
                let forms = &mut path.forms[index];
                for (i, input) in node.entries.iter().enumerate() {
                    let (position, value) = match plan.free.binary_search(input) {
                        Ok(position) => (position, 1.0),
                        Err(_) => (size - 1, plan.domain.lower()[*input]),
                    };
                    forms.coefficients[position * forms.stride + i] = value;
                }
            }
        }
        path
    }

    /// Number of coefficients of a form.
    fn size(&self) -> usize {
        self.plan.dimension() + 1
    }

    /// Computes the forms of the pre-activations of a stage, given the phases of
    /// all stages before it; behind the last stage, those of the outputs.
    pub(super) fn enter(&mut self, stage: usize) {
        self.exact.enter(stage);
        if stage > 0 {
            self.activate(stage - 1);
        }
        let plan = self.plan;
        let affine = plan.stages.get(stage).map_or(&plan.tail, |stage| &stage.affine);
        affine.iter().for_each(|&node| self.compute(node));
    }

    /// Computes the forms of all stages and the outputs under the phases of a whole pattern,
    /// stage after stage.
    pub(super) fn replay(&mut self, pattern: &[u8]) {
        let mut rest = pattern;
        for stage in 0..self.passed.len() {
            self.enter(stage);
            let (here, after) = rest.split_at(self.passed[stage].len());
            self.passed[stage].copy_from_slice(here);
            rest = after;
        }
        self.enter(self.passed.len());
    }

    fn activate(&mut self, stage: usize) {
        let size = self.size();
        let stage_plan = &self.plan.stages[stage];
        let (before, rest) = self.forms.split_at_mut(stage_plan.node);
        let (from, to) = (&before[stage_plan.input], &mut rest[0]);
        to.live.clear();
        for (i, neuron) in stage_plan.neurons.iter().enumerate() {
            match (phase(self.passed[stage][i]), neuron.input) {
                (Phase::Active, Some(input)) => {
                    for d in 0..size {
                        let value = from.coefficients[d * from.stride + input];
                        to.coefficients[d * to.stride + i] = value;
                    }
                }
                (Phase::Saturated, _) => {
                    (0..size - 1).for_each(|d| to.coefficients[d * to.stride + i] = 0.0);
                    let ceiling = neuron.ceiling.expect("only clipped neurons saturate");
                    to.coefficients[(size - 1) * to.stride + i] = ceiling;
                }
                _ => {
                    (0..size).for_each(|d| to.coefficients[d * to.stride + i] = 0.0);
                    continue;
                }
            }
            to.live.push(i);
        }
    }

    fn compute(&mut self, node: usize) {
        let size = self.size();
        let Kind::Affine { terms, bias } = &self.plan.nodes[node].kind else { return };
        let (before, rest) = self.forms.split_at_mut(node);
        let to = &mut rest[0];
        to.coefficients.fill(0.0);
        to.coefficients[(size - 1) * to.stride..][..bias.len()].copy_from_slice(bias);
        for Term { source, columns, .. } in terms {
            let from = &before[*source];
            match columns {
                Columns::Dense(values) => {
                    let mut first = 0;
                    while first < size {
                        match size - first {
                            1 => add_product::<1>(values, from, to, first),
                            2 => add_product::<2>(values, from, to, first),
                            _ => add_product::<3>(values, from, to, first),
                        }
                        first += 3;
                    }
                }
                Columns::Sparse(columns) => {
                    for &j in &from.live {
                        for d in 0..size {
                            let value = from.coefficients[d * from.stride + j];
                            let to = &mut to.coefficients[d * to.stride..];
                            columns[j].iter().for_each(|&(i, w)| to[i] += w * value);
                        }
                    }
                }
            }
        }
    }

    /// The computed form of a cut, `out` having one number a coefficient.
    pub(super) fn form(&self, origin: Origin, out: &mut [f64]) -> Errors {
        let plan = self.plan;
        let last = out.len() - 1;
        let reach = |d: usize| plan.lower[d].abs().max(plan.upper[d].abs());
        let side = |d: usize| Errors::new(0.0, 2.0 * reach(d), last + 1);
        match origin {
            Origin::Lower(d) => {
                out.fill(0.0);
                (out[d], out[last]) = (1.0, -plan.lower[d]);
                side(d)
            }
            Origin::Upper(d) => {
                out.fill(0.0);
                (out[d], out[last]) = (-1.0, plan.upper[d]);
                side(d)
            }
            Origin::Constraint(index) => {
                let exact = &plan.constraints[index];
                out.iter_mut().zip(exact).for_each(|(to, from)| *to = from.to_f64().value());
                let products = (0..last).map(|d| out[d].abs() * reach(d) + reach(d));
                let magnitude = products.sum::<f64>() + out[last].abs();
                // Each coefficient is off by half a unit in the last place.
                Errors::new(sum_error(last + 1, magnitude), magnitude, last + 1)
            }
            Origin::Bend { node, entry, level } => {
                let forms = &self.forms[node];
                for (d, to) in out.iter_mut().enumerate() {
                    *to = forms.coefficients[d * forms.stride + entry];
                }
                out[last] -= level;
                plan.bend_errors(node, entry, level)
            }
        }
    }

    /// The exact form of a cut.
    pub(super) fn exact(&mut self, origin: Origin) -> Rc<[Number]> {
        self.exact.cut(&self.passed, origin)
    }

    /// The exact form of an entry of a node, under the phases of the path.
    pub(super) fn exact_value(&mut self, node: usize, entry: usize) -> Rc<[Number]> {
        self.exact.value(&self.passed, node, entry)
    }

    /// The map from all inputs to the outputs, where the walk computes it.
    pub(super) fn outputs(&self) -> (Array2<f64>, Array1<f64>) {
        let Some(output) = self.plan.output else { return Default::default() };
        let (forms, node) = (&self.forms[output], &self.plan.nodes[output]);
        let last = self.size() - 1;
        let coefficient = |i: usize, d: usize| forms.coefficients[d * forms.stride + i];
        // Entries that are 0 everywhere are not kept.
        let mut weights = Array2::zeros((self.plan.outputs, self.plan.domain.len()));
        let mut bias = Array1::zeros(self.plan.outputs);
        for (k, &i) in node.entries.iter().enumerate() {
            let free = self.plan.free.iter().enumerate();
            free.for_each(|(d, &j)| weights[[i, j]] = coefficient(k, d));
            bias[i] = coefficient(k, last);
        }
        (weights, bias)
    }

    /// The values of a node at a point of the free inputs, by the computed forms.
    pub(super) fn values(&self, node: usize, point: &[f64]) -> Vec<f64> {
        let forms = &self.forms[node];
        let coefficient = |i: usize, d: usize| forms.coefficients[d * forms.stride + i];
        let value = |i: usize| {
            let products = point.iter().enumerate().map(|(d, x)| coefficient(i, d) * x);
            products.sum::<f64>() + coefficient(i, point.len())
        };
        (0..self.plan.nodes[node].entries.len()).map(value).collect()
    }

    /// The form of `target − row` for the first row that the plan wants, behind the last stage:
    /// positive where a point is better than `target`.
    pub(super) fn improvement_form(&self, target: f64, out: &mut [f64]) -> Errors {
        let plan = self.plan;
        let wanted = plan.output.expect("a plan with a row");
        let (forms, node) = (&self.forms[wanted], &plan.nodes[wanted]);
        let last = out.len() - 1;
        for (d, to) in out.iter_mut().enumerate() {
            *to = -forms.coefficients[d * forms.stride];
        }
        out[last] += target;
        let (magnitude, error) = (node.magnitude[0] + target.abs(), node.error[0]);
        Errors::new(error + sum_error(2, magnitude + error), magnitude, self.size())
    }

    /// By how much a point of the free inputs is better than `target`, by the computed
    /// forms.
    pub(super) fn improvement(&self, target: f64, point: &[f64]) -> f64 {
        let mut form = vec![0.0; self.size()];
        self.improvement_form(target, &mut form);
        let products = form.iter().zip(point).map(|(g, x)| g * x);
        products.sum::<f64>() + form[point.len()]
    }

    /// Marks a bend of a neuron as passed or not.
    pub(super) fn pass(&mut self, stage: usize, neuron: usize, bend: usize, passed: bool) {
        let bits = &mut self.passed[stage][neuron];
        if passed {
            *bits |= PASSED[bend];
        } else {
            *bits &= !PASSED[bend];
        }
    }

    /// The phases of all neurons, layer by layer.
    pub(super) fn pattern(&self) -> Vec<Vec<Phase>> {
        let stages = self.plan.stages.iter().zip(&self.passed);
        let of_stage = |(stage, passed): (&super::plan::Stage, &Vec<u8>)| {
            let mut phases = stage.phases.clone();
            for (&i, &bits) in self.plan.nodes[stage.node].entries.iter().zip(passed) {
                if phases[i] == Phase::Unstable {
                    phases[i] = phase(bits);
                }
            }
            phases
        };
        stages.map(of_stage).collect()
    }
}

/// Adds the product of a matrix, by columns, with `G` coefficients of the live
/// entries, from coefficient `first` on.
fn add_product<const G: usize>(matrix: &[f64], from: &Forms, to: &mut Forms, first: usize) {
    let stride = to.stride;
    for row in (0..stride).step_by(BLOCK) {
        let mut sums = [[0.0; BLOCK]; G];
        for (g, sum) in sums.iter_mut().enumerate() {
            sum.copy_from_slice(&to.coefficients[(first + g) * stride + row..][..BLOCK]);
        }
        for &j in &from.live {
            let weights: &[f64; BLOCK] =
                matrix[j * stride + row..][..BLOCK].try_into().expect("a block");
            for (g, sum) in sums.iter_mut().enumerate() {
                let value = from.coefficients[(first + g) * from.stride + j];
                (0..BLOCK).for_each(|k| sum[k] += weights[k] * value);
            }
        }
        for (g, sum) in sums.iter().enumerate() {
            to.coefficients[(first + g) * stride + row..][..BLOCK].copy_from_slice(sum);
        }
    }
}
