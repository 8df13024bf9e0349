//! In rational arithmetic: rows and bounds hold of every true point, without any
//! tolerance.

use dashu_ratio::RBig;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::encode::{ENCODINGS, Partition, ReluEncoding, Triangle};
use taut::milp::{LinearExpression, VarId};
use taut::num::Interval;

use crate::encodings::neuron::{self, Encoded, Neuron};

const NEURONS: u64 = 300;

#[test]
fn rows_hold_of_every_true_point() {
    let others: [&dyn ReluEncoding; 2] = [&Partition::new(1), &Triangle];
    let mut checked = 0;
    let neurons = neurons_of_inexact_differences().into_iter().chain((0..NEURONS).map(random));
    for (number, neuron) in neurons.enumerate() {
        let points = points(&neuron, number as u64);
        let encodings = ENCODINGS.iter().copied().chain(others);
        for encoding in encodings {
            let encoded = neuron.encode(encoding);
            for point in &points {
                let values = true_values(&neuron, &encoded, point);
                let what = || format!("{}, neuron {number} at {point:?}", encoding.name());
                for (column, value) in encoded.model.columns().iter().zip(&values) {
                    assert!(holds(value, column.bounds), "{}: {}", what(), column.name);
                }
                for row in encoded.model.rows() {
                    let value = evaluate(&row.terms, &values);
                    assert!(holds(&value, row.bounds), "{}: {}", what(), row.name);
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 1_000_000, "only {checked} rows");
}

/// A random neuron with the narrowest bounds of its pre-activation that are numbers.
fn random(seed: u64) -> Neuron {
    let neuron = neuron::random(seed);
    let values = corners(&neuron).into_iter().map(|corner| pre_activation(&neuron, &corner));
    let values: Vec<RBig> = values.collect();
    let least = values.iter().min().expect("a corner").clone();
    let largest = values.into_iter().max().expect("a corner");
    Neuron { pre_activation: enclosure(least, largest), ..neuron }
}

fn enclosure(least: RBig, largest: RBig) -> Interval {
    let (lower, upper) = (least.to_f64().value(), largest.to_f64().value());
    let lower = if rational(lower) > least { lower.next_down() } else { lower };
    let upper = if rational(upper) < largest { upper.next_up() } else { upper };
    Interval::new(lower, upper).expect("a range")
}

/// Neurons that attain `L` and `U`, and whose `b − L`, `b − U`, `U − c` and `c − L`
/// are no numbers: a difference that is rounded the wrong way cuts off a corner.
fn neurons_of_inexact_differences() -> Vec<Neuron> {
    let (large, small, tiny) = (2f64.powi(30), 2f64.powi(-30), 2f64.powi(-40));
    let interval = |l, u| Interval::new(l, u).expect("l ≤ u");
    let neuron = |x0, ceiling| {
        let bounds: Vec<Interval> = vec![x0, interval(tiny, 1.0 + small)];
        let range = (x0.lower() - large + tiny, x0.upper() - large + 1.0 + small);
        let (lower, upper) = (rational(range.0), rational(range.1));
        let neuron = Neuron {
            weights: vec![1.0, 1.0],
            bias: -large,
            pre_activation: interval(range.0, range.1),
            bounds,
            ceiling,
        };
        let values: Vec<RBig> =
            corners(&neuron).iter().map(|corner| pre_activation(&neuron, corner)).collect();
        assert!(values.contains(&lower) && values.contains(&upper), "attained");
        neuron
    };
    let (below, above) = (interval(large - 1.0, large), interval(large, large + 1.0));
    // Ceilings with all 53 bits in use, above and below 1/2.
    let ceilings = [0.1, 0.3, 0.7, 0.9, 1.0 / 3.0, 2.0 / 3.0];
    let capped = ceilings.into_iter().flat_map(|c| [(below, Some(c)), (above, Some(c))]);
    capped.chain([(below, None)]).map(|(x0, ceiling)| neuron(x0, ceiling)).collect()
}

/// The values of all columns at a point of the box.
fn true_values(neuron: &Neuron, encoded: &Encoded, point: &[RBig]) -> Vec<RBig> {
    let a = pre_activation(neuron, point);
    let zero = RBig::ZERO;
    let mut output = a.clone().max(zero.clone());
    if let Some(ceiling) = neuron.ceiling {
        output = output.min(rational(ceiling));
    }
    let mut values = vec![zero; encoded.model.columns().len()];
    for (column, x) in encoded.inputs.iter().zip(point) {
        values[column.index()] = x.clone();
    }
    values[encoded.neuron.output.index()] = output;
    for indicator in &encoded.neuron.indicators {
        let reached = a >= rational(indicator.threshold);
        values[indicator.column.index()] = RBig::from(u8::from(reached));
    }
    for auxiliary in &encoded.neuron.auxiliaries {
        let starts = auxiliary.when.start.is_infinite() || a >= rational(auxiliary.when.start);
        let ends = auxiliary.when.end.is_finite() && a >= rational(auxiliary.when.end);
        if starts && !ends {
            let LinearExpression { terms, constant } = &auxiliary.value;
            let value = evaluate(terms, &values) + rational(*constant);
            values[auxiliary.column.index()] = value;
        }
    }
    values
}

fn pre_activation(neuron: &Neuron, point: &[RBig]) -> RBig {
    let terms = neuron.weights.iter().zip(point);
    terms.fold(rational(neuron.bias), |sum, (&w, x)| sum + rational(w) * x)
}

fn evaluate(terms: &[(VarId, f64)], values: &[RBig]) -> RBig {
    let value = |&(column, c): &(VarId, f64)| rational(c) * &values[column.index()];
    terms.iter().fold(RBig::ZERO, |sum, term| sum + value(term))
}

fn holds(value: &RBig, bounds: Interval) -> bool {
    let (lower, upper) = (bounds.lower(), bounds.upper());
    (lower.is_infinite() || rational(lower) <= *value)
        && (upper.is_infinite() || *value <= rational(upper))
}

/// Corners of the box, points inside, and points where the pre-activation is exactly
/// at a kink.
fn points(neuron: &Neuron, seed: u64) -> Vec<Vec<RBig>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let corners = corners(neuron);
    let mut points = corners.clone();
    for _ in 0..10 {
        let inside = |b: &Interval| {
            let x = b.lower() + random.random::<f64>() * (b.upper() - b.lower());
            rational(x.clamp(b.lower(), b.upper()))
        };
        points.push(neuron.bounds.iter().map(inside).collect());
    }
    for pair in corners.windows(2) {
        let [from, to] = [&pair[0], &pair[1]];
        let ends = [from, to].map(|corner| pre_activation(neuron, corner));
        for kink in [Some(0.0), neuron.ceiling].into_iter().flatten().map(rational) {
            if (ends[0] < kink) != (ends[1] < kink) && ends[0] != ends[1] {
                let t = (&kink - &ends[0]) / (&ends[1] - &ends[0]);
                points.push(from.iter().zip(to).map(|(x, y)| x + &t * (y - x)).collect());
            }
        }
    }
    points
}

fn corners(neuron: &Neuron) -> Vec<Vec<RBig>> {
    let corner = |bits: usize| {
        let bounds = neuron.bounds.iter().enumerate();
        let ends = bounds.map(|(i, b)| if bits >> i & 1 == 0 { b.lower() } else { b.upper() });
        ends.map(rational).collect()
    };
    (0..1 << neuron.bounds.len()).map(corner).collect()
}

fn rational(value: f64) -> RBig {
    RBig::try_from(value).expect("a finite number")
}
