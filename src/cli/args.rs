//! The arguments of all commands.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use taut::encode::{self, ENCODING_FAMILIES, ENCODINGS, ReluEncoding};
use taut::optimize::{Certify, KnownPoint};
use taut::scale::{Balance, SCALINGS, Scaling};
use taut::solve::{BACKENDS, Preset};
use taut::tighten::{Goal, Tightening};

use super::recipe::RecipeArgs;

/// Exact answers about trained ReLU networks.
#[derive(Parser)]
#[command(version, about, after_help = EXIT_STATUS, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Tell more on stderr (twice: much more).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// No progress and no warnings.
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
}

const EXIT_STATUS: &str = "Exit status: 0 answered, 1 error, 2 wrong usage, \
3 a limit or an interrupt came first (what is known is printed).";

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Layers, shapes, parameters and operators of a network.
    Info(InfoArgs),
    /// Least value of an expression of a network's inputs and outputs over a box.
    Minimize(OptimizeArgs),
    /// Largest value of an expression of a network's inputs and outputs over a box.
    Maximize(OptimizeArgs),
    /// Bounds and phase of every neuron, stable counts, big-M constants.
    Bounds(BoundsArgs),
    /// Why a problem is easy or hard: big-M constants, stable neurons, linear regions,
    /// Lipschitz bounds, sensitivity and complexity in one table.
    Analyze(AnalyzeArgs),
    /// Number of linear regions in the box; lists and draws them.
    Regions(RegionsArgs),
    /// Writes the same function with smaller big-M constants.
    Scale(ScaleArgs),
    /// Trains a network on samples of a test function, a table or images, as a recipe says.
    Train(Box<TrainArgs>),
    /// Writes a network in another format, by file name extension (.onnx, .json).
    Convert(ConvertArgs),
    /// The same problem under several encodings, bounds and scalings: one row a
    /// combination, checked against each other.
    Compare(CompareArgs),
    /// Writes a problem as a mixed-integer program for other solvers, by file name
    /// extension (.mps, .lp).
    Export(ExportArgs),
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Format {
    /// For readers.
    Text,
    /// One JSON object with a stable schema.
    Json,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum TableFormat {
    /// For readers.
    Text,
    /// One JSON object with a stable schema.
    Json,
    /// Comma-separated values with a header, one line a row.
    Csv,
}

/// Arguments of `info`.
#[derive(Args)]
pub struct InfoArgs {
    /// Network file (.onnx, .json).
    pub network: PathBuf,
    /// Print the graph of layers in the DOT language of Graphviz instead.
    #[arg(long, conflicts_with = "format")]
    pub dot: bool,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

/// Arguments of `train`.
#[derive(Args)]
pub struct TrainArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Network file to write (.onnx, .json) [default: none, only figures].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// File for the losses of each epoch, one JSON object a line.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub log: Option<PathBuf>,
    /// File for a picture of the losses (.svg, .png).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub plot: Option<PathBuf>,
    /// File that is written every half minute and on a limit or Ctrl-C, to go on from.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub checkpoint: Option<PathBuf>,
    /// Go on from such a file; the end is that of a training that was not interrupted.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Time limit for the training, after the samples are read (seconds) [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub time_limit: Option<f64>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

/// Arguments of `convert`.
#[derive(Args)]
pub struct ConvertArgs {
    /// Network file to read; with --prune, also an instance file (.toml).
    pub input: PathBuf,
    /// Network file to write.
    pub output: PathBuf,
    #[command(flatten)]
    pub domain: BoxArgs,
    /// Words on where the network comes from, stored in the file.
    #[arg(long, value_name = "TEXT")]
    pub origin: Option<String>,
    /// Leave out the neurons that are constant, linear or unread on the domain, and write
    /// the bounds that prove it to OUTPUT.bounds.json.
    #[arg(long)]
    pub prune: bool,
    #[command(flatten)]
    pub tighten: TightenArgs,
    /// Threads of the tightening (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
}

/// Arguments of `export`.
#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Least or largest value [default: what the instance says, or minimize].
    #[arg(long, value_enum, help_heading = "Question")]
    pub sense: Option<Sense>,
    /// File to write (.mps, .lp).
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub formulation: FormulationArgs,
    /// Threads of the tightening (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

/// Direction of the optimisation.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Sense {
    /// The least value.
    Minimize,
    /// The largest value.
    Maximize,
}

/// Arguments of `scale`.
#[derive(Args)]
pub struct ScaleArgs {
    /// Network file (.onnx, .json) with a box, or instance file (.toml).
    pub network: PathBuf,
    /// Network file to write (.onnx, .json) [default: none, only figures].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub domain: BoxArgs,
    /// Method that chooses the factors.
    #[arg(long, default_value = Balance.name(), help_heading = "Method",
          value_parser = PossibleValuesParser::new(SCALINGS.iter().map(|s| s.name())))]
    pub scale: String,
    /// Method that bounds the neurons; their big-M constants come from it.
    #[arg(long, default_value = "interval", help_heading = "Method",
          value_parser = PossibleValuesParser::new(Tightening::all().into_iter().map(Tightening::name)))]
    pub tighten: String,
    /// Time for linear programs, all layers together (seconds) [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub tighten_time: Option<f64>,
    /// Threads (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

/// A box of inputs.
#[derive(Args, Clone)]
pub struct BoxArgs {
    /// Lower bounds of the inputs: one number for all, or one an input,
    /// separated by commas [default: those in the file].
    #[arg(
        help_heading = "Question",
        long,
        value_name = "NUMBERS",
        allow_hyphen_values = true,
        requires = "upper"
    )]
    pub lower: Option<String>,
    /// Upper bounds of the inputs, likewise [default: those in the file].
    #[arg(
        help_heading = "Question",
        long,
        value_name = "NUMBERS",
        allow_hyphen_values = true,
        requires = "lower"
    )]
    pub upper: Option<String>,
    /// Bounds of the inputs from a file: CSV with two columns, lower and upper,
    /// one line an input; or OMLT's NAME.bounds.json.
    #[arg(help_heading = "Question", long = "box", value_name = "FILE", conflicts_with_all = ["lower", "upper"])]
    pub file: Option<PathBuf>,
}

/// A network, its box and a question.
#[derive(Args)]
pub struct ProblemArgs {
    /// Instance file (.toml), or network file (.onnx, .json) with a box.
    pub problem: PathBuf,
    #[command(flatten)]
    pub domain: BoxArgs,
    /// What to optimise, such as "y0 - 2 y1 + 0.5 x0" [default: the
    /// instance's, or y0 where the network has one output].
    #[arg(help_heading = "Question", long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub objective: Option<String>,
    /// Constraint on inputs and outputs, such as "x0 + x1 <= 2"; repeatable, in
    /// addition to the instance's.
    #[arg(
        help_heading = "Question",
        long = "constraint",
        value_name = "CONSTRAINT",
        allow_hyphen_values = true
    )]
    pub constraints: Vec<String>,
    /// Indices of the inputs that must be whole numbers, separated by commas
    /// [default: the instance's, or none].
    #[arg(help_heading = "Question", long, value_name = "INDICES", value_delimiter = ',')]
    pub integer: Option<Vec<usize>>,
}

/// How neurons are bounded.
#[derive(Args)]
pub struct TightenArgs {
    /// Method that bounds the neurons; their big-M constants come from it.
    #[arg(long, default_value = "crown", help_heading = "Method",
          value_parser = PossibleValuesParser::new(Tightening::all().into_iter().map(Tightening::name)))]
    pub tighten: String,
    /// Time for the programs of lp and milp, all layers together (seconds)
    /// [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub tighten_time: Option<f64>,
}

/// How a problem becomes a mixed-integer program.
#[derive(Args)]
pub struct FormulationArgs {
    #[arg(help_heading = "Method", long, value_name = "NAME", help = encoding_help(),
          default_value = ENCODINGS[0].name(), value_parser = encode::encoding)]
    pub encoding: &'static dyn ReluEncoding,
    #[command(flatten)]
    pub tighten: TightenArgs,
    /// Scaling of the network before it is encoded.
    #[arg(help_heading = "Method", long, default_value = "none", value_parser = scalings())]
    pub scale: String,
}

/// Arguments of `bounds`.
#[derive(Args)]
pub struct BoundsArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    #[command(flatten)]
    pub tighten: TightenArgs,
    /// What the programs of lp and milp seek: narrow bounds, or only the phases of
    /// the neurons, which is faster.
    #[arg(long, default_value = Goal::default().name(), help_heading = "Method",
          value_parser = PossibleValuesParser::new(Goal::ALL.map(Goal::name)))]
    pub goal: String,
    /// Threads (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Save the bounds of all neurons to this file (.json).
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save: Option<PathBuf>,
    /// Take the bounds from a file that --save wrote for the same problem.
    #[arg(long, value_name = "FILE", conflicts_with = "tighten", help_heading = "Method")]
    pub load: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

/// Names, and what the parameters in them may be.
fn encoding_help() -> String {
    let names = encode::encoding_names().join(", ");
    let parameters = ENCODING_FAMILIES.iter();
    let parameters = parameters.map(|f| format!("; {} is {}", f.parameter, f.expected));
    format!(
        "Encoding of the neurons whose phase is open: {names}{}",
        parameters.collect::<String>()
    )
}

/// Arguments of `analyze`.
#[derive(Args)]
pub struct AnalyzeArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Methods that bound the neurons.
    #[arg(long, default_value = "interval,crown,alpha,lp", help_heading = "Method",
          value_name = "NAMES", value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Tightening::all().into_iter().map(Tightening::name)))]
    pub tighten: Vec<String>,
    /// Points for sensitivity and complexity (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 1000, help_heading = "Method")]
    pub samples: usize,
    /// Segments on which linear pieces are counted (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 100, help_heading = "Method")]
    pub chords: usize,
    /// Seed of points and segments (a whole number).
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Method")]
    pub seed: u32,
    /// Time for the programs of lp and milp, all layers together (seconds)
    /// [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub tighten_time: Option<f64>,
    /// Time for counting regions (seconds).
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60.0,
        allow_hyphen_values = true,
        help_heading = "Limits"
    )]
    pub regions_time: f64,
    /// Threads (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: TableFormat,
}

/// Arguments of `regions`.
#[derive(Args)]
pub struct RegionsArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// How regions are counted: exactly (in the plane, or by linear programs in any number
    /// of inputs), by an upper bound, or by random points.
    #[arg(long, default_value = "auto", help_heading = "Method", value_parser = region_methods())]
    pub method: String,
    /// Two inputs that vary, such as 0,3; the others are fixed [default: all vary].
    #[arg(long, value_name = "INPUTS", value_delimiter = ',', help_heading = "Question")]
    pub slice: Option<Vec<usize>>,
    /// Where the other inputs of a slice are fixed: one number for all, or one an input
    /// [default: the middle of the box].
    #[arg(
        long,
        value_name = "NUMBERS",
        allow_hyphen_values = true,
        requires = "slice",
        help_heading = "Question"
    )]
    pub at: Option<String>,
    /// Also count linear pieces (neighbouring regions with the same affine map merged) and
    /// distinct affine maps. Takes memory for every region.
    #[arg(long, help_heading = "Method")]
    pub pieces: bool,
    /// Points of the method sample (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, help_heading = "Method")]
    pub samples: usize,
    /// Seed of these points (a whole number).
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "Method")]
    pub seed: u32,
    /// Time limit for the count (seconds) [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub time_limit: Option<f64>,
    /// Stop when so many regions are found (a count) [default: none].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub cell_limit: Option<u64>,
    /// Threads (a count); one where regions are listed or drawn [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Write every region to this file, one JSON object a line [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub list: Option<PathBuf>,
    /// Draw the regions to this file (.svg, .png): coloured by the objective, with the
    /// boundaries of each layer [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub plot: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}

fn region_methods() -> PossibleValuesParser {
    let value = |method: taut::regions::Method| match method {
        taut::regions::Method::Auto => PossibleValue::new(method.name()).alias("exact"),
        _ => PossibleValue::new(method.name()),
    };
    PossibleValuesParser::new(taut::regions::Method::ALL.map(value))
}

/// Arguments of `compare`.
#[derive(Args)]
pub struct CompareArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// Least or largest value [default: what the instance says, or minimize].
    #[arg(long, value_enum, help_heading = "Question")]
    pub sense: Option<Sense>,
    #[arg(help_heading = "Method", long, value_name = "NAMES", help = encoding_help(),
          value_delimiter = ',', value_parser = encode::encoding,
          default_value = "big-m,big-m+cuts,split,multiple-choice,partition:2")]
    pub encoding: Vec<&'static dyn ReluEncoding>,
    /// Methods that bound the neurons.
    #[arg(long, default_value = "crown", help_heading = "Method", value_name = "NAMES",
          value_delimiter = ',',
          value_parser = PossibleValuesParser::new(Tightening::all().into_iter().map(Tightening::name)))]
    pub tighten: Vec<String>,
    /// Scalings of the network before it is encoded.
    #[arg(help_heading = "Method", long, default_value = "none", value_name = "NAMES",
          value_delimiter = ',', value_parser = scalings())]
    pub scale: Vec<String>,
    /// Solves of each combination, each with a seed of its own (a count).
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Method")]
    pub seeds: u32,
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Time limit for each solve, and for the bounds of each method (seconds)
    /// [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub time_limit: Option<f64>,
    /// Time for the programs of lp and milp, all layers together (seconds)
    /// [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub tighten_time: Option<f64>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: TableFormat,
}

/// The names of scalings, and `none`.
fn scalings() -> PossibleValuesParser {
    PossibleValuesParser::new(std::iter::once("none").chain(SCALINGS.iter().map(|s| s.name())))
}

/// Settings of the MILP solver.
#[derive(Args)]
pub struct SettingsArgs {
    /// MILP solver behind the method milp.
    #[arg(help_heading = "Solver", long, default_value = BACKENDS[0].name(),
          value_parser = PossibleValuesParser::new(BACKENDS.iter().map(|s| s.name())))]
    pub backend: String,
    /// Heuristics of the MILP solver: its own defaults, or without those that
    /// keep HiGHS from branching on ReLU models.
    #[arg(help_heading = "Solver", long, default_value = Preset::default().name(),
          value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::name)))]
    pub preset: String,
    /// What the solver is told of the best point found before the solve: the point to
    /// start from, its value as a cut-off, both, or nothing.
    #[arg(help_heading = "Solver", long, default_value = KnownPoint::default().name(),
          value_parser = PossibleValuesParser::new(KnownPoint::ALL.map(KnownPoint::name)))]
    pub known_point: String,
    /// Whether HiGHS presolves; other solvers have no such switch.
    #[arg(help_heading = "Solver", long, value_enum, default_value = "on")]
    pub presolve: Switch,
    /// Relative gap |value - bound| / |value| at which the answer counts as
    /// optimal (a ratio).
    #[arg(
        long,
        value_name = "RATIO",
        default_value_t = 1e-4,
        allow_hyphen_values = true,
        help_heading = "Limits"
    )]
    pub gap: f64,
    /// Absolute gap at which the answer counts as optimal (units of the objective); so
    /// much less as the range of the objective is below 1 [default: 1e-6].
    #[arg(long, value_name = "GAP", allow_hyphen_values = true, help_heading = "Limits")]
    pub absolute_gap: Option<f64>,
    /// Limit on the nodes of the search tree (a count) [default: none].
    #[arg(long, value_name = "NODES", help_heading = "Limits")]
    pub node_limit: Option<u64>,
    /// Threads (a count) [default: all cores].
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub threads: Option<usize>,
    /// Seed of all random choices (a whole number); the first, where there are several.
    #[arg(help_heading = "Solver", long, value_name = "SEED", default_value_t = 0)]
    pub seed: u32,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

/// Method of optimisation.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Method {
    /// The best for the problem; at present always milp.
    Auto,
    /// A mixed-integer encoding in a MILP solver.
    Milp,
    /// All linear regions, with a linear program each where there are not two inputs.
    Enumerate,
}

/// Arguments of `minimize` and `maximize`.
#[derive(Args)]
pub struct OptimizeArgs {
    #[command(flatten)]
    pub problem: ProblemArgs,
    /// How the problem is solved.
    #[arg(help_heading = "Method", long, value_enum, default_value = "auto")]
    pub solver: Method,
    #[command(flatten)]
    pub formulation: FormulationArgs,
    /// Parts of the box that are bounded and solved one by one (a count): more where
    /// there are few inputs.
    #[arg(long, value_name = "COUNT", default_value_t = 1, help_heading = "Method")]
    pub parts: usize,
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// When Taut proves the solver's bound again: whatever that takes, where it is cheap
    /// beside the solve, or not at all. "Infeasible" is always proven, or not said.
    #[arg(long, default_value = Certify::default().name(), help_heading = "Method",
          value_parser = PossibleValuesParser::new(Certify::ALL.map(Certify::name)))]
    pub certify: String,
    /// Time limit for the whole run (seconds) [default: none].
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, help_heading = "Limits")]
    pub time_limit: Option<f64>,
    /// Write the MILP solver's own log to this file [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub log_file: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    pub format: Format,
}
