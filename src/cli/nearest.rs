//! `taut nearest PROBLEM --to OUTPUTS`, `taut nearest PROBLEM --from INPUTS`.

use anyhow::ensure;
use clap::ArgGroup;
use clap::builder::PossibleValue;

use super::optimize::{Aim, SolveArgs};
use super::session::Session;
use super::shared::one_of;

/// Arguments of `nearest`.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("near").args(["to", "from"]).required(true))]
pub struct Args {
    #[command(flatten)]
    asked: SolveArgs,
    /// Outputs to come near to: one number for all, or one per output, separated by commas.
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true, help_heading = "Question")]
    to: Option<String>,
    /// Inputs to stay near to, where the constraints hold: likewise.
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true, help_heading = "Question")]
    from: Option<String>,
    /// How distances are measured.
    #[arg(long, default_value = NORMS[0].0, help_heading = "Question",
          value_parser = one_of(NORMS.map(|(name, help, norm)| {
              (PossibleValue::new(name).help(help), norm)
          })))]
    norm: Norm,
}

/// How distances are measured.
#[derive(Clone, Copy)]
struct Norm {
    /// The function of the language of questions.
    function: &'static str,
    /// As it is printed.
    symbol: &'static str,
}

/// Every norm: its name, and what it is.
const NORMS: [(&str, &str, Norm); 2] = [
    (
        "linf",
        "The largest of the differences",
        Norm { function: "distinf", symbol: "largest difference" },
    ),
    ("l1", "The sum of the differences", Norm { function: "dist1", symbol: "sum of differences" }),
];

/// Seeks the point nearest to something, and prints it.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    let mut question = args.asked.problem.clone();
    ensure!(
        question.objective.is_none(),
        "--objective: found with nearest, whose objective is the distance; expected with minimize \
         or maximize"
    );
    let (option, letter, text) = match (&args.to, &args.from) {
        (Some(text), _) => ("--to", 'y', text.as_str()),
        (None, text) => ("--from", 'x', text.as_deref().unwrap_or_default()),
    };
    for part in text.split(',') {
        let is_number = part.trim().parse().is_ok_and(|number: f64| number.is_finite());
        ensure!(is_number, "{option}: found '{part}', expected a number");
    }
    let place = if text.contains(',') { format!("[{text}]") } else { text.to_string() };
    let Norm { function, symbol } = args.norm;
    question.objective = Some(format!("{function}({letter}[:], {place})"));
    args.asked.answer(&question, (Aim::Nearest(symbol), None), session)
}
