//! One row: what the runs of a variant come to, one with each seed.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bench::record::Record;
use crate::bench::variant::Variant;
use crate::bounds::LayerSummary;
use crate::control::StoppedBy;
use crate::milp::ModelSize;
use crate::num::statistics::Spread;
use crate::optimize::{Method, Relaxation};

/// A variant, with medians and ranges over its seeds. What it does not have is `None`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// The variant, as records and messages call it.
    pub variant: String,
    /// Method that solves, such as `milp`; none of a property.
    pub solver: Option<String>,
    /// Method of the bounds.
    pub tighten: Option<String>,
    /// Scaling, or `none`.
    pub scale: Option<String>,
    /// Encoding.
    pub encoding: Option<String>,
    /// Threads.
    pub threads: Option<u64>,
    /// The least that its solves came to: `optimal` and `infeasible` only if all of
    /// them did; `None` if none was made.
    pub status: Option<String>,
    /// Of a property, likewise: `sat` or `unsat` only if all of them decided.
    pub verdict: Option<String>,
    /// What ended one of its runs early.
    pub stopped_by: Option<StoppedBy>,
    /// Number of runs that closed the question.
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
    /// Boxes of a property.
    pub parts: Option<usize>,
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
    /// The runs, one per seed.
    pub runs: Vec<Record>,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// Wall-clock seconds of a row, by phase; `None` where no solve came to a phase. Rows of
/// programs share the bounds of one method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
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

/// What the first of some runs tells that tells it.
fn first<T: DeserializeOwned>(runs: &[Record], pointer: &str) -> Option<T> {
    runs.iter().find_map(|run| run.told(pointer))
}

impl Row {
    /// Of the runs of a variant.
    pub(super) fn of(variant: &Variant, runs: Vec<Record>) -> Self {
        let setting = |option: &str| variant.value(option).map(str::to_string);
        let solved: Vec<&Record> = runs.iter().filter(|run| !run.outcome.is_failure()).collect();
        let least = solved.iter().max_by_key(|run| {
            if run.outcome.is_solved() { 0 } else { 1 + u8::from(run.value.is_none()) }
        });
        let spread = |figure: &dyn Fn(&Record) -> Option<f64>| {
            Spread::of(solved.iter().filter_map(|run| figure(run)))
        };
        // Only programs have these.
        let cuts = first(&runs, "/cuts");
        let layers = first::<Vec<LayerSummary>>(&runs, "/layers").filter(|_| cuts.is_some());
        let big_m_sum = |layers: &Vec<LayerSummary>| -> f64 {
            // The sum of nothing is −0.
            0.0 + layers.iter().map(LayerSummary::big_m_sum).sum::<f64>()
        };
        let big_m_max =
            |layers: &Vec<LayerSummary>| layers.iter().map(|l| l.big_m_max).fold(0.0, f64::max);
        let solver = setting("solver");
        let is_walk = solver.as_deref() == Some(Method::Enumerate.name());
        Self {
            variant: variant.name.clone(),
            tighten: setting("tighten").or_else(|| first(&runs, "/tighten")),
            scale: setting("scale"),
            encoding: setting("encoding"),
            threads: runs.first().map(|run| run.threads),
            status: least.and_then(|run| run.told("/status")),
            verdict: least.and_then(|run| run.told("/verdict")),
            stopped_by: first(&runs, "/stopped_by"),
            closed: solved.iter().filter(|run| run.outcome.is_solved()).count(),
            model: first(&runs, "/model").filter(|_| cuts.is_some()),
            cuts,
            unstable: layers.as_ref().map(|l| l.iter().map(|layer| layer.unstable).sum()),
            big_m_max: layers.as_ref().map(big_m_max),
            big_m_sum: layers.as_ref().map(big_m_sum),
            relaxation: first(&runs, "/relaxation"),
            root_gap: None,
            parts: first(&runs, "/parts"),
            nodes: spread(&|run| run.told("/nodes")),
            lp_iterations: spread(&|run| run.told("/lp_iterations")).filter(|_| !is_walk),
            objective: spread(&|run| run.value),
            bound: spread(&|run| run.bound),
            gap: spread(&|run| run.told("/gap")),
            seconds: RowSeconds::of(&solved),
            errors: runs.iter().filter_map(|run| run.error.clone()).collect(),
            solver,
            runs,
        }
    }

    /// The row as one line for readers.
    pub fn in_words(&self) -> String {
        let mut line = format!("{}: {}", self.variant, self.status_in_words());
        let number = |of: Spread| format!("{:.6}", of.median);
        if let Some(total) = self.seconds.total {
            let figures = [("value", self.objective), ("bound", self.bound)];
            for (name, figure) in figures.into_iter().filter(|_| self.verdict.is_none()) {
                line += &format!(", {name} {}", figure.map_or("none".to_string(), number));
            }
            line += &format!(", {:.2} s", total.median);
        }
        line
    }

    /// The status or the verdict, or that there is none.
    pub fn status_in_words(&self) -> &str {
        self.status.as_deref().or(self.verdict.as_deref()).unwrap_or("failed")
    }
}

impl RowSeconds {
    fn of(runs: &[&Record]) -> Self {
        let of = |figure: &dyn Fn(&Record) -> Option<f64>| {
            Spread::of(runs.iter().filter_map(|run| figure(run)))
        };
        let told = |run: &Record, phase: &str| run.told::<f64>(&format!("/seconds/{phase}"));
        // A phase that took no time was none.
        let phases = |[one, other]: [&str; 2]| {
            let sum = of(&|run| Some(told(run, one)? + told(run, other)?));
            sum.filter(|sum| sum.max > 0.0)
        };
        Self {
            bounds: phases(["bounds", "tighten"]),
            encode: phases(["scale", "encode"]),
            incumbent: of(&|run| told(run, "incumbent")).filter(|sum| sum.max > 0.0),
            solve: phases(["solve", "polish"]),
            total: of(&|run| Some(run.seconds)),
        }
    }
}
