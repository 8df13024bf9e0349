//! How a problem becomes a program, and how that is solved.

use std::time::Duration;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{ArgAction, Args};
use taut::control::Limits;
use taut::encode::{ENCODINGS, ReluEncoding};
use taut::optimize::{KnownPoint, Method, OptimizeOptions};
use taut::solve::{BACKENDS, Backend, Preset, SolveOptions};
use taut::tighten::TightenOptions;

use super::quantity;
use super::session::Session;
use super::shared::{
    ScaleChoice, TightenArgs, TightenTimeArgs, encoding_help, encodings, one_of, scalings_or_none,
};

/// One of the methods.
pub fn methods() -> impl TypedValueParser<Value = Method> {
    one_of(Method::ALL.map(described))
}

/// One of the methods that `auto` chooses from.
pub fn methods_but_auto() -> impl TypedValueParser<Value = Method> {
    one_of(Method::ALL.into_iter().filter(|method| *method != Method::Auto).map(described))
}

fn described(method: Method) -> (PossibleValue, Method) {
    let help = match method {
        Method::Auto => {
            "The best for the problem: search, and milp where that does not end; milp where a \
             setting of programs is given"
        }
        Method::Search => "Taut's own branch and bound over boxes, certified",
        Method::Milp => "A mixed-integer encoding in a MILP solver",
        Method::Enumerate => {
            "All linear regions, with a linear program each where there are not two inputs"
        }
    };
    (PossibleValue::new(method.name()).help(help), method)
}

/// Options that are settings of programs: fields, and what a user types.
const PROGRAM_OPTIONS: [(&str, &str); 10] = [
    ("encoding", "--encoding"),
    ("tighten", "--tighten"),
    ("tighten_time", "--tighten-time"),
    ("scale", "--scale"),
    ("parts", "--parts"),
    ("backend", "--backend"),
    ("preset", "--preset"),
    ("known_point", "--known-point"),
    ("presolve", "--presolve"),
    ("log_file", "--log-file"),
];

/// A setting of programs that was given, if one was.
pub fn setting_of_programs(session: &Session) -> Option<&'static str> {
    let given = PROGRAM_OPTIONS.into_iter().find(|(field, _)| session.is_given(field));
    given.map(|(_, option)| option)
}

/// How a problem becomes a mixed-integer program.
#[derive(Args)]
pub struct FormulationArgs {
    #[arg(help_heading = "Method", long, value_name = "NAME", help = encoding_help(),
          hide_possible_values = true,
          default_value = ENCODINGS[0].name(), value_parser = encodings())]
    pub encoding: &'static dyn ReluEncoding,
    #[command(flatten)]
    pub tighten: TightenArgs,
    /// Scaling of the network before it is encoded.
    #[arg(help_heading = "Method", long, default_value = "none",
          value_parser = scalings_or_none())]
    pub scale: ScaleChoice,
}

/// Settings of the MILP solver.
#[derive(Args)]
pub struct SettingsArgs {
    /// MILP solver behind the method milp.
    #[arg(help_heading = "Solver", long, default_value = BACKENDS[0].name(),
          value_parser = one_of(BACKENDS.iter().map(|&backend| (backend.name(), backend))))]
    backend: &'static dyn Backend,
    /// Heuristics of the MILP solver: its own defaults, or without those that
    /// keep HiGHS from branching on ReLU models.
    #[arg(help_heading = "Solver", long, default_value = Preset::default().name(),
          value_parser = one_of(Preset::ALL.map(|preset| (preset.name(), preset))))]
    preset: Preset,
    /// What the solver is told of the best point found before the solve: the point to
    /// start from, its value as a cut-off, both, or nothing.
    #[arg(help_heading = "Solver", long, default_value = KnownPoint::default().name(),
          value_parser = one_of(KnownPoint::ALL.map(|known| (known.name(), known))))]
    known_point: KnownPoint,
    /// Whether HiGHS presolves; other solvers have no such switch.
    #[arg(help_heading = "Solver", long, default_value = "on", action = ArgAction::Set,
          value_parser = one_of([("on", true), ("off", false)]))]
    presolve: bool,
    /// Relative gap |value - bound| / |value| at which the answer counts as
    /// optimal (a ratio, or per cent: 0.01%).
    #[arg(
        long,
        value_name = "RATIO",
        default_value = "1e-4",
        allow_hyphen_values = true,
        help_heading = "Limits",
        value_parser = quantity::ratio
    )]
    gap: f64,
    /// Absolute gap at which the answer counts as optimal (units of the objective); so
    /// much less as the range of the objective is below 1 [default: 1e-6].
    #[arg(long, value_name = "GAP", allow_hyphen_values = true, help_heading = "Limits")]
    absolute_gap: Option<f64>,
    /// Limit on the nodes of the search tree (a count) [default: none].
    #[arg(long, value_name = "NODES", help_heading = "Limits")]
    node_limit: Option<u64>,
    /// Seed of all random choices (a whole number); the first, where there are several.
    #[arg(help_heading = "Solver", long, value_name = "SEED", default_value_t = 0)]
    pub seed: u32,
}

impl SettingsArgs {
    /// The options of a solve that may take `time`, for the record too; encoding, bounds and
    /// scaling are the defaults.
    ///
    /// # Errors
    /// What is out of range.
    pub fn options(
        &self,
        threads: usize,
        tighten_time: &TightenTimeArgs,
        time: Option<Duration>,
        session: &mut Session,
    ) -> anyhow::Result<OptimizeOptions> {
        let tighten_time = tighten_time.read(session)?;
        session.head.seed = Some(self.seed.into());
        session.head.limits.nodes = self.node_limit;
        let within = |time| Limits { time, ..session.clock.limits() };
        let options = OptimizeOptions {
            backend: self.backend,
            known_point: self.known_point,
            tightening: TightenOptions {
                threads,
                seed: self.seed,
                limits: within(tighten_time),
                ..TightenOptions::default()
            },
            solve: SolveOptions {
                relative_gap: self.gap,
                absolute_gap: self.absolute_gap,
                threads,
                seed: self.seed,
                preset: self.preset,
                presolve: self.presolve,
                ..SolveOptions::default()
            },
            limits: Limits { nodes: self.node_limit, ..within(time) },
            ..OptimizeOptions::default()
        };
        options.limits.validate()?;
        options.solve.validate()?;
        Ok(options)
    }
}
