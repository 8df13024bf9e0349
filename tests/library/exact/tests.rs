//! The oracle against hand-made cases, vertices, patterns and samples.

use dashu_ratio::RBig;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::linear_program::maximize;
use super::optimum::{Goal, best_over, constraint_rows};
use super::random_case::{Draw, MOST_BENDS, left_side, random_case};
use super::rational::{Affine, Interval, is_positive};
use super::regions::{ExactLayer, Piece, Region, Shape, input_forms, integer_slices, regions};
use super::{
    Activation, Case, Constraint, Layer, Optimum, Relation, check_sizes, dot, evaluate,
    output_count, solve,
};

const TOLERANCE: f64 = 1e-9;

fn layer(weights: &[&[f64]], bias: &[f64], activation: Activation) -> Layer {
    Layer {
        weights: weights.iter().map(|row| row.to_vec()).collect(),
        bias: bias.to_vec(),
        activation,
    }
}

/// Minimises the first output over a box.
fn minimum(layers: Vec<Layer>, lower: &[f64], upper: &[f64]) -> Case {
    let mut case = Case {
        layers,
        lower: lower.to_vec(),
        upper: upper.to_vec(),
        integer: Vec::new(),
        constraints: Vec::new(),
        maximize: false,
        objective_inputs: vec![0.0; lower.len()],
        objective_outputs: Vec::new(),
        objective_constant: 0.0,
    };
    case.objective_outputs = vec![0.0; output_count(&case)];
    case.objective_outputs[0] = 1.0;
    case
}

fn maximum(layers: Vec<Layer>, lower: &[f64], upper: &[f64]) -> Case {
    Case { maximize: true, ..minimum(layers, lower, upper) }
}

fn constrained(mut case: Case, inputs: &[f64], relation: Relation, right: f64) -> Case {
    case.constraints.push(Constraint {
        inputs: inputs.to_vec(),
        outputs: vec![0.0; output_count(&case)],
        relation,
        right,
    });
    case
}

/// `|x| = relu(x) + relu(-x)`
fn absolute_value() -> Vec<Layer> {
    vec![
        layer(&[&[1.0], &[-1.0]], &[0.0, 0.0], Activation::Relu),
        layer(&[&[1.0, 1.0]], &[0.0], Activation::Linear),
    ]
}

/// `x + y`
fn sum_of_two() -> Vec<Layer> {
    vec![layer(&[&[1.0, 1.0]], &[0.0], Activation::Linear)]
}

fn assert_optimum(case: &Case, value: f64, point: &[f64]) {
    let optimum = solve(case).expect("the case is feasible");
    assert_eq!(optimum.value, value);
    assert_eq!(optimum.point, point);
}

#[test]
fn absolute_value_is_least_at_zero_and_largest_at_the_far_end() {
    assert_optimum(&minimum(absolute_value(), &[-1.0], &[2.0]), 0.0, &[0.0]);
    assert_optimum(&maximum(absolute_value(), &[-1.0], &[2.0]), 2.0, &[2.0]);
}

#[test]
fn absolute_value_has_two_regions() {
    let optimum = solve(&minimum(absolute_value(), &[-1.0], &[2.0])).unwrap();
    assert_eq!(optimum.cells, 2);
}

#[test]
fn clip_stops_at_zero_and_at_its_ceiling() {
    let clip = || {
        let clipped = layer(&[&[1.0]], &[0.0], Activation::Clip(2.0));
        vec![clipped, layer(&[&[3.0]], &[1.0], Activation::Linear)]
    };
    assert_eq!(solve(&minimum(clip(), &[-1.0], &[5.0])).unwrap().value, 1.0);
    assert_eq!(solve(&maximum(clip(), &[-1.0], &[5.0])).unwrap().value, 7.0);
    assert_optimum(&maximum(clip(), &[-1.0], &[1.5]), 5.5, &[1.5]);
}

#[test]
fn tent_of_clip_is_largest_at_its_kink() {
    // 2 clip(x, 1) - x rises to 1 at x = 1 and falls from there.
    let layers = vec![
        layer(&[&[1.0]], &[0.0], Activation::Clip(1.0)),
        layer(&[&[2.0]], &[0.0], Activation::Linear),
    ];
    let mut case = maximum(layers, &[-3.0], &[3.0]);
    case.objective_inputs[0] = -1.0;
    assert_optimum(&case, 3.0, &[-3.0]);
    case.lower[0] = 0.0;
    assert_optimum(&case, 1.0, &[1.0]);
}

#[test]
fn leaky_keeps_its_slope_below_zero() {
    let leaky = || vec![layer(&[&[2.0]], &[1.0], Activation::Leaky(0.25))];
    assert_optimum(&minimum(leaky(), &[-2.0], &[1.0]), -0.75, &[-2.0]);
    assert_optimum(&maximum(leaky(), &[-2.0], &[1.0]), 3.0, &[1.0]);
}

#[test]
fn contradicting_constraints_are_infeasible() {
    let case = minimum(absolute_value(), &[-1.0], &[2.0]);
    let beyond = constrained(case.clone(), &[1.0], Relation::AtLeast, 2.5);
    assert_eq!(solve(&beyond), None);
    let mut negative_output = constrained(case, &[0.0], Relation::AtMost, -0.5);
    negative_output.constraints[0].outputs[0] = 1.0;
    assert_eq!(solve(&negative_output), None);
}

#[test]
fn crossed_bounds_are_infeasible() {
    assert_eq!(solve(&minimum(absolute_value(), &[1.0], &[0.5])), None);
}

#[test]
fn integer_inputs_take_integers_only() {
    let mut case = maximum(sum_of_two(), &[0.25, 0.25], &[2.75, 2.75]);
    case.integer = vec![0];
    assert_optimum(&case, 4.75, &[2.0, 2.75]);
    case.maximize = false;
    assert_optimum(&case, 1.25, &[1.0, 0.25]);
    case.integer = vec![0, 1];
    assert_optimum(&case, 2.0, &[1.0, 1.0]);
    case.upper = vec![2.75, 0.75];
    assert_eq!(solve(&case), None);
}

#[test]
fn equations_hold_exactly() {
    let case = maximum(sum_of_two(), &[0.0, 0.0], &[2.0, 2.0]);
    let case = constrained(case, &[1.0, 2.0], Relation::Equal, 3.0);
    assert_optimum(&case, 2.5, &[2.0, 0.5]);
    let case = constrained(case, &[1.0, -1.0], Relation::Equal, 0.0);
    assert_optimum(&case, 2.0, &[1.0, 1.0]);
    let case = constrained(case, &[1.0, 0.0], Relation::Equal, 0.5);
    assert_eq!(solve(&case), None);
}

#[test]
fn a_box_that_is_a_point_has_one_region() {
    let mut case = minimum(absolute_value(), &[-0.5], &[-0.5]);
    case.objective_constant = 2.0;
    assert_optimum(&case, 2.5, &[-0.5]);
    assert_eq!(solve(&case).unwrap().cells, 1);
}

// The linear program

/// The largest value of the objective where no row is positive, by way of
/// every vertex of the hyperplanes of the rows: each is an intersection of as
/// many of them as there are variables. The rows must bound the set.
fn best_vertex(objective: &Affine, rows: &[Affine]) -> Option<RBig> {
    if objective.slope.is_empty() {
        let feasible = !rows.iter().any(|row| is_positive(&row.offset));
        return feasible.then(|| objective.offset.clone());
    }
    let best_on = |wall: &Affine| {
        let pivot = wall.slope.iter().position(|entry| !entry.is_zero())?;
        let replacement = wall.solved_for(pivot);
        let substitute = |form: &Affine| form.substitute(pivot, &replacement);
        let rows: Vec<Affine> = rows.iter().map(substitute).collect();
        best_vertex(&substitute(objective), &rows)
    };
    rows.iter().filter_map(best_on).max()
}

fn rows_of_bounds(bounds: &[Interval]) -> impl Iterator<Item = Affine> {
    bounds.iter().enumerate().flat_map(|(index, interval)| {
        let coordinate = Affine::variable(bounds.len(), index);
        [coordinate.above(&interval.upper), coordinate.below(&interval.lower)]
    })
}

fn random_form(random: &mut ChaCha8Rng, dimension: usize) -> Affine {
    let mut small = |most: i32| RBig::from(random.random_range(-most..=most));
    Affine { slope: (0..dimension).map(|_| small(2)).collect(), offset: small(3) }
}

/// A few rows with repetitions, opposite pairs and constants among them.
fn random_rows(random: &mut ChaCha8Rng, dimension: usize) -> Vec<Affine> {
    let mut rows: Vec<Affine> = Vec::new();
    for _ in 0..random.random_range(1..=6) {
        let row = random_form(random, dimension);
        match (random.random_range(0..8), rows.last().cloned()) {
            (0, Some(last)) => rows.push(last.scaled(&RBig::from(2), &RBig::ZERO)),
            (1, Some(last)) => rows.push(last.below(&RBig::ZERO)),
            (2, _) => rows.push(Affine::constant(dimension, -RBig::ONE)),
            (3, _) => rows.push(Affine::constant(dimension, RBig::ZERO)),
            _ => rows.push(row),
        }
    }
    rows
}

fn random_interval(random: &mut ChaCha8Rng) -> Interval {
    let lower = random.random_range(-3..=1);
    Interval { lower: RBig::from(lower), upper: RBig::from(lower + random.random_range(0..=3)) }
}

#[test]
fn linear_programs_agree_with_their_vertices() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut feasible = 0;
    for _ in 0..200 {
        let dimension = random.random_range(2..=3);
        let bounds: Vec<Interval> = (0..dimension).map(|_| random_interval(&mut random)).collect();
        let mut rows = random_rows(&mut random, dimension);
        let objective = random_form(&mut random, dimension);
        let point = maximize(&objective, &rows, &bounds);
        rows.extend(rows_of_bounds(&bounds));
        let value = point.map(|point| {
            assert!(rows.iter().all(|row| !is_positive(&row.at(&point))));
            objective.at(&point)
        });
        feasible += usize::from(value.is_some());
        assert_eq!(value, best_vertex(&objective, &rows));
    }
    assert!((50..150).contains(&feasible), "{feasible} feasible");
}

// Random cases

/// The value of the optimum without any of the walk's tests: every choice of
/// a piece for every neuron is a region, most of them empty, and the optimum
/// of a region is sought among all its vertices.
fn value_by_every_pattern(case: &Case) -> Option<RBig> {
    let layers: Vec<ExactLayer> = case.layers.iter().map(ExactLayer::of).collect();
    let mut patterns = Vec::new();
    for intervals in integer_slices(case) {
        let inputs = input_forms(&intervals);
        let free = intervals.into_iter().filter(|i| !i.is_single());
        let start =
            Region { bounds: free.collect(), rows: Vec::new(), outputs: inputs.clone(), inputs };
        patterns.extend(layers.iter().fold(vec![start], patterns_of_layer));
    }
    let values = patterns.iter().filter_map(|region| best_vertex_of(case, region));
    if case.maximize { values.max() } else { values.min() }
}

/// Every region with every choice of pieces for the neurons of one more layer.
fn patterns_of_layer(regions: Vec<Region>, layer: &ExactLayer) -> Vec<Region> {
    let with_next_neuron = |(region, outputs): (Region, Vec<Affine>)| {
        let neuron = outputs.len();
        let dimension = region.bounds.len();
        let (weights, bias) = (&layer.weights[neuron], &layer.bias[neuron]);
        let argument = Affine::combination(dimension, weights, &region.outputs, bias);
        let with_piece = |(index, piece): (usize, &Piece)| {
            let mut rows = region.rows.clone();
            let start = index.checked_sub(1).map(|last| &layer.shape.bends[last]);
            rows.extend(start.map(|bend| argument.below(bend)));
            let end = layer.shape.bends.get(index);
            rows.extend(end.map(|bend| argument.above(bend)));
            let mut outputs = outputs.clone();
            outputs.push(argument.scaled(&piece.slope, &piece.offset));
            (copy_with_rows(&region, rows), outputs)
        };
        let pieces = layer.shape.pieces.iter().enumerate();
        pieces.map(with_piece).collect::<Vec<_>>()
    };
    let mut partial: Vec<_> = regions.into_iter().map(|r| (r, Vec::new())).collect();
    for _ in &layer.bias {
        partial = partial.into_iter().flat_map(with_next_neuron).collect();
    }
    let finished = |(region, outputs)| Region { outputs, ..region };
    partial.into_iter().map(finished).collect()
}

fn copy_with_rows(region: &Region, rows: Vec<Affine>) -> Region {
    Region {
        bounds: region.bounds.clone(),
        rows,
        inputs: region.inputs.clone(),
        outputs: region.outputs.clone(),
    }
}

fn best_vertex_of(case: &Case, region: &Region) -> Option<RBig> {
    let mut rows = region.rows.clone();
    rows.extend(rows_of_bounds(&region.bounds));
    let constraints = case.constraints.iter();
    rows.extend(constraints.flat_map(|constraint| constraint_rows(constraint, region)));
    let objective = Goal::of(case).objective.on(region);
    if case.maximize {
        return best_vertex(&objective, &rows);
    }
    best_vertex(&objective.below(&RBig::ZERO), &rows).map(|value| -value)
}

/// The number of pieces the activations of the case have, multiplied up.
fn pattern_count(case: &Case) -> usize {
    let layer_patterns = |layer: &Layer| {
        let pieces = Shape::of(layer.activation).pieces.len();
        pieces.pow(layer.bias.len() as u32)
    };
    case.layers.iter().map(layer_patterns).product()
}

#[test]
fn small_random_cases_agree_with_every_pattern() {
    let is_small = |case: &Case| case.lower.len() <= 2 && pattern_count(case) <= 40;
    let small = (0..).map(random_case).filter(is_small);
    for case in small.take(40) {
        let goal = Goal::of(&case);
        let best = best_over(&regions(&case), &goal, &case.constraints);
        let value = best.map(|candidate| candidate.value);
        assert_eq!(value, value_by_every_pattern(&case), "{case:?}");
    }
}

fn objective_at(case: &Case, x: &[f64]) -> f64 {
    case.objective_constant
        + dot(&case.objective_inputs, x)
        + dot(&case.objective_outputs, &evaluate(case, x))
}

/// By how much the point violates the constraint, relative to its right side.
fn violation(constraint: &Constraint, case: &Case, x: &[f64]) -> f64 {
    let excess = left_side(constraint, case, x) - constraint.right;
    let wrong = match constraint.relation {
        Relation::AtMost => excess,
        Relation::AtLeast => -excess,
        Relation::Equal => excess.abs(),
    };
    wrong / (1.0 + constraint.right.abs())
}

fn is_feasible(case: &Case, x: &[f64]) -> bool {
    let within = |index: usize| case.lower[index] <= x[index] && x[index] <= case.upper[index];
    let holds = |constraint| violation(constraint, case, x) <= TOLERANCE;
    (0..x.len()).all(within)
        && case.integer.iter().all(|&index| x[index].fract() == 0.0)
        && case.constraints.iter().all(holds)
}

fn assert_attains(case: &Case, optimum: &Optimum, seed: u64) {
    let attained = objective_at(case, &optimum.point);
    let error = (attained - optimum.value).abs();
    assert!(is_feasible(case, &optimum.point), "seed {seed}");
    assert!(error <= TOLERANCE * (1.0 + attained.abs()), "seed {seed}: {error}");
}

fn assert_not_beaten(case: &Case, optimum: Option<&Optimum>, x: &[f64], seed: u64) {
    let optimum = optimum.unwrap_or_else(|| panic!("seed {seed} is feasible at {x:?}"));
    let sign = if case.maximize { 1.0 } else { -1.0 };
    let lead = sign * (objective_at(case, x) - optimum.value);
    let allowed = TOLERANCE * (1.0 + optimum.value.abs());
    assert!(lead <= allowed, "seed {seed}: better by {lead} at {x:?}");
}

#[test]
fn no_sample_beats_the_optimum_of_a_random_case() {
    for seed in 0..100 {
        let case = random_case(seed);
        let optimum = solve(&case);
        if let Some(optimum) = &optimum {
            assert_attains(&case, optimum, seed);
        }
        let random = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = Draw { random };
        for _ in 0..500 {
            let sample = draw.point(&case);
            if is_feasible(&case, &sample) {
                assert_not_beaten(&case, optimum.as_ref(), &sample, seed);
            }
        }
    }
}

#[test]
fn random_cases_are_reproducible_and_of_the_promised_size() {
    for seed in 0..50 {
        let case = random_case(seed);
        assert_eq!(case, random_case(seed));
        check_sizes(&case);
        let bends = |layer: &Layer| layer.bias.len() * Shape::of(layer.activation).bends.len();
        let total: usize = case.layers.iter().map(bends).sum();
        assert!((1..=MOST_BENDS).contains(&total), "seed {seed}: {total}");
    }
}
