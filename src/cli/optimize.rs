//! `taut minimize PROBLEM`, `taut maximize PROBLEM`, and what else is a question for the best
//! value: `find.rs`, `nearest.rs`.

use std::fmt::{self, Write};
use std::path::PathBuf;

use clap::builder::styling::Style;
use schemars::JsonSchema;
use serde::Serialize;
use taut::control::StoppedBy;
use taut::io::check_log;
use taut::optimize::{
    Answer, Certify, Method, MethodRecord, OptimizeOptions, PartCounts, Pool, Status, pool,
};
use taut::problem::{Problem, Reference, Sense};

use super::boxes::{BoxPictureArgs, Drawn};
use super::console::{CLOSED, OPEN, WRONG, styled};
use super::format::AnswerArgs;
use super::page::Page;
use super::point;
use super::problem::{Objective, ProblemArgs};
use super::progress::Monitor;
use super::record::Head;
use super::session::{Report, Session};
use super::settings::{FormulationArgs, SettingsArgs, methods, setting_of_programs};
use super::shared::{MemoryLimitArgs, ThreadsArgs, TimeLimitArgs, one_of};
use super::text::{count_of, number, number_above, number_below, ratio, seconds};
use super::{ANSWERED, FAILED, UNANSWERED};

/// Arguments of `minimize` and `maximize`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: SolveArgs,
    /// Seek so many points (a count), each the best of those that are --apart from all before
    /// [default: 1].
    #[arg(long, value_name = "COUNT", requires = "apart", conflicts_with = "plot", help_heading = "Question",
          value_parser = clap::value_parser!(u64).range(1..))]
    pool: Option<u64>,
    /// Distance between points of --pool: the largest difference of inputs [default: none].
    #[arg(long, value_name = "DISTANCE", requires = "pool", help_heading = "Question",
          value_parser = positive)]
    apart: Option<f64>,
}

/// A number above 0.
fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.trim().parse().ok();
    let number = number.filter(|number| *number > 0.0 && number.is_finite());
    number.ok_or_else(|| "expected a number above 0".to_string())
}

/// What is sought.
#[derive(Clone, Copy)]
pub enum Aim {
    /// The best value.
    Best(Sense),
    /// Any point.
    Point,
    /// The point nearest to something, by a norm.
    Nearest(&'static str),
}

/// A problem, and how it is solved.
#[derive(clap::Args)]
pub struct SolveArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// How the problem is solved.
    #[arg(help_heading = "Method", long, default_value = "auto", value_parser = methods())]
    solver: Method,
    #[command(flatten)]
    formulation: FormulationArgs,
    /// Parts of the box that are bounded and solved one by one (a count): more where
    /// there are few inputs.
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Method")]
    parts: usize,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    threads: ThreadsArgs,
    /// When Taut proves the solver's bound again: whatever that takes, where it is cheap
    /// beside the solve, or not at all. "Infeasible" is always proven, or not said.
    #[arg(long, default_value = Certify::default().name(), help_heading = "Method",
          value_parser = one_of(Certify::ALL.map(|certify| (certify.name(), certify))))]
    certify: Certify,
    #[command(flatten)]
    time_limit: TimeLimitArgs,
    #[command(flatten)]
    memory_limit: MemoryLimitArgs,
    /// Write the MILP solver's own log to this file [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    log_file: Option<PathBuf>,
    #[command(flatten)]
    picture: BoxPictureArgs,
    #[command(flatten)]
    format: AnswerArgs,
}

/// The answer, and what its text speaks of.
#[derive(Serialize, JsonSchema)]
pub struct Optimized {
    #[serde(flatten)]
    answer: Answer,
    /// The other points of a pool, the best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pool: Vec<Answer>,
    #[serde(skip)]
    problem: Problem,
    #[serde(skip)]
    aim: Aim,
    /// The option that has made the method milp.
    #[serde(skip)]
    implied: Option<&'static str>,
    /// The picture, where one was asked for.
    #[serde(skip)]
    picture: Option<Drawn>,
}

/// Optimises and prints.
pub fn run(args: &Args, sense: Sense, session: Session) -> anyhow::Result<u8> {
    let count = args.pool.map_or(1, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let wanted = args.apart.map(|apart| Pool { count, apart });
    args.asked.answer(&args.asked.problem, (Aim::Best(sense), wanted), session)
}

impl SolveArgs {
    /// Answers a question and prints.
    pub fn answer(
        &self,
        question: &ProblemArgs,
        (aim, wanted): (Aim, Option<Pool>),
        session: Session,
    ) -> anyhow::Result<u8> {
        session.answer(self.format.form()?, |session| find(self, question, (aim, wanted), session))
    }
}

fn find(
    args: &SolveArgs,
    question: &ProblemArgs,
    (aim, wanted): (Aim, Option<Pool>),
    session: &mut Session,
) -> anyhow::Result<Optimized> {
    args.time_limit.read(session)?;
    let implied = setting_of_programs(session).filter(|_| args.solver == Method::Auto);
    let mut options = options(args, session)?;
    if implied.is_some() {
        options.method = Method::Milp;
    }
    args.picture.check(args.solver, implied)?;
    let sense = match aim {
        Aim::Best(sense) => sense,
        Aim::Point | Aim::Nearest(_) => Sense::Minimize,
    };
    let problem = question.read(Objective::Best(Some(sense)), session)?;
    let clock = &session.clock;
    let read = clock.seconds();
    let (mut answer, picture, others) = match wanted {
        None => {
            let (answer, picture) = args.picture.answer(&problem, &options, clock)?;
            (answer, picture, Vec::new())
        }
        Some(wanted) => {
            let mut answers = pool(&problem, wanted, &options, clock, &mut Monitor)?;
            let others = answers.split_off(1);
            (answers.remove(0), None, others)
        }
    };
    answer.seconds.read = read;
    match answer.method {
        MethodRecord::Milp(_) => {
            session.head.with_backend(options.backend);
            session.head.with_tightening(options.tighten);
        }
        // Linear programs close parts, and polish the point.
        MethodRecord::Search(_) => session.head.with_backend(options.backend),
        MethodRecord::Enumerate(_) => {}
    }
    Ok(Optimized { answer, pool: others, problem, aim, implied, picture })
}

fn options(args: &SolveArgs, session: &mut Session) -> anyhow::Result<OptimizeOptions> {
    let FormulationArgs { encoding, tighten, scale } = &args.formulation;
    let threads = args.threads.read(session)?;
    let mut options = args.settings.options(threads, &tighten.time, None, session)?;
    options.encoding = *encoding;
    options.tighten = tighten.tighten;
    options.scale = *scale;
    options.parts = args.parts;
    options.method = args.solver;
    options.certify = args.certify;
    options.limits.memory = args.memory_limit.read(session)?;
    // The solver says nothing of a log that it cannot write.
    args.log_file.as_deref().map(check_log).transpose()?;
    options.solve.log_file = args.log_file.clone();
    Ok(options)
}

impl Optimized {
    /// The last answer of the pool, or the only one.
    fn last(&self) -> &Answer {
        self.pool.last().unwrap_or(&self.answer)
    }
}

impl Report for Optimized {
    const HAS_STATUS: bool = true;

    fn text(&self, head: &Head, out: &mut Page) -> fmt::Result {
        text(self, head, out)?;
        if let Some(option) = self.implied {
            writeln!(out, "  note    {option} is a setting of programs: the method is milp")?;
        }
        match &self.picture {
            Some(Drawn { file: Some(file) }) => writeln!(out, "  wrote   {}", file.display()),
            _ => Ok(()),
        }
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        self.last().stopped_by
    }

    fn exit(&self) -> u8 {
        match (&self.picture, self.last().status) {
            (Some(Drawn { file: None }), _) => FAILED,
            (_, Status::Optimal | Status::Infeasible) => ANSWERED,
            (_, Status::Feasible | Status::Unknown) => UNANSWERED,
        }
    }
}

/// The answer first, then the evidence.
fn text(found: &Optimized, head: &Head, text: &mut Page) -> fmt::Result {
    let Optimized { answer, problem, aim, .. } = found;
    headline(text, answer, (problem, *aim))?;
    if let (Some(input), Some(output)) = (&answer.input, &answer.output) {
        writeln!(text, "  at      {}", point::inputs(problem, input))?;
        writeln!(text, "  output  {}", point::outputs(problem, output))?;
    }
    if let Some(reference) = problem.reference() {
        compare(text, answer, reference)?;
    }
    if let Some(recheck) = answer.recheck {
        let verdict = match recheck.feasible {
            true => "feasible".to_string(),
            false => styled(WRONG, "NOT feasible"),
        };
        let error = recheck.objective_error;
        let error = error.map_or(String::new(), |e| format!(", solver's value off by {e:.1e}"));
        writeln!(text, "  check   forward pass: {verdict}{error}")?;
    }
    for warning in &answer.warnings {
        writeln!(text, "  {} {warning}", styled(OPEN, "warning"))?;
    }
    others(text, &found.pool, problem)?;
    evidence(text, answer, head)
}

/// The points of a pool behind the first.
fn others(text: &mut Page, pool: &[Answer], problem: &Problem) -> fmt::Result {
    for answer in pool {
        match (&answer.input, answer.objective) {
            (Some(input), Some(value)) => {
                let proven = if answer.status == Status::Optimal { "" } else { ", not proven" };
                let (value, point) = (number(value), point::inputs(problem, input));
                writeln!(text, "  next    {value}{proven} at {point}")?;
            }
            _ if answer.status == Status::Infeasible => {
                writeln!(text, "  next    none: no other point is that far away from these")?;
            }
            _ => writeln!(text, "  next    {}", styled(OPEN, "unknown"))?,
        }
        text.stopped(answer.stopped_by)?;
    }
    Ok(())
}

/// What is known, in a sentence, and its style.
pub fn sentence(answer: &Answer, problem: &Problem) -> (Style, String) {
    let extreme = match problem.sense() {
        Sense::Minimize => "minimum",
        Sense::Maximize => "maximum",
    };
    let objective = problem.objective_in_words();
    let value = answer.objective.map(number).unwrap_or_default();
    match answer.status {
        Status::Optimal => (CLOSED, format!("{extreme} of {objective} = {value}")),
        Status::Feasible => (OPEN, format!("best value found of {objective} = {value}")),
        Status::Infeasible => {
            (CLOSED, "infeasible: no point satisfies the constraints".to_string())
        }
        Status::Unknown => (OPEN, "unknown: no feasible point found, none excluded".to_string()),
    }
}

/// The same, of what was sought.
fn sentence_of(answer: &Answer, problem: &Problem, aim: Aim) -> (Style, String) {
    let value = answer.objective.map(number).unwrap_or_default();
    match (aim, answer.status) {
        (Aim::Point, Status::Optimal | Status::Feasible) => {
            let all =
                if problem.constraints().is_empty() { "" } else { " where the constraints hold" };
            (CLOSED, format!("found: a point of the box{all}"))
        }
        (Aim::Nearest(norm), Status::Optimal) => (CLOSED, format!("nearest: {norm} {value}")),
        (Aim::Nearest(norm), Status::Feasible) => (OPEN, format!("nearest found: {norm} {value}")),
        _ => sentence(answer, problem),
    }
}

fn headline(text: &mut Page, answer: &Answer, (problem, aim): (&Problem, Aim)) -> fmt::Result {
    let minimizes = problem.sense() == Sense::Minimize;
    let (style, line) = sentence_of(answer, problem, aim);
    text.headline(style, &line)?;
    let bound = answer.bound.filter(|_| !matches!(aim, Aim::Point));
    if let Some(bound) = bound {
        // Beside a value near 0, a ratio says nothing.
        let gap = match (answer.gap, answer.objective) {
            (Some(gap), Some(value)) if gap > 1.0 && (value - bound).abs() < 1.0 => {
                format!(", gap {:.1e}", (value - bound).abs())
            }
            (Some(gap), _) => format!(", relative gap {}", ratio(gap)),
            (None, _) => String::new(),
        };
        let by = match answer.bound_by {
            Some("certified") => ", certified".to_string(),
            Some(backend) => format!(", by {backend} up to its tolerances"),
            None => String::new(),
        };
        let bound = match minimizes {
            true => format!("at least {}", number_below(bound)),
            false => format!("at most {}", number_above(bound)),
        };
        writeln!(text, "  bound   {bound}{by}{gap}")?;
    }
    text.stopped(answer.stopped_by)
}

fn compare(text: &mut Page, answer: &Answer, reference: &Reference) -> fmt::Result {
    let known = number(reference.objective);
    let difference = answer.objective.map_or(String::new(), |objective| {
        format!(", differs by {:.1e}", (objective - reference.objective).abs())
    });
    writeln!(text, "  known   {known} ({}){difference}", reference.source)
}

fn evidence(text: &mut Page, answer: &Answer, head: &Head) -> fmt::Result {
    let model = answer.model;
    if let Some(PartCounts { parts, excluded, solved, left }) = answer.parts {
        let left = if left > 0 { format!(", {left} not looked at") } else { String::new() };
        writeln!(
            text,
            "\n  parts   {parts}: {excluded} without a better point by bounds alone, {solved} \
             given to the solver{left}"
        )?;
    }
    let time = seconds(answer.seconds.total);
    let method = match &answer.method {
        MethodRecord::Milp(method) => method,
        MethodRecord::Enumerate(_) => {
            let regions = answer.nodes;
            return writeln!(
                text,
                "\n  method  {regions} linear regions enumerated\n  time    {time}"
            );
        }
        MethodRecord::Search(_) => {
            let programs = match answer.lp_iterations {
                0 => String::new(),
                iterations => format!(", {iterations} simplex iterations"),
            };
            return writeln!(
                text,
                "\n  method  search: {} of the box{programs}\n  time    {time}",
                count_of(answer.nodes, "part")
            );
        }
    };
    if model.columns == 0 {
        return Ok(());
    }
    let scaled = match method.scale {
        "none" => String::new(),
        name => format!(", {name} scaling"),
    };
    writeln!(
        text,
        "{}  method  {} by {} {}, {} encoding on {} bounds{scaled}",
        if answer.parts.is_none() { "\n" } else { "" },
        answer.method.name(),
        method.backend,
        head.version(method.backend),
        method.encoding,
        method.tighten
    )?;
    writeln!(
        text,
        "  model   {} columns ({} binaries), {} rows, {} nonzeros",
        model.columns, model.binaries, model.rows, model.nonzeros
    )?;
    writeln!(
        text,
        "  search  {} nodes, {} simplex iterations",
        answer.nodes, answer.lp_iterations
    )?;
    let s = &answer.seconds;
    if let Some(proof) = answer.proof {
        let (parts, time) = (count_of(proof.nodes, "part"), seconds(s.certify));
        writeln!(text, "  proof   {parts} of the box and linear programs, {time}")?;
    }
    writeln!(
        text,
        "  time    {} (solver {}, the rest {})",
        seconds(s.total),
        seconds(s.solve),
        seconds((s.total - s.solve).max(0.0))
    )?;
    layers(text, answer)
}

/// Phases and big-M constants, a row a layer.
fn layers(text: &mut Page, answer: &Answer) -> fmt::Result {
    // Only clipped neurons can be saturated.
    let clipped = answer.layers.iter().any(|layer| layer.saturated > 0);
    let rows = answer.layers.iter().map(|layer| {
        let mut counts = vec![layer.layer, layer.neurons, layer.active, layer.inactive];
        counts.extend(clipped.then_some(layer.saturated));
        counts.push(layer.unstable);
        let mut row: Vec<String> = counts.iter().map(usize::to_string).collect();
        row.extend([layer.big_m_max, layer.big_m_mean].map(|m| format!("{m:.3}")));
        row
    });
    let mut header = vec!["layer", "neurons", "active", "inactive"];
    header.extend(clipped.then_some("saturated"));
    header.extend(["unstable", "big-M max", "mean"]);
    text.table(&header, (1, 0), &rows.collect::<Vec<_>>())
}
