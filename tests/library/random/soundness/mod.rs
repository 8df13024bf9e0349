//! Bounds of every method contain the values of every neuron at many points of the
//! box, and no method's bounds are wider than those of the one it starts from, all without
//! any tolerance.
//!
//! A value is first enclosed by an interval ([`filter`]). Only where that leaves
//! open on which side of a bound it lies, rational arithmetic decides.

mod filter;
mod network;

use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ndarray::ArrayView2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use taut::bounds::{NeuronBounds, PROPAGATORS};
use taut::network::{NodeId, Phase, ReluGraph};
use taut::solve::SolveError;
use taut::tighten::{TightenError, TightenOptions, Tightening};

use crate::random::properties::start_of;
use crate::random::values::{exact_values, rational};
use filter::Filter;
use network::{Case, random_case, uniform, with_own_ceilings};

/// Points of one run of the filter.
const BATCH: usize = 500;

/// How close to bounds of programs those of a search are, as a share of the range before.
const CLOSE: f64 = 1e-5;

/// The same in roundings of a forward pass.
const ROUNDINGS: f64 = 1e3;

/// What is narrower than this share of the width before counts as a gain.
const GAIN: f64 = 0.99;

#[test]
fn bounds_of_all_methods_are_sound() {
    let tally = check_all(150, 200, 1);
    println!("{}", tally.summary());
    tally.assert_sound();
    assert!(tally.points > 30_000 && tally.values > 5_000_000, "{tally:?}");
    assert!(tally.exact > 1_000 && tally.unstable > 500, "{tally:?}");
    assert!(tally.compared > 400, "{tally:?}");
    assert!(tally.gained.iter().all(|&networks| networks > 20), "{tally:?}");
}

#[test]
#[ignore = "a minute on two cores: cargo test --release --test library -- --ignored soundness_in_full"]
fn soundness_in_full() {
    let started = Instant::now();
    let tally = check_all(1_000, 10_000, 2);
    println!("{} in {:.1} minutes", tally.summary(), started.elapsed().as_secs_f64() / 60.0);
    tally.assert_sound();
}

/// What was done, and what was found.
#[derive(Debug, Default)]
struct Tally {
    networks: usize,
    /// Networks whose numbers are too large for a method, as it says itself.
    refused: usize,
    points: usize,
    /// Comparisons of a value with the bounds of one method.
    values: usize,
    /// Those of them that took rational arithmetic.
    exact: usize,
    /// Neurons whose phase the strongest method leaves open.
    unstable: usize,
    /// Neurons that a search has bounded as closely as programs.
    compared: usize,
    /// For each method after the first, networks where it gains over the one it starts from.
    gained: Vec<usize>,
    violations: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.networks += other.networks;
        self.refused += other.refused;
        self.points += other.points;
        self.values += other.values;
        self.exact += other.exact;
        self.unstable += other.unstable;
        self.compared += other.compared;
        self.gained.resize(self.gained.len().max(other.gained.len()), 0);
        self.gained.iter_mut().zip(other.gained).for_each(|(sum, gained)| *sum += gained);
        self.violations.extend(other.violations);
    }

    fn summary(&self) -> String {
        format!(
            "{} networks ({} refused), {} points, {} values ({} decided exactly), {} unstable \
             neurons, gains {:?}, {} violations",
            self.networks,
            self.refused,
            self.points,
            self.values,
            self.exact,
            self.unstable,
            self.gained,
            self.violations.len(),
        )
    }

    fn assert_sound(&self) {
        let first: Vec<&str> = self.violations.iter().map(String::as_str).take(20).collect();
        assert!(first.is_empty(), "{}:\n{}", self.summary(), first.join("\n"));
        assert!(self.refused * 20 <= self.networks, "{}", self.summary());
    }
}

/// [`check`] for the first seeds, on several threads.
fn check_all(networks: u64, count: usize, threads: usize) -> Tally {
    let (next, total) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= networks {
                return;
            }
            // A panic of the crate does not know the seed.
            let tally = panic::catch_unwind(|| check(seed, count)).unwrap_or_else(|_| Tally {
                violations: vec![format!("seed {seed}: a panic, see above")],
                ..Tally::default()
            });
            total.lock().expect("no panic outside of check").add(tally);
        }
    };
    thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    total.into_inner().expect("no panic outside of check")
}

/// Everything about the network of a seed, with so many random points.
fn check(seed: u64, count: usize) -> Tally {
    let case = random_case(seed);
    let (graph, domain) = (case.problem.graph(), case.problem.domain());
    let points = points(&case, seed, count);
    let mut tally = Tally { networks: 1, points: points.len(), ..Tally::default() };
    let options = TightenOptions {
        slack: 0.0,
        neuron_time: Duration::from_millis(300),
        ..TightenOptions::default()
    };
    let (mut bounds, mut is_complete) = (Vec::new(), true);
    for method in Tightening::all() {
        let whole = case.problem.whole().expect("a box");
        match method.bounds(&case.problem, whole, &options) {
            Ok(found) => {
                is_complete &= found.layers.iter().all(|layer| layer.failed == 0);
                bounds.push((method.name(), found.bounds));
            }
            Err(TightenError::Bounds(_) | TightenError::Solve(SolveError::Number { .. })) => {
                tally.refused = 1;
            }
            Err(error) => tally.violations.push(format!("seed {seed}, {}: {error}", method.name())),
        }
    }
    if let Some((_, strongest)) = bounds.last() {
        for layer in graph.activation_layers() {
            let unstable = |&i: &usize| strongest.phase(layer, i) == Phase::Unstable;
            tally.unstable += (0..graph.size(layer.node)).filter(unstable).count();
        }
        let subject = Subject { label: format!("seed {seed}"), graph, bounds };
        subject.compare_methods(&mut tally);
        if is_complete {
            subject.compare_exact_methods(&domain.center(), &mut tally);
        }
        subject.contain(&points, &mut tally);
    }
    if let Some(graph) = with_own_ceilings(graph, seed) {
        let bounds = PROPAGATORS.iter().map(|propagator| {
            let bounds = propagator.propagate(&graph, domain).expect("bounds as before");
            (propagator.name(), bounds)
        });
        let label = format!("seed {seed} with ceilings of its own");
        let subject = Subject { label, bounds: bounds.collect(), graph: &graph };
        let mut own = Tally::default();
        subject.compare_methods(&mut own);
        subject.contain(&points, &mut own);
        tally.add(Tally { gained: Vec::new(), ..own });
    }
    tally
}

/// A method and a neuron whose value the filter could not place.
type QuestionText = (usize, (NodeId, usize));

/// A graph with bounds by several methods, the weakest first.
struct Subject<'a> {
    label: String,
    graph: &'a ReluGraph,
    bounds: Vec<(&'static str, NeuronBounds)>,
}

impl Subject<'_> {
    /// Every neuron, by node and index.
    fn neurons(&self) -> impl Iterator<Item = (NodeId, usize)> {
        let of_node = |(id, _)| (0..self.graph.size(id)).map(move |index| (id, index));
        self.graph.nodes().flat_map(of_node)
    }

    /// Lower and upper bound of a neuron by one of the methods.
    fn ends(&self, method: usize, (id, index): (NodeId, usize)) -> (f64, f64) {
        let interval = self.bounds[method].1.of(id).interval(index);
        (interval.lower(), interval.upper())
    }

    fn describe(&self, method: usize, neuron: (NodeId, usize)) -> String {
        let (lower, upper) = self.ends(method, neuron);
        format!("{} [{lower:?}, {upper:?}]", self.bounds[method].0)
    }

    fn place(&self, (id, index): (NodeId, usize)) -> String {
        format!("{}, node {}, neuron {index}", self.label, id.index())
    }

    /// That no method's bounds are wider than those of the method it starts from.
    fn compare_methods(&self, tally: &mut Tally) {
        for method in 1..self.bounds.len() {
            let (mut gains, first) = (false, start_of(method));
            for neuron in self.neurons() {
                let (weak, strong) = (self.ends(first, neuron), self.ends(method, neuron));
                if !(weak.0 <= strong.0 && strong.1 <= weak.1) {
                    let place = self.place(neuron);
                    let [weak, strong] = [first, method].map(|m| self.describe(m, neuron));
                    tally.violations.push(format!("{place}: {strong} is not in {weak}"));
                }
                gains |= strong.1 - strong.0 < GAIN * (weak.1 - weak.0);
            }
            tally.gained.push(usize::from(gains));
        }
    }

    /// That what a search leaves unstable it bounds as closely as programs, up to its gap and
    /// the rounding of large numbers.
    fn compare_exact_methods(&self, center: &[f64], tally: &mut Tally) {
        let of = |name: &str| self.bounds.iter().position(|(other, _)| *other == name);
        let methods = ["alpha", "milp", "search"].map(of);
        let [Some(start), Some(milp), Some(search)] = methods else { return };
        let center = ArrayView2::from_shape((1, center.len()), center).expect("one row");
        let values = self.graph.evaluate_all(center);
        for layer in self.graph.activation_layers() {
            let rounding = self.graph.rounding_errors(&values, layer.pre_activation);
            for index in 0..self.graph.size(layer.node) {
                if self.bounds[search].1.phase(layer, index) != Phase::Unstable {
                    continue;
                }
                let neuron = (layer.pre_activation, index);
                let [start, milp, search] = [start, milp, search].map(|m| self.ends(m, neuron));
                let gap = CLOSE * (start.1 - start.0) + ROUNDINGS * rounding[index];
                tally.compared += 1;
                if search.0 < milp.0 - gap || search.1 > milp.1 + gap {
                    let what = format!("{search:?} by search, {milp:?} by milp");
                    tally.violations.push(format!("{}: {what}", self.place(neuron)));
                }
            }
        }
    }

    /// That all bounds contain the values at the given points.
    fn contain(&self, points: &[Vec<f64>], tally: &mut Tally) {
        let filter = Filter::new(self.graph);
        let mut violated = BTreeSet::new();
        for points in points.chunks(BATCH) {
            let enclosures = filter.enclosures(points);
            let mut open: BTreeMap<usize, Vec<QuestionText>> = BTreeMap::new();
            for neuron @ (id, index) in self.neurons() {
                for method in 0..self.bounds.len() {
                    let (lower, upper) = self.ends(method, neuron);
                    for point in enclosures[id.index()][index].not_inside(lower, upper) {
                        open.entry(point).or_default().push((method, neuron));
                    }
                    tally.values += points.len();
                }
            }
            for (point, comparisons) in open {
                tally.exact += comparisons.len();
                let values = exact_values(self.graph, &points[point]);
                for (method, neuron @ (id, index)) in comparisons {
                    let (value, (lower, upper)) =
                        (&values[id.index()][index], self.ends(method, neuron));
                    let inside = rational(lower) <= *value && *value <= rational(upper);
                    if !inside && violated.insert((method, neuron)) {
                        let (place, bounds) = (self.place(neuron), self.describe(method, neuron));
                        let (value, point) = (value.to_f64().value(), &points[point]);
                        let what = format!("{place}: {value:?} at {point:?} is not in {bounds}");
                        tally.violations.push(what);
                    }
                }
            }
        }
    }
}

/// The corners of the case's box, points at kinks of neurons, and random points of
/// the box: anywhere, on its faces, near its corners and near the kinks.
fn points(case: &Case, seed: u64, count: usize) -> Vec<Vec<f64>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let domain = case.problem.domain();
    let corner = |number: usize| -> Vec<f64> {
        let sides = [domain.lower(), domain.upper()];
        (0..domain.len()).map(|i| sides[number >> i & 1][i]).collect()
    };
    let mut points: Vec<Vec<f64>> = (0..1 << domain.len()).map(corner).collect();
    points.extend(case.kinks.iter().cloned());
    let marks = points.clone();
    for _ in 0..count {
        let mut point = uniform(&mut random, domain);
        let mark = &marks[random.random_range(0..marks.len())];
        match random.random_range(0..10) {
            0..=2 => {
                let coordinates = point.iter_mut().zip(mark);
                coordinates.filter(|_| random.random_bool(0.5)).for_each(|(x, &to)| *x = to);
            }
            3..=5 => {
                let share = 10f64.powf(random.random_range(-16.0..=0.0));
                point.iter_mut().zip(mark).for_each(|(x, &to)| *x = to + share * (*x - to));
            }
            _ => {}
        }
        points.push(domain.nearest(&point));
    }
    points
}
