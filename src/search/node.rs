//! One part of the box: bounds of all neurons over it, planes below the objective, and where to
//! halve it.
//!
//! Of a part its parent knows much already: its bounds and planes hold. Interval propagation
//! comes first, then two rows of backward substitution for each neuron whose phase is open.
//! Then come the rows of the constraints, and planes below the objective (`slopes.rs`). What no
//! plane leaves is clipped off.

use super::Target;
use super::interval::Centered;
use super::kernel::ROWS;
use super::layout::{Layout, OpenRow, Part, Room};
use super::lines::is_open;
use super::planes::{Bundle, Plane, clip, least};
use super::rows::Ask;
use super::tape::Kind;

/// Rows of the question between two looks at the clock.
const ROWS_AT_ONCE: usize = 64;

/// Multiplications of a row that is worth a look at the clock.
pub(super) const LONG_ROW: f64 = 1e5;

/// What bounding a part has shown.
pub enum Shown {
    /// It is done with: no value in it is less; infinite where it has no point.
    Closed(f64),
    /// Bounds, and a point worth a try.
    Bounds(Option<Vec<f64>>),
}

impl Layout {
    /// Bounds a part, given what is known of the one that it was cut out of.
    pub fn bound(&self, part: &mut Part, target: Target, room: &mut Room) -> Shown {
        room.cut = f64::INFINITY;
        let known = |open: &OpenRow| (open.row, Bundle::new(self.planes(open)));
        let mut open: Vec<(usize, Bundle)> = part.open_rows.iter().map(known).collect();
        for (_, bundle) in &mut open {
            self.combine(bundle, part, room);
        }
        if !self.use_planes(part, &mut open, target, room) {
            return Shown::Closed(part.least);
        }
        if !self.keeps_last_phase(part, room) || !self.narrow(part, room) {
            return Shown::Closed(f64::INFINITY);
        }
        let Some(helpers) = self.meet_limits(part, room) else {
            return Shown::Closed(f64::INFINITY);
        };
        let (mut point, are_several) = (None, open.len() > 1);
        for (row, bundle) in &mut open {
            let found = self.climb(part, *row, bundle, &helpers, target, room);
            point = point.or(found);
            // What a row promises is told while its passes are at hand.
            if are_several && bundle.least < target.enough {
                self.score_row(part, *row, bundle, target, room);
            }
        }
        if !self.use_planes(part, &mut open, target, room) {
            return Shown::Closed(part.least);
        }
        if self.takes_phases {
            part.phases.clone_from(&room.best_phases);
            part.below = room.best_below[..].into();
        }
        if let [(row, bundle)] = &open[..]
            && !are_several
        {
            match self.takes_phases {
                true => self.choose(part, room),
                false => self.score_row(part, *row, bundle, target, room),
            }
        }
        let most = self.most_planes();
        let left =
            open.into_iter().map(|(row, bundle)| OpenRow::new(row, &bundle.into_planes(most)));
        part.open_rows = left.collect();
        Shown::Bounds(point)
    }

    /// Adds what halving along each input promises for a row whose planes were the last to be
    /// led back.
    fn score_row(
        &self,
        part: &mut Part,
        row: usize,
        bundle: &Bundle,
        target: Target,
        room: &mut Room,
    ) {
        if let Some(best) = bundle.all().next() {
            let at = self.tape.length + self.tape.steps[self.rows].start + row;
            let missing = target.enough.min(part.ranges[at]) - bundle.least.max(part.least);
            self.score(part, &best.slope, missing, room);
        }
    }

    /// Takes what the planes below open rows prove, and clips the box to what they leave for any
    /// of them; whether there is anything left.
    fn use_planes(
        &self,
        part: &mut Part,
        open: &mut Vec<(usize, Bundle)>,
        target: Target,
        room: &mut Room,
    ) -> bool {
        let (mut least, mut is_first) = (f64::INFINITY, true);
        open.retain(|(_, bundle)| {
            if bundle.least >= target.enough {
                least = least.min(bundle.least);
                return false;
            }
            if !self.clip_by(part, bundle, target, room) {
                // Together, the planes leave nothing.
                least = least.min(target.best);
                return false;
            }
            least = least.min(bundle.least);
            let Room { clipped, hull, .. } = room;
            if is_first {
                std::mem::swap(clipped, hull);
                is_first = false;
                return true;
            }
            hull[0].iter_mut().zip(&clipped[0]).for_each(|(to, end)| *to = to.min(*end));
            hull[1].iter_mut().zip(&clipped[1]).for_each(|(to, end)| *to = to.max(*end));
            true
        });
        part.least = part.least.max(least);
        if open.is_empty() || part.least >= target.enough {
            return false;
        }
        for (to, end) in self.domain_mut(part).into_iter().zip(&room.hull) {
            to.copy_from_slice(end);
        }
        true
    }

    /// Clips a copy of the box by the planes below a row; whether anything is left.
    fn clip_by(&self, part: &Part, bundle: &Bundle, target: Target, room: &mut Room) -> bool {
        let Room { clipped, cut, .. } = room;
        for (to, end) in clipped.iter_mut().zip(self.domain(part)) {
            to.clear();
            to.extend_from_slice(end);
        }
        if target.best.is_infinite() {
            return true;
        }
        let [lower, upper] = clipped;
        bundle.all().all(|plane| {
            let is_less = clip(plane, target.best, lower, upper, &self.is_integer);
            if is_less == Some(true) {
                *cut = cut.min(target.best);
            }
            is_less.is_some()
        })
    }

    /// Bounds all neurons; whether there can be a point.
    fn narrow(&self, part: &mut Part, room: &mut Room) -> bool {
        let tape = &self.tape;
        let (lower, upper) = part.ranges.split_at_mut(tape.length);
        part.open = 0;
        for (index, step) in tape.steps.iter().enumerate() {
            match &step.kind {
                Kind::Input => {}
                // What comes before the last division is as it was.
                Kind::Affine(_) if index < part.first => {}
                Kind::Affine(sum) => {
                    room.rows.work += 2.0 * self.work_of_a_step[index];
                    if !room.centered.narrow(tape, step, sum, lower, upper) {
                        return false;
                    }
                    let is_bounded = sum.is_behind_activation && !self.readers[index].is_empty();
                    if is_bounded && !self.narrow_open(index, lower, upper, room) {
                        return false;
                    }
                }
                Kind::Activation { from, .. } => {
                    let pre = &tape.steps[*from];
                    Centered::activate(step, pre, lower, upper);
                    room.lines.draw(step, pre, lower, upper);
                    let read = |at: &usize| self.is_read[*at] && room.lines.is_open[*at];
                    part.open += step.span().filter(read).count();
                }
            }
            room.centered.take(step, lower, upper);
        }
        true
    }

    /// Bounds the neurons of an affine step whose phase is open by rows of their own.
    fn narrow_open(
        &self,
        index: usize,
        lower: &mut [f64],
        upper: &mut [f64],
        room: &mut Room,
    ) -> bool {
        let (tape, inputs) = (&self.tape, self.inputs());
        let step = &tape.steps[index];
        let has_open = |neuron: &usize| {
            let (l, u) = (lower[step.start + neuron], upper[step.start + neuron]);
            self.readers[index].iter().any(|&reader| {
                let Kind::Activation { ceilings, .. } = &tape.steps[reader].kind else {
                    return false;
                };
                let is_read = self.is_read[tape.steps[reader].start + neuron];
                is_read && is_open(l, u, ceilings[*neuron])
            })
        };
        let open: Vec<usize> = (0..step.size).filter(has_open).collect();
        let is_long = self.work_of_a_row[index] > LONG_ROW;
        for pair in open.chunks(ROWS / 2) {
            // What is known holds.
            if is_long && self.clock.is_stopped() {
                return true;
            }
            let mut chosen = [(0, 0.0); ROWS];
            for (place, &neuron) in pair.iter().enumerate() {
                chosen[2 * place] = (neuron, 1.0);
                chosen[2 * place + 1] = (neuron, -1.0);
            }
            let chosen = &chosen[..2 * pair.len()];
            let ranges = [&*lower, &*upper];
            let below = &room.lines.below;
            let ask = Ask { step: index, chosen, below, phases: &[], keeps_trace: false };
            room.rows.substitute(tape, &room.lines, ranges, &ask);
            for (place, &neuron) in pair.iter().enumerate() {
                let at = step.start + neuron;
                let steepness = &mut room.steepness.get_mut(at * inputs..(at + 1) * inputs);
                steepness.iter_mut().for_each(|steepness| steepness.fill(0.0));
                for (row, sign) in [(2 * place, 1.0), (2 * place + 1, -1.0)] {
                    let slope = room.rows.slope(tape, row);
                    if let Some(steepness) = steepness {
                        steepness.iter_mut().zip(slope).for_each(|(sum, a)| *sum += a.abs());
                    }
                    let domain = [&lower[..inputs], &upper[..inputs]];
                    let bound = least(slope, room.rows.offset(row), domain);
                    match sign > 0.0 {
                        true => lower[at] = lower[at].max(bound),
                        false => upper[at] = upper[at].min(-bound),
                    }
                }
                if lower[at] > upper[at] {
                    return false;
                }
            }
        }
        true
    }

    /// Whether the rows of the question that have limits can keep them; planes below what has
    /// to be at most 0.
    fn meet_limits(&self, part: &mut Part, room: &mut Room) -> Option<Vec<Plane>> {
        let tape = &self.tape;
        let start = tape.steps[self.rows].start;
        let mut helpers = Vec::new();
        part.scores.fill(0.0);
        for (row, limit) in self.limits.iter().enumerate().skip(1) {
            // What is left out excludes nothing.
            if row % ROWS_AT_ONCE == 0 && self.clock.is_stopped() {
                break;
            }
            for (sign, most) in [(1.0, limit.upper()), (-1.0, -limit.lower())] {
                if most.is_infinite() {
                    continue;
                }
                let (lower, upper) = part.ranges.split_at(tape.length);
                let (below, chosen) = (&room.lines.below, [(row, sign)]);
                let ranges = [lower, upper];
                let ask =
                    Ask { step: self.rows, chosen: &chosen, below, phases: &[], keeps_trace: true };
                room.rows.substitute(tape, &room.lines, ranges, &ask);
                let mut plane = room.rows.plane(tape, 0);
                let [lower, upper] = self.domain(part);
                let missing = most - plane.least(lower, upper);
                self.score(part, &plane.slope, missing, room);
                let [lower, upper] = self.domain_mut(part);
                clip(&plane, most, lower, upper, &self.is_integer)?;
                plane.offset = (plane.offset - most).next_down();
                // One that is nowhere above 0 helps nobody.
                let [lower, upper] = self.domain(part);
                if plane.greatest(lower, upper) > 0.0 {
                    helpers.push(plane);
                }
            }
            let (lower, upper) = part.ranges.split_at_mut(tape.length);
            let at = start + row;
            lower[at] = lower[at].max(limit.lower());
            upper[at] = upper[at].min(limit.upper());
            if lower[at] > upper[at] {
                return None;
            }
        }
        Some(helpers)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, ArrayView2};
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::bounds::{IntervalPropagation, Propagator, read_neurons};
    use crate::network::{Activation, DenseLayer, Network};
    use crate::num::IntervalBox;
    use crate::num::random::uniform;
    use crate::num::sample::UniformPoints;
    use crate::problem::{Constraint, Expression, Problem, Question, Variable};
    use crate::search::phases::Phase;
    use crate::search::tape::Tape;

    /// A problem with a constraint on an output, whose weights are uniform; the objective is a row
    /// of its own, or the least of two others, which come behind that of the constraint.
    fn problem(random: &mut ChaCha8Rng, activation: Activation, are_several: bool) -> Problem {
        let mut number = || 2.0 * uniform(random) - 1.0;
        let sizes = [3, 9, 11, 2];
        let layers = sizes.windows(2).enumerate().map(|(index, pair)| DenseLayer {
            weights: Array2::from_shape_simple_fn((pair[1], pair[0]), &mut number),
            bias: Array1::from_shape_simple_fn(pair[1], &mut number),
            activation: if index == 2 { Activation::Linear } else { activation },
        });
        let network = Network::dense("random", layers.collect()).expect("a network");
        let domain = IntervalBox::new(vec![-1.0; 3], vec![1.0; 3]).expect("a box");
        let [y0, y1] = [0, 1].map(|index| Expression::from(Variable::Output(index)));
        let [x0, x1] = [0, 1].map(|index| Expression::from(Variable::Input(index)));
        let alternatives = vec![y0.minus(x1), y1.clone().minus(Expression::number(0.25))];
        let mut constraints = vec![Constraint::new(y1.plus(x0), f64::NEG_INFINITY, 0.5)];
        let objective = match are_several {
            true => {
                constraints.extend(alternatives.iter().cloned().map(Constraint::unlimited));
                Expression::smallest(alternatives).expect("two of them")
            }
            false => alternatives[0].clone(),
        };
        let question = Question { objective, constraints, ..Question::default() };
        Problem::new(network, domain, question).expect("a question")
    }

    fn layout(problem: &Problem) -> (Layout, Box<[f64]>) {
        let graph = problem.graph();
        let bounds = IntervalPropagation.propagate(graph, problem.domain()).expect("bounds");
        let tape = Tape::new(graph, &bounds);
        let ranges = tape.flat(&bounds, graph);
        let mut is_read = vec![false; tape.length];
        let read = read_neurons(graph, &bounds, problem.rows());
        for (step, read) in tape.steps.iter().zip(read) {
            is_read[step.span()].copy_from_slice(&read);
        }
        let limits = problem.whole().expect("a box").rows.clone();
        let rows = problem.rows().index();
        (Layout::new(tape, rows, limits, is_read, vec![false; 3]), ranges)
    }

    /// Every value of every neuron lies in its range, and the objective above every plane, at
    /// points of the part that meet the constraint; what is cut off or closed is above what
    /// was said.
    #[test]
    fn what_is_said_of_a_part_holds_at_its_points() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (mut checked, mut closed, mut cut, mut divided) = (0, 0, 0, 0);
        let clip = Activation::Clip { min: 0.0, max: 0.7 };
        for case in 0..120 {
            let activation = [Activation::Relu, clip, Activation::LeakyRelu { alpha: 0.1 }];
            let are_several = case % 8 > 5;
            let problem = problem(&mut random, activation[case % 3], are_several);
            let (mut layout, ranges) = layout(&problem);
            layout.takes_phases = case % 4 < 2;
            if are_several {
                layout.alternatives = vec![2, 3];
            }
            let mut room = layout.room();
            let mut part = layout.part(ranges);
            // The objective at some point that meets the constraint, now and then.
            let best = UniformPoints::new(problem.domain(), 3)
                .take(40)
                .map(|point| problem.evaluate(point))
                .filter(|point| point.exact && case % 2 == 0)
                .fold(f64::INFINITY, |best, point| best.min(point.cost));
            let target = Target { best, enough: best - 1e-3 };
            for depth in 0..6 {
                let [lower, upper] = layout.domain(&part).map(<[f64]>::to_vec);
                let phases = part.phases.clone();
                let shown = layout.bound(&mut part, target, &mut room);
                // As it is after it has waited.
                part = layout.take(layout.keep(part));
                let domain = IntervalBox::new(lower.clone(), upper.clone()).expect("a box");
                for point in UniformPoints::new(&domain, depth).take(40) {
                    let row = ArrayView2::from_shape((1, 3), &point).expect("one row");
                    let values = problem.graph().evaluate_all(row);
                    let rows = &values[problem.rows().index()];
                    let keeps = |phase: &Phase| {
                        let step = &layout.tape.steps[phase.step];
                        let a = values[phase.step][(0, phase.pre - step.start)];
                        phase.side * (a - phase.kink) <= 0.0
                    };
                    let meets = rows[(0, 1)] <= 0.5 && phases.iter().all(keeps);
                    let value = rows[(0, 0)];
                    let rounding = 1e-12;
                    let [lower, upper] = layout.domain(&part);
                    let is_left = (0..3).all(|i| lower[i] <= point[i] && point[i] <= upper[i]);
                    match shown {
                        _ if !meets => {}
                        Shown::Closed(least) => assert!(value >= least - rounding),
                        // Cut off: not as good as what is known.
                        Shown::Bounds(_) if !is_left => {
                            cut += 1;
                            assert!(value >= best - rounding && room.cut <= best);
                        }
                        Shown::Bounds(_) => {
                            checked += 1;
                            assert!(value >= part.least - rounding);
                            for open in &part.open_rows {
                                let value = rows[(0, open.row)];
                                for plane in layout.planes(open) {
                                    let terms = plane.slope.iter().zip(&point);
                                    let sum: f64 = terms.map(|(a, x)| a * x).sum();
                                    assert!(value >= sum + plane.offset - rounding);
                                }
                            }
                            let (low, high) = part.ranges.split_at(layout.tape.length);
                            for (step, values) in layout.tape.steps.iter().zip(&values) {
                                for (at, value) in step.span().zip(values) {
                                    assert!(low[at] - rounding <= *value);
                                    assert!(*value <= high[at] + rounding);
                                }
                            }
                        }
                    }
                }
                if matches!(shown, Shown::Closed(_)) {
                    closed += 1;
                    break;
                }
                if let Some(choice) = part.choice {
                    divided += 1;
                    let side = if depth % 2 == 0 { choice.below } else { choice.above };
                    part = layout.on_side(&part, side);
                    continue;
                }
                part.first = 0;
                let input = depth as usize % 3;
                let [lower, upper] = layout.domain_mut(&mut part);
                let middle = 0.5 * (lower[input] + upper[input]);
                if uniform(&mut random) < 0.5 {
                    upper[input] = middle;
                } else {
                    lower[input] = middle;
                }
            }
        }
        let counts = [checked, closed, cut, divided];
        assert!(checked > 5000 && closed > 20 && cut > 20 && divided > 100, "{counts:?}");
    }
}
