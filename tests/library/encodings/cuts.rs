//! Rows separated at the root.

use taut::bounds::{Crown, Propagator};
use taut::control::Silent;
use taut::encode::{BigM, BigMCuts, CutOptions, MultipleChoice, ReluEncoding, encode};
use taut::milp::Model;
use taut::solve::{Backend, Highs, SolveOptions};

use crate::encodings::neuron::{self, Encoded, Neuron};
use crate::encodings::strength::{
    NETWORKS, NEURONS, TOLERANCE, minimum, objectives, problem, with_objective,
};

/// Rounds after which a neuron of six inputs must have all rows it needs.
const ROUNDS: usize = 60;

#[test]
fn cuts_of_one_neuron_lead_to_the_hull() {
    let (mut gained, mut rows) = (0, 0);
    for seed in 0..NEURONS {
        let neuron = neuron::random(seed);
        for costs in objectives(&neuron, seed) {
            let weak = minimum(&with_objective(&neuron.encode(&BigM), &costs).relaxed());
            let weak = weak.expect("a point");
            let hull = minimum(&with_objective(&neuron.encode(&MultipleChoice), &costs).relaxed());
            let hull = hull.expect("a point");
            let encoded = neuron.encode(&BigMCuts);
            let mut model = with_objective(&encoded, &costs).relaxed();
            rows += separate(&neuron, &encoded, &mut model);
            let strong = minimum(&model).expect("a point");
            let slack = TOLERANCE * (1.0 + hull.abs());
            assert!(strong >= weak - slack && strong <= hull + slack, "{weak} {strong} {hull}");
            // The rows of Anderson et al. describe the hull of a plain ReLU.
            if neuron.ceiling.is_none() {
                assert!((strong - hull).abs() <= slack, "neuron {seed}: {strong}, hull {hull}");
            }
            gained += usize::from(strong > weak + 1e-3);
        }
    }
    assert!(gained > 30 && rows > 100, "{gained} gains, {rows} rows");
}

/// Adds violated rows until there are none; how many.
fn separate(neuron: &Neuron, encoded: &Encoded, model: &mut Model) -> usize {
    let options = SolveOptions { feasibility_tolerance: 1e-9, ..SolveOptions::default() };
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let solution = Highs.solve(model, &options, &mut Silent).expect("a solution");
        let point = solution.point.expect("a point");
        let cuts = neuron.with(&encoded.inputs, |n| BigMCuts.cuts(n, &encoded.neuron, &point));
        let violated: Vec<_> = cuts.into_iter().filter(|c| c.violation(&point) > 1e-8).collect();
        if violated.is_empty() {
            return rows;
        }
        for cut in violated {
            model.range(format!("cut{rows}"), cut.expression, f64::NEG_INFINITY, cut.limit);
            rows += 1;
        }
    }
    panic!("still violated after {ROUNDS} rounds");
}

#[test]
fn cuts_strengthen_a_network_and_keep_its_points() {
    let mut gained = 0;
    for seed in 0..NETWORKS {
        let problem = problem(seed);
        let domain = problem.integral_domain().expect("no integers");
        let bounds = Crown.propagate(problem.graph(), domain).expect("bounds");
        let root = |encoding: &dyn ReluEncoding| {
            let mut encoded = encode(&problem, &bounds, encoding).expect("an encoding");
            encoded.separate(encoding, &CutOptions::default()).expect("rounds");
            minimum(&encoded.model.relaxed()).expect("a point")
        };
        let [weak, strong, hull] =
            [&BigM as &dyn ReluEncoding, &BigMCuts, &MultipleChoice].map(root);
        let slack = TOLERANCE * (1.0 + hull.abs());
        assert!(strong >= weak - slack && strong <= hull + slack, "{weak} {strong} {hull}");
        gained += usize::from(strong > weak + 1e-3 * (1.0 + weak.abs()));
    }
    assert!(gained > 5, "only {gained}");
}
