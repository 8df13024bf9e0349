//! What the solver is told of the point that Taut has found before the solve.

use std::borrow::Cow;

use super::Formulated;
use crate::milp::Model;
use crate::num::tolerance::CUTOFF_MARGIN;
use crate::problem::{Candidate, Problem};
use crate::solve::{Solution, SolveOptions, TerminationStatus};

/// What the solver is told of the best point known before the solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KnownPoint {
    /// The point, to start from.
    #[default]
    Start,
    /// Its value: a row asks for points that are as good. What is left is the proof.
    Cutoff,
    /// Both.
    Both,
    /// Nothing.
    Unused,
}

/// The most that the objective, signed, may be where points are to be as good as a known one;
/// that one stays inside, whatever the tolerances.
pub fn cutoff(problem: &Problem, point: &Candidate) -> f64 {
    point.cost + CUTOFF_MARGIN * problem.objective_size(&point.input)
}

/// A program as the solver gets it.
pub struct Prepared<'a> {
    pub program: Cow<'a, Model>,
    /// The known value that the row of the cut-off stands for.
    cutoff: Option<f64>,
}

impl KnownPoint {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Start, Self::Cutoff, Self::Both, Self::Unused];

    /// Name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Cutoff => "cutoff",
            Self::Both => "both",
            Self::Unused => "unused",
        }
    }

    /// Puts what is known of `point` into program and settings.
    pub(super) fn apply<'a>(
        self,
        formulated: &'a Formulated<'_>,
        point: Option<&Candidate>,
        settings: &mut SolveOptions,
    ) -> Prepared<'a> {
        let Formulated { problem, encoded, .. } = formulated;
        let unchanged = Prepared { program: Cow::Borrowed(&encoded.model), cutoff: None };
        let Some(point) = point else { return unchanged };
        if matches!(self, Self::Start | Self::Both) {
            settings.start = encoded.assignment(problem.graph(), &point.input);
        }
        if !matches!(self, Self::Cutoff | Self::Both) {
            return unchanged;
        }
        let mut program = encoded.model.clone();
        let objective = program.objective.clone();
        let most = cutoff(problem, point);
        program.range("cutoff".to_string(), objective, f64::NEG_INFINITY, most);
        Prepared { program: Cow::Owned(program), cutoff: Some(point.cost) }
    }
}

impl Prepared<'_> {
    /// What a solution of the program means for the problem: with a cut-off,
    /// "infeasible" says that nothing is better than the known point.
    pub fn interpret(&self, solution: &mut Solution) {
        if let (Some(known), TerminationStatus::Infeasible) = (self.cutoff, solution.status) {
            solution.status = TerminationStatus::Optimal;
            solution.objective_bound = Some(known);
        }
    }
}
