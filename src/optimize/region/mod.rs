//! From a point to a local optimum, linear region by linear region.
//!
//! With every phase as a point has it, all neurons are affine functions of the inputs, so the
//! region is a polytope, and its best point that of a small linear program: one column an
//! input, one row a neuron whose phase is open. Where neurons change their phase at that point,
//! the regions beyond them are tried in turn, until none of them is better: beyond several at
//! once there may still be one.
//!
//! Source of the walk: Tong, Cai, Serra, "Optimization over trained neural networks: taking a
//! relaxing walk" (2024), arXiv:2401.03451, which samples directions where this tries each
//! neuron that keeps the point from getting better.

mod forms;

use std::time::Duration;

use super::polish::solve_region;
use crate::bounds::NeuronBounds;
use crate::control::{Clock, Silent};
use crate::milp::{LinearExpression, Model};
use crate::network::{Phase, ReluGraph};
use crate::num::Interval;
use crate::problem::{Candidate, OBJECTIVE, Part, Problem};
use crate::regions::simplex::{Errors, Rows, Simplex};
use crate::solve::Backend;
use forms::{Kink, Region, Row};

/// Free inputs up to which Taut's own simplex method, with a dense inverse, solves the program:
/// on networks that are searched in milliseconds, a solver's start takes longer.
const MOST_DENSE: usize = 64;

/// Regions that are tried on the way to a local optimum, at most.
const MOST_REGIONS: f64 = 64.0;

/// Multiplications on the way: some milliseconds.
const MOST_WORK: f64 = 2e7;

/// Entries of a program at most: beyond, it takes longer than what it gains is worth.
const MOST_ENTRIES: usize = 1 << 20;

/// Time it gets even where the user's limit has been used up.
const LEAST_TIME: Duration = Duration::from_millis(20);

/// What another region has to gain, beside the size of the objective.
const GAIN: f64 = 1e-12;

/// Units of rounding in the size of a row.
const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// The linear regions of a problem.
pub struct Regions<'a> {
    problem: &'a Problem,
    part: &'a Part,
    /// Of all neurons over the part.
    bounds: &'a NeuronBounds,
    /// Inputs that may move.
    free: Vec<usize>,
}

/// The best point of a region.
struct Corner {
    point: Candidate,
    region: Region,
    /// What keeps it from getting better, what does so most first: a neuron, and others that
    /// turn where it does.
    kinks: Vec<Vec<Kink>>,
}

impl<'a> Regions<'a> {
    /// Those of a part of a problem; `None` where the program of one would be too large.
    pub fn new(problem: &'a Problem, part: &'a Part, bounds: &'a NeuronBounds) -> Option<Self> {
        let graph = problem.graph();
        let is_real = |i: &usize| !problem.integer().contains(i);
        let free: Vec<usize> = part.domain.varying().filter(is_real).collect();
        let open = graph.activation_layers().map(|layer| {
            let is_open = |&index: &usize| bounds.phase(layer, index) == Phase::Unstable;
            (0..graph.size(layer.node)).filter(is_open).count()
        });
        let rows = open.sum::<usize>() + part.rows.len();
        let is_small = !free.is_empty() && rows * free.len() <= MOST_ENTRIES;
        is_small.then_some(Self { problem, part, bounds, free })
    }

    /// A local optimum: the best point of the region that `from` lies in, or of one on the way
    /// from there; `None` where that is no better.
    pub fn descend(
        &self,
        from: &Candidate,
        backend: &dyn Backend,
        clock: &Clock,
    ) -> Option<Candidate> {
        if self.free.len() <= MOST_DENSE {
            return self.walk(from, clock);
        }
        let point = self.by_backend(from, backend, clock)?;
        self.is_better(&point, from).then_some(point)
    }

    /// [`descend`](Self::descend), where that takes no more than some milliseconds.
    pub fn descend_soon(&self, from: &Candidate, clock: &Clock) -> Option<Candidate> {
        let is_dense = self.free.len() <= MOST_DENSE;
        if is_dense && self.most_regions() > 1.0 { self.walk(from, clock) } else { None }
    }

    /// Regions that are worth their time.
    fn most_regions(&self) -> f64 {
        let work = (self.free.len() + 1) * self.graph().weights();
        (MOST_WORK / work as f64).min(MOST_REGIONS)
    }

    /// From region to region, as long as there is a better one around.
    fn walk(&self, from: &Candidate, clock: &Clock) -> Option<Candidate> {
        let most = self.most_regions();
        let region = self.around(&from.input);
        let mut corner = self.corner(&from.input, region)?;
        let mut best = Some(&corner.point).filter(|point| self.is_better(point, from)).cloned();
        let mut tried = 1.0;
        'walk: while best.is_some() || tried == 1.0 {
            for kinks in &corner.kinks {
                if tried >= most || clock.is_stopped() {
                    break 'walk;
                }
                tried += 1.0;
                let at = &corner.point.input;
                let Some(next) = self.corner(at, self.beyond(&corner, kinks)) else { continue };
                if self.is_better(&next.point, best.as_ref().unwrap_or(from)) {
                    best = Some(next.point.clone());
                    corner = next;
                    continue 'walk;
                }
            }
            break;
        }
        best
    }

    /// Whether a point is the better one by more than rounding.
    fn is_better(&self, point: &Candidate, known: &Candidate) -> bool {
        let least = GAIN * self.problem.objective_size(&known.input);
        let is_as_exact = point.exact || !known.exact;
        let is_news = point.cost < known.cost - least || point.exact && !known.exact;
        point.feasible && is_as_exact && is_news
    }

    fn graph(&self) -> &'a ReluGraph {
        self.problem.graph()
    }

    /// The region beyond some neurons at a corner.
    fn beyond(&self, corner: &Corner, kinks: &[Kink]) -> Region {
        self.region(&corner.point.input, |layer, index, _| {
            let node = layer.node.index();
            let turned = kinks.iter().find(|kink| kink.node == node && kink.index == index);
            turned.map_or(corner.region.phases[node][index], |kink| kink.beyond)
        })
    }

    /// How far each free input may go from a point.
    fn steps(&self, at: &[f64]) -> [Vec<f64>; 2] {
        let domain = &self.part.domain;
        let left = |end: &[f64]| self.free.iter().map(|&i| end[i] - at[i]).collect();
        [left(domain.lower()), left(domain.upper())]
    }

    /// A point some steps away.
    fn moved(&self, at: &[f64], steps: &[f64]) -> Option<Candidate> {
        let mut moved = at.to_vec();
        self.free.iter().zip(steps).for_each(|(&i, step)| moved[i] += step);
        self.problem.nearest_input(&moved).map(|input| self.problem.evaluate(input))
    }

    /// The best point of a region that is seen from `at`; `None` if rounding hides it.
    fn corner(&self, at: &[f64], region: Region) -> Option<Corner> {
        let [lower, upper] = self.steps(at);
        let rows = self.rows(&region);
        let mut program = Rows::default();
        let mut form = vec![0.0; self.free.len() + 1];
        for row in &rows {
            let reach = row.slopes.iter().zip(lower.iter().zip(&upper));
            let reach = reach.map(|(a, (l, u))| a.abs() * l.abs().max(u.abs())).sum::<f64>();
            let rounding = ROUNDING * (reach + row.constant.abs());
            form[..row.slopes.len()].copy_from_slice(&row.slopes);
            // A limit that is only just met may be missed by the rounding of the inputs.
            form[row.slopes.len()] = match row.kink {
                Some(_) => row.constant,
                None => (row.constant - 2.0 * rounding).max(row.constant.min(0.0)),
            };
            program.push(&form, 1.0, Errors { form: 0.0, value: rounding });
        }
        let objective = region.row(self.problem.rows().index(), OBJECTIVE, -1.0, 0.0);
        form[..objective.slopes.len()].copy_from_slice(&objective.slopes);
        form[objective.slopes.len()] = objective.constant;
        let mut simplex = Simplex::new(&lower, &upper);
        let steps = simplex.highest(&form, &program)?.to_vec();
        let point = self.moved(at, &steps)?;
        let turns: Vec<&Row> = rows
            .iter()
            .zip(&program.errors)
            .filter(|(row, errors)| row.kink.is_some() && row.at(&steps) <= 2.0 * errors.value)
            .map(|(row, _)| row)
            .collect();
        let mut tight: Vec<(f64, &Row)> = simplex
            .tight_rows()
            .map(|(index, multiplier)| (multiplier * rows[index].norm(), &rows[index]))
            .filter(|(weight, row)| *weight > 0.0 && row.kink.is_some())
            .collect();
        tight.sort_by(|a, b| b.0.total_cmp(&a.0));
        let together = |row: &Row| {
            let parallel = turns.iter().filter(|other| row.is_parallel(other));
            parallel.filter_map(|other| other.kink).collect()
        };
        let kinks = tight.into_iter().map(|(_, row)| together(row)).collect();
        Some(Corner { point, region, kinks })
    }

    /// The best point of the region of a point, by a solver.
    fn by_backend(
        &self,
        from: &Candidate,
        backend: &dyn Backend,
        clock: &Clock,
    ) -> Option<Candidate> {
        let at = &from.input;
        let region = self.around(at);
        let [lower, upper] = self.steps(at);
        let mut model = Model::default();
        let ends = lower.iter().zip(&upper).enumerate();
        let columns = ends
            .map(|(j, (l, u))| Some(model.continuous(format!("step{j}"), Interval::new(*l, *u)?)))
            .collect::<Option<Vec<_>>>()?;
        let expression = |row: &Row| {
            let terms = columns.iter().copied().zip(row.slopes.iter().copied());
            LinearExpression::new(terms.filter(|(_, a)| *a != 0.0).collect(), row.constant)
        };
        for (index, row) in self.rows(&region).iter().enumerate() {
            model.range(format!("row{index}"), expression(row), 0.0, f64::INFINITY);
        }
        model.objective = expression(&region.row(self.problem.rows().index(), OBJECTIVE, 1.0, 0.0));
        let steps = solve_region(&model, backend, LEAST_TIME, clock, &mut Silent)?.point?;
        self.moved(at, &steps)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::bounds::{IntervalPropagation, Propagator};
    use crate::network::{Activation, DenseLayer, Network};
    use crate::num::IntervalBox;
    use crate::num::random::uniform;
    use crate::num::sample::UniformPoints;
    use crate::problem::QuestionText;
    use crate::solve::Highs;

    fn layer(weights: Array2<f64>, bias: Array1<f64>, activation: Activation) -> DenseLayer {
        DenseLayer { weights, bias, activation }
    }

    fn problem(layers: Vec<DenseLayer>, constraints: &[&str]) -> Problem {
        let inputs = layers[0].weights.ncols();
        let network = Network::dense("test", layers).expect("a network");
        let domain = IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box");
        let question = QuestionText {
            objective: Some("y0".to_string()),
            constraints: constraints.iter().map(|text| text.to_string()).collect(),
            ..QuestionText::default()
        };
        Problem::parse(network, domain, &question).expect("a question")
    }

    fn bounds(problem: &Problem) -> NeuronBounds {
        IntervalPropagation.propagate(problem.graph(), problem.domain()).expect("bounds")
    }

    /// `min(|x − 0.3|, 0.5) + 0.1 |x + 0.9|`, by hand. From −1 down to the corner at −0.9, where
    /// two neurons turn at once: a local optimum. From 0.9 along a slope of 0.1 to the corner at
    /// 0.8, and over it down to 0.3, where the value is 0.12.
    #[test]
    fn a_walk_goes_on_where_another_region_is_better() {
        let relu = layer(
            array![[1.0], [-1.0], [1.0], [-1.0]],
            array![-0.3, 0.3, 0.9, -0.9],
            Activation::Relu,
        );
        let clip = Activation::Clip { min: 0.0, max: 0.5 };
        let sums =
            layer(array![[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.1, 0.1]], array![0.0, 0.0], clip);
        let output = layer(array![[1.0, 1.0]], array![0.0], Activation::Linear);
        let problem = problem(vec![relu, sums, output], &[]);
        let bounds = bounds(&problem);
        let regions = Regions::new(&problem, problem.whole().expect("a box"), &bounds);
        let regions = regions.expect("a small problem");
        let at = |x: f64| problem.evaluate(vec![x]);
        let clock = Clock::unlimited();
        let found = regions.walk(&at(-1.0), &clock).expect("something better");
        assert!((found.input[0] + 0.9).abs() < 1e-9, "{found:?}");
        let corner = regions.corner(&[0.9], regions.around(&[0.9])).expect("a corner").point;
        assert!((corner.input[0] - 0.8).abs() < 1e-9, "{corner:?}");
        let found = regions.walk(&at(0.9), &clock).expect("something better");
        assert!((found.input[0] - 0.3).abs() < 1e-9 && (found.cost - 0.12).abs() < 1e-9);
        assert_eq!(regions.walk(&found, &clock), None, "there is nothing better around");
    }

    /// The best point of a region is that of HiGHS, and with few exceptions no point close to the
    /// end of a walk is better.
    #[test]
    fn corners_are_those_of_a_solver_and_walks_end_at_local_optima() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let (mut better, mut further, mut missed) = (0, 0, 0);
        for case in 0..60 {
            let inputs = 1 + case % 4;
            let clip = Activation::Clip { min: 0.0, max: 0.6 };
            let activation = [Activation::Relu, clip][case % 2];
            let mut number = || 2.0 * uniform(&mut random) - 1.0;
            let sizes = [inputs, 8, 8, 2];
            let layers = sizes.windows(2).enumerate().map(|(index, pair)| {
                layer(
                    Array2::from_shape_simple_fn((pair[1], pair[0]), &mut number),
                    Array1::from_shape_simple_fn(pair[1], &mut number),
                    if index == 2 { Activation::Linear } else { activation },
                )
            });
            let constraints: &[&str] = if case % 3 == 0 { &["y1 <= 0.4"] } else { &[] };
            let problem = problem(layers.collect(), constraints);
            let bounds = bounds(&problem);
            let part = problem.whole().expect("a box");
            let Some(regions) = Regions::new(&problem, part, &bounds) else { continue };
            let clock = Clock::unlimited();
            let starts = UniformPoints::new(problem.domain(), case as u32).take(4);
            for start in starts.map(|point| problem.evaluate(point)).filter(|start| start.exact) {
                let corner = regions.corner(&start.input, regions.around(&start.input));
                let corner = corner.expect("a corner").point;
                let solved = regions.by_backend(&start, &Highs, &clock).expect("a point");
                assert!((corner.cost - solved.cost).abs() < 1e-6, "{case}: {corner:?} {solved:?}");
                assert!(corner.exact && corner.cost <= start.cost + 1e-9);
                let Some(found) = regions.walk(&start, &clock) else { continue };
                assert!(found.exact && found.cost <= corner.cost + 1e-9);
                better += 1;
                further += usize::from(found.cost < corner.cost - 1e-9);
                for near in UniformPoints::new(problem.domain(), 7).take(200) {
                    let near = found.input.iter().zip(&near).map(|(x, step)| x + 1e-5 * step);
                    let near = problem.nearest_input(&near.collect::<Vec<_>>());
                    let near = problem.evaluate(near.expect("a point"));
                    if near.exact && near.cost < found.cost - 1e-9 {
                        missed += 1;
                        break;
                    }
                }
            }
        }
        // Beyond several neurons at once there may be something better.
        let counts = [better, further, missed];
        assert!(better > 100 && further > 60 && missed < better / 20, "{counts:?}");
    }
}
