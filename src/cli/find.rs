//! `taut find PROBLEM`.

use anyhow::ensure;

use super::optimize::{Aim, SolveArgs};
use super::session::Session;

/// Arguments of `find`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    asked: SolveArgs,
}

/// Seeks a point of the box for which the constraints hold, and prints it.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    let mut question = args.asked.problem.clone();
    ensure!(
        question.objective.is_none(),
        "--objective: found with find, which asks for any point; expected with minimize or maximize"
    );
    question.objective = Some("0".to_string());
    args.asked.answer(&question, (Aim::Point, None), session)
}
