//! From evidence to an answer: points, bounds and claims against each other.
//!
//! A forward pass is believed, and a proof; a solver's claim is evidence. Where it stands
//! against a true point, it falls. Where it would be the answer, Taut proves it again
//! ([`super::search`]) as far as the options ask for that; "infeasible" only with a proof.

use super::region::Regions;
use super::search::{Beside, NO_POINT, Nothing, Proven, prove};
use super::{
    Answer, Best, Certify, Claim, Evidence, Gap, MethodRecord, OptimizeError, OptimizeOptions,
    ProofCounts, Recheck, Status, Work, contradiction, relative_gap, timed,
};
use crate::bounds::{Crown, NeuronBounds, Propagator, summarize};
use crate::control::{Clock, Observer, StoppedBy};
use crate::num::tolerance::{BOUND_CONTRADICTION, BOUND_ROUNDING, CLAIM_TOLERANCE, FINEST_GAP};
use crate::problem::{Candidate, OBJECTIVE, Problem};
use crate::search::Effort;

/// Who proved a bound, where Taut did.
pub const CERTIFIED: &str = "certified";

/// Of a point that is better than all that meet the constraints to the last digit.
const AS_GOOD_BY_TOLERANCE: &str =
    "the point meets the constraints up to the tolerance; none that meets them fully is as good";

/// Of a search that has ended by itself.
const AS_FAR_AS_ROUNDING_LETS: &str =
    "the gap stays open: bounds and point are as close as rounding lets them come";

/// Multiplications for a proof that is cheap: a tenth of a second or so.
const CHEAP_WORK: f64 = 2e8;

/// Passes over the entries of the program for each iteration of the solver, which together
/// are a quarter of its work: what else is cheap.
const CHEAP_PASSES: f64 = 0.5;

/// Multiplications for a proof where the solver's word is doubtful: some ten seconds.
const THOROUGH_WORK: f64 = 2e10;

/// Open neurons of a problem that is small: where its optimum cannot be proven with some
/// effort, there is something wrong with the numbers, and no solver's word is worth much.
const SMALL: usize = 24;

/// Multiplications for the proof of a small problem: a second or so.
const SMALL_WORK: f64 = 2e9;

/// Share of the time that is left for a cheap proof.
const CHEAP_SHARE: f64 = 0.25;

/// Weighs points, bounds and claims against each other.
pub fn weigh(
    problem: &Problem,
    options: &OptimizeOptions,
    evidence: Evidence,
    clock: &Clock,
    observer: &mut dyn Observer,
) -> Result<Answer, OptimizeError> {
    let best = Best::of(problem, evidence.points.iter().cloned());
    let (gap, stopped_by, refuted) = (None, None, None);
    let is_small = false;
    let mut scales =
        Scales { problem, options, evidence, best, gap, stopped_by, refuted, is_small };
    scales.doubt(clock);
    scales.drop_what_is_refuted();
    scales.tell_of_a_failure();
    scales.polish(clock);
    let polished = scales.best.target().map(|point| point.cost);
    scales.prove(clock, observer);
    if scales.best.target().map(|point| point.cost) != polished {
        scales.polish(clock);
    }
    let mut answer = scales.conclude()?;
    answer.seconds.total = clock.seconds();
    Ok(answer)
}

/// The evidence as it is weighed.
struct Scales<'a> {
    problem: &'a Problem,
    options: &'a OptimizeOptions,
    evidence: Evidence,
    best: Best<'a>,
    /// Gaps at which the answer is optimal; they need bounds.
    gap: Option<Gap>,
    /// What ended a proof.
    stopped_by: Option<StoppedBy>,
    /// A claim that a forward pass refutes.
    refuted: Option<String>,
    /// Whether the problem is so small that its optimum has to be provable.
    is_small: bool,
}

impl<'a> Scales<'a> {
    /// A value as the user knows it.
    fn told(&self, value: f64) -> f64 {
        self.problem.sense().signed(value)
    }

    fn is_program(&self) -> bool {
        matches!(self.evidence.method, MethodRecord::Milp(_))
    }

    fn backend(&self) -> &'static str {
        self.options.backend.name()
    }

    /// By how much the best point is beyond a bound.
    fn distance_beyond(&self, bound: f64) -> f64 {
        self.best.target().map_or(0.0, |best| bound - best.cost)
    }

    /// The same, relative to the size of the objective or, where that is less, to its range.
    fn beyond(&self, bound: f64) -> f64 {
        let Some(best) = self.best.target() else { return 0.0 };
        let beyond = self.distance_beyond(bound);
        let range = self.gap.map(Gap::width).filter(|width| *width > 0.0);
        let size = self.problem.objective_size(&best.input).min(range.unwrap_or(f64::INFINITY));
        if beyond <= 0.0 { 0.0 } else { beyond / size }
    }

    fn is_closed_by(&self, bound: f64) -> bool {
        let (Some(gap), Some(best)) = (self.gap, self.best.target()) else { return false };
        gap.is_closed(best.cost, bound, self.problem.objective_size(&best.input))
    }

    /// A true point beats a solver's claim.
    fn drop_what_is_refuted(&mut self) {
        let backend = self.backend();
        if let Some(bound) = self.evidence.claimed.filter(|&b| self.beyond(b) > CLAIM_TOLERANCE) {
            self.evidence.claimed = None;
            self.refuse(format!(
                "{backend} claims the bound {}, which a forward pass refutes",
                self.told(bound)
            ));
        }
    }

    fn tell_of_a_failure(&mut self) {
        if let Claim::Failed(what) = &self.evidence.claim {
            let failure = format!("no answer of {}: {what}", self.backend());
            self.warn(failure);
        }
    }

    fn refuse(&mut self, claim: String) {
        self.warn(claim.clone());
        self.refuted = Some(claim);
    }

    fn warn(&mut self, what: String) {
        self.evidence.warnings.push(what);
    }

    /// Finds out what gap is to be closed, and whether a solver can.
    fn doubt(&mut self, clock: &Clock) {
        let Some(bounds) = self.bounds(clock) else { return };
        let gap = Gap::new(&self.options.solve, bounds.of(self.problem.rows()).interval(OBJECTIVE));
        let width = gap.width();
        // Only of a solver's word there is a doubt.
        let best = self.best.target().filter(|_| self.is_program());
        let sought = best.map(|best| gap.at(best.cost));
        if let Some(sought) = sought.filter(|sought| *sought < FINEST_GAP * width) {
            let backend = self.backend();
            self.evidence.doubt.get_or_insert_with(|| {
                format!(
                    "the gap of {sought:.1e} is finer than {backend} can tell apart on a range \
                     of {width:.1e}"
                )
            });
        }
        self.gap = Some(gap);
        let layers = summarize(self.problem.graph(), &bounds);
        self.is_small = layers.iter().map(|layer| layer.unstable).sum::<usize>() <= SMALL;
        self.evidence.bounds = Some(bounds);
    }

    /// Proves what the solver says, as far as it is needed.
    fn prove(&mut self, clock: &Clock, observer: &mut dyn Observer) {
        let (None, Some(gap)) = (&self.evidence.empty, self.gap) else { return };
        let Some(work) = self.work() else { return };
        let Some(bounds) = self.bounds(clock) else { return };
        let is_cheap = work <= SMALL_WORK.max(self.cheap_work());
        let clock = if is_cheap { clock.share(CHEAP_SHARE) } else { *clock };
        let (memory, threads) = (self.options.limits.memory, self.options.solve.threads);
        let effort = Effort { clock, nodes: u64::MAX, memory, work, threads };
        let (problem, known) = (self.problem, self.best.clone());
        let mut seconds = 0.0;
        tracing::info!("proof: parts of the box, bounds and linear programs");
        let mut nothing = Nothing;
        let beside = Beside::only(&mut nothing);
        let proven =
            timed(&mut seconds, || prove(problem, &bounds, known, gap, &effort, beside, observer));
        self.evidence.work.seconds.certify = seconds;
        self.evidence.bounds = Some(bounds);
        match proven.bound {
            Some(bound) => {
                let bound = self.told(bound);
                tracing::info!("proof: bound {bound} after {} parts and programs", proven.nodes);
            }
            None if proven.is_empty => tracing::info!("proof: no point meets the constraints"),
            None => tracing::info!("proof: none after {} parts and programs", proven.nodes),
        }
        self.take(proven);
    }

    /// Bounds of the neurons to start a proof from.
    fn bounds(&mut self, clock: &Clock) -> Option<NeuronBounds> {
        if let Some(bounds) = self.evidence.bounds.take() {
            return Some(bounds);
        }
        let domain = self.problem.integral_domain()?;
        Crown.propagate_within(self.problem.graph(), domain, clock).ok()
    }

    /// Multiplications for a proof; `None` where none is needed or asked for.
    fn work(&self) -> Option<f64> {
        let Evidence { claim, claimed, proven, .. } = &self.evidence;
        if matches!(claim, Claim::Stopped(_)) || self.is_closed_by(*proven) {
            return None;
        }
        let is_plausible = *claim == Claim::Optimal
            && claimed.is_some_and(|bound| self.is_closed_by(bound))
            && self.evidence.doubt.is_none();
        match (self.options.certify, is_plausible) {
            (Certify::Never, true) => None,
            (Certify::Cheap, true) if self.is_small => Some(SMALL_WORK),
            (Certify::Cheap, true) => Some(self.cheap_work()),
            (Certify::Never | Certify::Cheap, false) => Some(THOROUGH_WORK.max(self.cheap_work())),
            (Certify::Always, _) => Some(f64::INFINITY),
        }
    }

    /// Moves the best point to a local optimum, that of its linear region or of one nearby, unless
    /// the bound shows that there is nothing to gain.
    fn polish(&mut self, clock: &Clock) {
        let (None, Some(best)) = (&self.evidence.empty, self.best.target()) else { return };
        let size = self.problem.objective_size(&best.input);
        let repaired = if best.exact { None } else { self.problem.repaired(best) };
        if best.exact && best.cost - self.evidence.proven <= BOUND_ROUNDING * size {
            return;
        }
        let (Some(part), Some(bounds)) = (self.problem.whole(), &self.evidence.bounds) else {
            return;
        };
        let mut seconds = 0.0;
        let point = timed(&mut seconds, || {
            let regions = Regions::new(self.problem, part, bounds)?;
            regions.descend(best, self.options.backend, clock)
        });
        self.evidence.work.seconds.polish += seconds;
        point.into_iter().chain(repaired).for_each(|point| self.best.offer(point));
    }

    fn cheap_work(&self) -> f64 {
        let Work { lp_iterations, model, .. } = &self.evidence.work;
        CHEAP_WORK + CHEAP_PASSES * *lp_iterations as f64 * model.nonzeros as f64
    }

    fn take(&mut self, proven: Proven<'a>) {
        if let Some(bound) = proven.bound {
            self.evidence.prove(bound);
        }
        if proven.is_empty {
            self.evidence.empty = Some(NO_POINT.to_string());
        }
        self.best = proven.best;
        self.stopped_by = proven.stopped_by;
        let (nodes, lp_iterations) = (proven.nodes, proven.iterations);
        self.evidence.proof = Some(ProofCounts { nodes, lp_iterations });
        // It may have found a better point than the solver claims there is.
        self.drop_what_is_refuted();
    }

    fn conclude(mut self) -> Result<Answer, OptimizeError> {
        if let Some(reason) = self.evidence.empty.take() {
            return self.infeasible(reason);
        }
        let target = self.best.target().filter(|point| point.violation == 0.0);
        // What rounding leaves is relative to the numbers that the objective is made of.
        let allowed =
            |point: &Candidate| BOUND_CONTRADICTION * self.problem.objective_size(&point.input);
        if let Some(point) =
            target.filter(|point| self.distance_beyond(self.evidence.proven) > allowed(point))
        {
            let claim = format!("proved the bound {}", self.told(self.evidence.proven));
            return Err(contradiction(point.clone(), "Taut", claim));
        }
        let (bound, by) = self.bound();
        let best = self.best.answer(self.is_closed_by(bound)).cloned();
        let recheck = self.recheck(best.as_ref());
        Ok(self.settle(best, recheck, bound, by))
    }

    fn infeasible(mut self, reason: String) -> Result<Answer, OptimizeError> {
        // A point that only just meets the constraints, or within the tolerance, may do so by
        // rounding.
        if let Some(best) = self.best.target().filter(|best| self.problem.meets_clearly(best)) {
            return Err(contradiction(best.clone(), "Taut", format!("proved that {reason}")));
        }
        self.warn(reason);
        Ok(self.answer(Status::Infeasible))
    }

    /// What is known, without a point or a bound.
    fn answer(self, status: Status) -> Answer {
        let Evidence { method, work, proof, warnings, .. } = self.evidence;
        let Work { parts, nodes, lp_iterations, model, layers, seconds } = work;
        Answer {
            status,
            stopped_by: None,
            objective: None,
            bound: None,
            bound_by: None,
            gap: None,
            input: None,
            output: None,
            recheck: None,
            method,
            certify: self.options.certify.name(),
            parts,
            nodes,
            lp_iterations,
            proof,
            model,
            layers,
            history: Vec::new(),
            seconds,
            refuted: self.refuted,
            warnings,
        }
    }

    /// Tells of the point reported, or of the one that was not good enough to be.
    fn recheck(&self, best: Option<&Candidate>) -> Option<Recheck> {
        let figure = self.evidence.figure;
        let shown = best.or(self.evidence.proposed.as_ref());
        shown.map(|point| Recheck {
            feasible: point.feasible,
            objective_size: self.problem.objective_size(&point.input),
            objective_error: figure.map(|figure| (figure - point.cost).abs()),
            violation: point.violation,
        })
    }

    /// The bound to tell, and who proved it: Taut, where that closes the gap or no other bound
    /// is better.
    fn bound(&self) -> (f64, &'static str) {
        let Evidence { proven, claimed, .. } = self.evidence;
        let better = claimed.filter(|&bound| bound > proven);
        // What is doubtful is worth no bound, nor what should have been proven and was not.
        let is_worth = self.evidence.doubt.is_none() && !self.has_to_be_proven();
        match better.filter(|_| is_worth) {
            Some(bound) if !self.is_closed_by(proven) => (bound, self.backend()),
            _ => (proven, CERTIFIED),
        }
    }

    /// Whether a solver's optimum counts only with a proof.
    fn has_to_be_proven(&self) -> bool {
        let is_asked = match self.options.certify {
            Certify::Always => true,
            Certify::Cheap => self.is_small,
            Certify::Never => false,
        };
        is_asked && self.evidence.claim == Claim::Optimal
    }

    fn settle(
        mut self,
        best: Option<Candidate>,
        recheck: Option<Recheck>,
        bound: f64,
        by: &'static str,
    ) -> Answer {
        let is_closed = bound.is_finite() && self.is_closed_by(bound);
        let stopped_by = match self.evidence.claim {
            Claim::Stopped(reason) => Some(reason),
            _ => self.stopped_by,
        };
        self.tell_of_the_claim(is_closed, recheck);
        if !is_closed {
            self.evidence.warnings.extend(self.evidence.doubt.take());
        }
        // A bound cannot be better than what is attained.
        let attained = best.as_ref().map_or(f64::INFINITY, |best| best.cost);
        if attained < bound && best.as_ref().is_some_and(|best| !best.exact) {
            self.warn(AS_GOOD_BY_TOLERANCE.to_string());
        }
        let bound = Some(bound.min(attained)).filter(|bound| bound.is_finite());
        let status = match (&best, is_closed) {
            (None, _) => Status::Unknown,
            (Some(_), true) => Status::Optimal,
            (Some(_), false) => Status::Feasible,
        };
        let gap = best.as_ref().zip(bound).map(|(best, bound)| relative_gap(best.cost, bound));
        let told = bound.map(|bound| self.told(bound));
        let (objective, input, output) = match best {
            Some(best) => (Some(best.objective), Some(best.input), Some(best.output)),
            None => (None, None, None),
        };
        Answer {
            stopped_by: stopped_by.filter(|_| !is_closed),
            objective,
            bound: told,
            bound_by: told.map(|_| by),
            gap: gap.filter(|gap| gap.is_finite()),
            input,
            output,
            recheck,
            ..self.answer(status)
        }
    }

    /// Says where an open answer is less than the solver claims.
    fn tell_of_the_claim(&mut self, is_closed: bool, recheck: Option<Recheck>) {
        // No solver claims anything of what other methods show.
        if !self.is_program() {
            let is_search = matches!(self.evidence.method, MethodRecord::Search(_));
            let has_ended = self.evidence.claim == Claim::Optimal && self.stopped_by.is_none();
            if is_search && has_ended && !is_closed && self.best.target().is_some() {
                self.warn(AS_FAR_AS_ROUNDING_LETS.to_string());
            }
            return;
        }
        let backend = self.backend();
        let claim = "says that no point meets the constraints";
        match (&self.evidence.claim, self.best.target()) {
            (Claim::Infeasible, None) => {
                self.warn(format!("{backend} {claim}; that is not proven"));
            }
            (Claim::Infeasible, Some(best)) if best.exact => {
                self.refuse(format!("{backend} {claim}, which a forward pass refutes"));
            }
            (Claim::Infeasible, Some(_)) => {
                self.warn(format!("{backend} {claim}; the point shown does up to a tolerance"));
            }
            (Claim::Optimal, _) if !is_closed && self.has_to_be_proven() => {
                self.warn(format!("{backend} says that the optimum is found; that is not proven"));
            }
            (Claim::Optimal, _) if !is_closed && self.evidence.figure.is_some() => {
                self.tell_of_the_point(recheck);
            }
            _ => {}
        }
    }

    fn tell_of_the_point(&mut self, recheck: Option<Recheck>) {
        let backend = self.backend();
        match recheck {
            Some(Recheck { feasible: false, violation, .. }) => self.warn(format!(
                "the point that {backend} proposes violates a constraint by {violation:.1e} in a \
                 forward pass"
            )),
            _ => self.warn(format!(
                "{backend} reports an optimum, but its point does not attain its value in a \
                 forward pass"
            )),
        }
    }
}
