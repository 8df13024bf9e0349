//! The ranges of neurons that exact methods find are the exact ones, up to their gap, and contain
//! them without any tolerance: against exact enumeration in rational arithmetic, with constraints
//! on inputs and outputs, integer inputs, leaky and clipped neurons.

use taut::bounds::NeuronBounds;
use taut::network::{ActivationLayer, NodeId, Phase, ReluGraph};
use taut::problem::Problem;
use taut::tighten::{TightenError, TightenOptions, Tightened, Tightening};

use crate::exact::{self, Activation, Case};
use crate::random::build;

const CASES: u64 = 200;

/// Largest deviation from the exact value, relative to `1 + |value|`: more than the gap of a
/// slack of 0 comes to.
const TOLERANCE: f64 = 1e-5;

fn bounds(tightening: Tightening, problem: &Problem) -> Result<Tightened, TightenError> {
    let options = TightenOptions { slack: 0.0, threads: 2, ..TightenOptions::default() };
    let whole = problem.whole().ok_or(TightenError::Infeasible { node: 0 })?;
    tightening.bounds(problem, whole, &options)
}

/// The case with no objective.
fn blank(case: &Case) -> Case {
    Case {
        maximize: false,
        objective_inputs: vec![0.0; case.lower.len()],
        objective_outputs: vec![0.0; exact::output_count(case)],
        objective_constant: 0.0,
        ..case.clone()
    }
}

/// Asks for an input.
fn input(case: &Case, index: usize) -> Case {
    let mut asked = blank(case);
    asked.objective_inputs[index] = 1.0;
    asked
}

/// Asks for an output.
fn output(case: &Case, index: usize) -> Case {
    let mut asked = blank(case);
    asked.objective_outputs[index] = 1.0;
    asked
}

/// Asks for a pre-activation, with the constraints on inputs.
fn neuron(case: &Case, layer: usize, index: usize) -> Case {
    let mut layers = case.layers[..=layer].to_vec();
    let last = &mut layers[layer];
    last.weights = vec![last.weights[index].clone()];
    last.bias = vec![last.bias[index]];
    last.activation = Activation::Linear;
    let constraints = case.constraints.iter().filter(|c| c.outputs.iter().all(|c| *c == 0.0));
    let constraints = constraints.cloned();
    Case {
        layers,
        constraints: constraints.map(|c| exact::Constraint { outputs: vec![0.0], ..c }).collect(),
        objective_outputs: vec![1.0],
        ..blank(case)
    }
}

/// Asks for a pre-activation `a`, with all constraints: `max(a, 0)` and `max(−a, 0)` are carried
/// through the layers to two more outputs. `None` where a layer on the way would change them.
fn carried(case: &Case, layer: usize, index: usize) -> Option<Case> {
    let mut asked = blank(case);
    let on_the_way = &asked.layers[layer..];
    let keeps =
        |layer: &exact::Layer| matches!(layer.activation, Activation::Relu | Activation::Linear);
    if !on_the_way.iter().all(keeps) || asked.layers[layer].activation != Activation::Relu {
        return None;
    }
    let first = &mut asked.layers[layer];
    for sign in [1.0, -1.0] {
        first.weights.push(first.weights[index].iter().map(|w| sign * w).collect());
        first.bias.push(sign * first.bias[index]);
    }
    for layer in &mut asked.layers[layer + 1..] {
        let incoming = layer.weights[0].len();
        layer.weights.iter_mut().for_each(|row| row.extend([0.0, 0.0]));
        for one in 0..2 {
            let mut row = vec![0.0; incoming + 2];
            row[incoming + one] = 1.0;
            layer.weights.push(row);
            layer.bias.push(0.0);
        }
    }
    asked.constraints.iter_mut().for_each(|c| c.outputs.extend([0.0, 0.0]));
    asked.objective_outputs.extend([1.0, -1.0]);
    Some(asked)
}

/// A neuron, and the question for it.
struct Asked<'a> {
    what: String,
    node: NodeId,
    index: usize,
    /// `None` where its bounds have to be close whatever they are.
    layer: Option<ActivationLayer<'a>>,
    case: Case,
}

impl Asked<'_> {
    /// The exact range. Rounding an exact end to `f64` cannot carry it beyond a bound that holds.
    fn range(&self) -> [f64; 2] {
        [false, true].map(|maximize| {
            let optimum = exact::solve(&Case { maximize, ..self.case.clone() });
            optimum.unwrap_or_else(|| panic!("{}: no point", self.what)).value
        })
    }

    /// Whether a method has to bound both sides: else one may have proven the phase, and spared
    /// the other.
    fn is_open(&self, bounds: &NeuronBounds) -> bool {
        self.layer.is_none_or(|layer| bounds.phase(layer, self.index) == Phase::Unstable)
    }
}

/// The inputs where constraints may narrow them, the neurons, and the outputs where they are
/// none.
fn neurons<'a>(case: &Case, graph: &'a ReluGraph) -> Vec<Asked<'a>> {
    let has_outputs = case.constraints.iter().any(|c| c.outputs.iter().any(|c| *c != 0.0));
    let mut all = Vec::new();
    if !case.constraints.is_empty() {
        all.extend((0..case.lower.len()).map(|index| {
            let (what, node) = (format!("input {index}"), graph.input());
            Asked { what, node, index, layer: None, case: input(case, index) }
        }));
    }
    let bent = case.layers.iter().enumerate();
    let bent = bent.filter(|(_, layer)| layer.activation != Activation::Linear);
    for ((number, layer), activation) in bent.zip(graph.activation_layers()) {
        all.extend((0..layer.bias.len()).filter_map(|index| {
            let (what, node) =
                (format!("layer {number}, neuron {index}"), activation.pre_activation);
            let case = match has_outputs {
                false => neuron(case, number, index),
                true => carried(case, number, index)?,
            };
            Some(Asked { what, node, index, layer: Some(activation), case })
        }));
    }
    if case.layers.last().is_some_and(|layer| layer.activation == Activation::Linear) {
        all.extend((0..exact::output_count(case)).map(|index| {
            let (what, node) = (format!("output {index}"), graph.output());
            Asked { what, node, index, layer: None, case: output(case, index) }
        }));
    }
    all
}

/// The bounds of a method where the case has a point; `None` where it is right that it has none,
/// or where every neuron is stable and none was asked.
fn found(tightening: Tightening, seed: u64, case: &Case, problem: &Problem) -> Option<Tightened> {
    let is_feasible = exact::solve(case).is_some();
    match bounds(tightening, problem) {
        Ok(found) => {
            for layer in &found.layers {
                assert_eq!(layer.failed + layer.skipped_time, 0, "seed {seed}: {layer:?}");
            }
            is_feasible.then_some(found)
        }
        Err(TightenError::Infeasible { .. }) => {
            assert!(!is_feasible, "seed {seed} has a feasible point");
            None
        }
        Err(error) => panic!("seed {seed}: {error}"),
    }
}

/// How many ranges of a method are close to the exact ones.
fn compare(tightening: Tightening, wanted: impl Fn(&Case) -> bool) -> usize {
    let mut compared = 0;
    for seed in 0..CASES {
        let case = exact::random_case(seed);
        let Some(question) = build::question(&case).filter(|_| wanted(&case)) else { continue };
        let problem = build::problem(&case, question);
        let Some(found) = found(tightening, seed, &case, &problem) else { continue };
        for asked in neurons(&case, problem.graph()) {
            let [least, largest] = asked.range();
            let range = found.bounds.of(asked.node).interval(asked.index);
            let (lower, upper) = (range.lower(), range.upper());
            let what = format!("seed {seed}, {}: {range:?} of {least} to {largest}", asked.what);
            assert!(lower <= least && largest <= upper, "{what}");
            let close = |a: f64, b: f64| (a - b).abs() <= TOLERANCE * (1.0 + b.abs());
            if asked.is_open(&found.bounds) {
                assert!(close(lower, least) && close(upper, largest), "{what}");
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn searches_find_the_exact_ranges_of_neurons() {
    let compared = [
        compare(Tightening::Search, |case| case.constraints.is_empty()),
        compare(Tightening::Search, |case| !case.constraints.is_empty()),
    ];
    assert!(compared.iter().all(|&neurons| neurons > 200), "{compared:?}");
}

#[test]
fn programs_find_the_exact_ranges_of_neurons_where_inputs_are_whole_numbers() {
    let compared = compare(Tightening::MixedIntegerPrograms, |case| !case.integer.is_empty());
    assert!(compared > 100, "{compared}");
}
