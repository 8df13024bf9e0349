//! One row: a combination of bounds, scaling and encoding, or a method without programs.

use std::borrow::Cow;

use serde::Serialize;

use super::{Spread, is_closed};
use crate::control::StoppedBy;
use crate::milp::ModelSize;
use crate::optimize::{
    Answer, EnumerateRecord, Formulated, MethodRecord, MilpRecord, OptimizeError, OptimizeOptions,
    Relaxation, SearchRecord, Seconds, Status, record,
};

/// One combination or method, with medians and ranges over its seeds. What a method does not
/// have is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Method that solves, such as `milp`.
    pub solver: &'static str,
    /// Method of the bounds.
    pub tighten: &'static str,
    /// Scaling, or `none`.
    pub scale: Option<&'static str>,
    /// Encoding.
    pub encoding: Option<Cow<'static, str>>,
    /// The least that its solves came to: `optimal` and `infeasible` only if all of
    /// them did; `None` if none was made.
    pub status: Option<Status>,
    /// What ended one of its solves early, or came before the first.
    pub stopped_by: Option<StoppedBy>,
    /// Number of solves that closed the question.
    pub closed: usize,
    /// Size of the mixed-integer program.
    pub model: Option<ModelSize>,
    /// Rows of `model` that rounds of cuts have added.
    pub cuts: Option<usize>,
    /// Neurons of the network that was encoded whose phase is open.
    pub unstable: Option<usize>,
    /// Largest of their big-M constants.
    pub big_m_max: Option<f64>,
    /// Sum of their big-M constants.
    pub big_m_sum: Option<f64>,
    /// The linear relaxation at the root; its time is no part of the seconds of a solve.
    pub relaxation: Option<Relaxation>,
    /// `|v − bound| / |v|` with the bound of the relaxation and the best value `v` of all
    /// rows.
    pub root_gap: Option<f64>,
    /// Nodes of the search tree: of a search those of its boxes and programs; linear regions
    /// where these are enumerated.
    pub nodes: Option<Spread>,
    /// Simplex iterations.
    pub lp_iterations: Option<Spread>,
    /// Value of the best point.
    pub objective: Option<Spread>,
    /// Proven bound.
    pub bound: Option<Spread>,
    /// Relative gap.
    pub gap: Option<Spread>,
    /// Wall-clock seconds.
    pub seconds: RowSeconds,
    /// The solves, one per seed.
    pub runs: Vec<Run>,
    /// What went wrong.
    pub errors: Vec<String>,
    /// The errors among them that are contradictions.
    #[serde(skip)]
    pub(super) contradictions: Vec<String>,
}

/// Wall-clock seconds of a row, by phase; `None` where no solve came to a phase. Rows of
/// programs share the bounds of one method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowSeconds {
    /// Bounds: propagation and programs.
    pub bounds: Option<Spread>,
    /// Scaling, encoding, rounds of cuts.
    pub encode: Option<Spread>,
    /// Search for a first point.
    pub incumbent: Option<Spread>,
    /// In the solver, with the polishing of its point.
    pub solve: Option<Spread>,
    /// All of it.
    pub total: Option<Spread>,
}

/// One solve.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Run {
    /// Seed of the solver and of the search for a first point.
    pub seed: u32,
    /// What is known.
    pub status: Status,
    /// What ended the search early.
    pub stopped_by: Option<StoppedBy>,
    /// Value of the best point, by a forward pass.
    pub objective: Option<f64>,
    /// Proven bound.
    pub bound: Option<f64>,
    /// Relative gap.
    pub gap: Option<f64>,
    /// The best point.
    pub input: Option<Vec<f64>>,
    /// Nodes, as in [`Row::nodes`].
    pub nodes: u64,
    /// Simplex iterations.
    pub lp_iterations: Option<u64>,
    /// Wall-clock seconds by phase.
    pub seconds: Seconds,
    /// What a careful reader should know.
    pub warnings: Vec<String>,
    /// Largest violation of a constraint at the best point.
    #[serde(skip)]
    pub(super) violation: f64,
    /// Size of the numbers that the objective is made of there.
    #[serde(skip)]
    pub(super) size: f64,
}

impl Row {
    pub(super) fn new(options: &OptimizeOptions) -> Self {
        let (tighten, scale, encoding) = match record(options) {
            MethodRecord::Milp(MilpRecord { tighten, scale, encoding, .. }) => {
                (tighten, Some(scale), Some(encoding))
            }
            MethodRecord::Search(SearchRecord { tighten })
            | MethodRecord::Enumerate(EnumerateRecord { tighten }) => (tighten, None, None),
        };
        Self {
            solver: options.method.name(),
            tighten,
            scale,
            encoding,
            status: None,
            stopped_by: None,
            closed: 0,
            model: None,
            cuts: None,
            unstable: None,
            big_m_max: None,
            big_m_sum: None,
            relaxation: None,
            root_gap: None,
            nodes: None,
            lp_iterations: None,
            objective: None,
            bound: None,
            gap: None,
            seconds: RowSeconds::default(),
            runs: Vec::new(),
            errors: Vec::new(),
            contradictions: Vec::new(),
        }
    }

    /// What the combination or the method is called in messages.
    pub fn name(&self) -> String {
        match (&self.encoding, self.scale) {
            (Some(encoding), Some(scale)) => {
                format!("{encoding} on {} bounds, scaling {scale}", self.tighten)
            }
            _ => self.solver.to_string(),
        }
    }

    /// The row as one line for readers.
    pub fn in_words(&self) -> String {
        let mut line = format!("{}: {}", self.name(), self.status_in_words());
        let number =
            |of: Option<Spread>| of.map_or("none".to_string(), |s| format!("{:.6}", s.median));
        if !self.runs.is_empty() {
            let (value, bound) = (number(self.objective), number(self.bound));
            let seconds = self.seconds.total.map_or(0.0, |total| total.median);
            line += &format!(", value {value}, bound {bound}, {seconds:.2} s");
        }
        line
    }

    /// The status, or why there is none.
    pub fn status_in_words(&self) -> &'static str {
        match (self.status, self.stopped_by) {
            (Some(status), _) => status.name(),
            (None, Some(_)) => "stopped",
            (None, None) => "failed",
        }
    }

    pub(super) fn fail(&mut self, error: &OptimizeError) {
        if matches!(error, OptimizeError::Contradiction { .. }) {
            self.contradictions.push(error.to_string());
        }
        self.errors.push(error.to_string());
    }

    pub(super) fn describe(&mut self, formulated: &Formulated<'_>) {
        let layers = &formulated.layers;
        self.model = Some(formulated.encoded.model.size());
        self.cuts = Some(formulated.cuts.rows);
        self.unstable = Some(layers.iter().map(|layer| layer.unstable).sum());
        self.big_m_max = Some(layers.iter().map(|layer| layer.big_m_max).fold(0.0, f64::max));
        let sums = layers.iter().map(|layer| layer.big_m_mean * layer.unstable as f64);
        // The sum of nothing is −0.
        self.big_m_sum = Some(0.0 + sums.sum::<f64>());
    }

    pub(super) fn summarize(&mut self) {
        let runs = &self.runs;
        self.closed = runs.iter().filter(|run| is_closed(run.status)).count();
        self.status = runs.iter().map(|run| run.status).max_by_key(|status| match status {
            Status::Optimal | Status::Infeasible => 0,
            Status::Feasible => 1,
            Status::Unknown => 2,
        });
        self.stopped_by = self.stopped_by.or(runs.iter().find_map(|run| run.stopped_by));
        let known = |of: fn(&Run) -> Option<f64>| Spread::of(runs.iter().filter_map(of));
        self.nodes = known(|run| Some(run.nodes as f64));
        self.lp_iterations = known(|run| run.lp_iterations.map(|count| count as f64));
        self.objective = known(|run| run.objective);
        self.bound = known(|run| run.bound);
        self.gap = known(|run| run.gap);
        // A phase that took no time was none.
        let seconds = |of: fn(&Seconds) -> f64| {
            let spread = Spread::of(runs.iter().map(|run| of(&run.seconds)));
            spread.filter(|spread| spread.max > 0.0)
        };
        self.seconds = RowSeconds {
            bounds: seconds(|s| s.bounds + s.tighten),
            encode: seconds(|s| s.scale + s.encode),
            incumbent: seconds(|s| s.incumbent),
            solve: seconds(|s| s.solve + s.polish),
            total: seconds(|s| s.total),
        };
    }
}

impl Run {
    pub(super) fn new(seed: u32, answer: &Answer) -> Self {
        Self {
            seed,
            status: answer.status,
            stopped_by: answer.stopped_by,
            objective: answer.objective,
            bound: answer.bound,
            gap: answer.gap,
            input: answer.input.clone(),
            nodes: answer.nodes,
            lp_iterations: match answer.method {
                MethodRecord::Milp(_) | MethodRecord::Search(_) => Some(answer.lp_iterations),
                MethodRecord::Enumerate(_) => None,
            },
            seconds: answer.seconds,
            warnings: answer.warnings.clone(),
            violation: answer.recheck.map_or(0.0, |recheck| recheck.violation),
            size: answer.recheck.map_or(0.0, |recheck| recheck.objective_size),
        }
    }
}
