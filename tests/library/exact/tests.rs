//! The oracle against hand-made cases, vertices, patterns and samples.

use dashu_ratio::RBig;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::linear_program::maximize;
use super::optimum::{Goal, best_over, constraint_rows};
use super::random_case::{Draw, MOST_BENDS, left_side, random_case};
use super::rational::{Affine, Interval, is_positive};
use super::regions::{ExactLayer, Piece, Region, Shape, input_forms, integer_slices, regions};
use super::wide::wide_case;
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
        skips: Vec::new(),
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
fn the_largest_of_several_is_their_maximum() {
    // max(x, -x, x - 1) is |x|.
    let pooled = || vec![layer(&[&[1.0], &[-1.0], &[1.0]], &[0.0, 0.0, -1.0], Activation::Max(3))];
    assert_optimum(&minimum(pooled(), &[-1.0], &[2.0]), 0.0, &[0.0]);
    assert_optimum(&maximum(pooled(), &[-3.0], &[2.0]), 3.0, &[-3.0]);
    assert_eq!(solve(&minimum(pooled(), &[-1.0], &[2.0])).unwrap().cells, 2);
    // Of equal ones either is the largest.
    let equal = vec![layer(&[&[1.0], &[1.0]], &[0.0, 0.0], Activation::Max(2))];
    assert_eq!(solve(&minimum(equal, &[-1.0], &[2.0])).unwrap().cells, 1);
}

#[test]
fn skip_connections_read_earlier_layers() {
    // relu(x) - x is relu(-x).
    let last = layer(&[&[1.0, -1.0]], &[0.0], Activation::Linear);
    let layers = vec![layer(&[&[1.0]], &[0.0], Activation::Relu), Layer { skips: vec![0], ..last }];
    assert_optimum(&maximum(layers.clone(), &[-1.5], &[2.0]), 1.5, &[-1.5]);
    assert_eq!(evaluate(&maximum(layers, &[-1.5], &[2.0]), &[-0.25]), [0.25]);
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

/// Rows, and the values of the inputs and of every layer so far.
type Pattern = (Vec<Affine>, Vec<Vec<Affine>>);

/// The value of the optimum without any of the walk's tests: every choice of
/// a piece for every neuron is a region, most of them empty, and the optimum
/// of a region is sought among all its vertices.
fn value_by_every_pattern(case: &Case) -> Option<RBig> {
    let layers: Vec<ExactLayer> = case.layers.iter().map(ExactLayer::of).collect();
    let mut regions = Vec::new();
    for intervals in integer_slices(case) {
        let inputs = input_forms(&intervals);
        let free = intervals.into_iter().filter(|i| !i.is_single());
        let bounds: Vec<Interval> = free.collect();
        let start = (Vec::new(), vec![inputs.clone()]);
        let patterns = layers.iter().fold(vec![start], patterns_of_layer);
        regions.extend(patterns.into_iter().map(|(rows, mut values)| Region {
            bounds: bounds.clone(),
            rows,
            inputs: inputs.clone(),
            outputs: values.pop().expect("the inputs at least"),
        }));
    }
    let values = regions.iter().filter_map(|region| best_vertex_of(case, region));
    if case.maximize { values.max() } else { values.min() }
}

/// Every pattern with every choice of pieces for the neurons of one more layer.
fn patterns_of_layer(patterns: Vec<Pattern>, layer: &ExactLayer) -> Vec<Pattern> {
    let with_next_neuron = |((rows, values), outputs): (Pattern, Vec<Affine>)| {
        let group = layer.layer.group();
        let incoming = layer.layer.incoming(&values);
        let dimension = incoming[0].slope.len();
        let first = outputs.len() * group;
        let argument = |row: usize| {
            Affine::combination(dimension, &layer.weights[row], &incoming, &layer.bias[row])
        };
        let arguments: Vec<Affine> = (first..first + group).map(argument).collect();
        let with_choice = |(more, value): (Vec<Affine>, Affine)| {
            let rows = rows.iter().cloned().chain(more).collect();
            let outputs = outputs.iter().cloned().chain([value]).collect();
            ((rows, values.clone()), outputs)
        };
        choices(&arguments, &layer.shape).into_iter().map(with_choice).collect::<Vec<_>>()
    };
    let mut partial: Vec<_> = patterns.into_iter().map(|p| (p, Vec::new())).collect();
    for _ in 0..layer.layer.size() {
        partial = partial.into_iter().flat_map(with_next_neuron).collect();
    }
    let finished = |((rows, mut values), outputs): (Pattern, Vec<Affine>)| {
        values.push(outputs);
        (rows, values)
    };
    partial.into_iter().map(finished).collect()
}

/// Every piece of the activation, or every argument as the largest, with the rows that make it
/// so and the value.
fn choices(arguments: &[Affine], shape: &Shape) -> Vec<(Vec<Affine>, Affine)> {
    let [argument] = arguments else {
        let largest = |index: usize| {
            let lead = |other: &Affine| {
                let mut lead = other.clone();
                lead.add_multiple(&-RBig::ONE, &arguments[index]);
                lead
            };
            (arguments.iter().map(lead).collect(), arguments[index].clone())
        };
        return (0..arguments.len()).map(largest).collect();
    };
    let with_piece = |(index, piece): (usize, &Piece)| {
        let start = index.checked_sub(1).map(|last| argument.below(&shape.bends[last]));
        let end = shape.bends.get(index).map(|bend| argument.above(bend));
        (start.into_iter().chain(end).collect(), argument.scaled(&piece.slope, &piece.offset))
    };
    shape.pieces.iter().enumerate().map(with_piece).collect()
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
        let pieces = match layer.activation {
            Activation::Max(size) => size,
            pointwise => Shape::of(pointwise).pieces.len(),
        };
        pieces.pow(layer.size() as u32)
    };
    case.layers.iter().map(layer_patterns).product()
}

#[test]
fn small_random_cases_agree_with_every_pattern() {
    let is_small = |case: &Case| case.lower.len() <= 2 && pattern_count(case) <= 40;
    let small = (0..).map(random_case).filter(is_small).take(40);
    let has_more = |case: &Case| case.layers.iter().any(|layer| layer.group() > 1);
    let wide = (0..).map(wide_case).filter(|case| is_small(case) && has_more(case)).take(40);
    for case in small.chain(wide) {
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
        let mut draw = Draw::new(seed, 0);
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
        for draw in [random_case, wide_case] {
            let case = draw(seed);
            assert_eq!(case, draw(seed));
            check_sizes(&case);
            let bends = |layer: &Layer| match layer.activation {
                Activation::Max(size) => layer.size() * (size - 1),
                pointwise => layer.bias.len() * Shape::of(pointwise).bends.len(),
            };
            let total: usize = case.layers.iter().map(bends).sum();
            assert!((1..=MOST_BENDS).contains(&total), "seed {seed}: {total}");
        }
    }
}
