//! Questions about a network, one after the other on one thread, and the time that each takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use taut::control::{Limits, Silent};
use taut::network::Network;
use taut::num::IntervalBox;
use taut::num::statistics::{mean, shifted_geometric_mean};
use taut::optimize::{Answer, Method, OptimizeOptions, Status, optimize};
use taut::problem::{Expression, Problem, Question, Variable};

use crate::rows::Row;
use crate::suite::Figures;

/// What is added to times before their geometric mean (seconds): about what a tiny question
/// takes, so that it does not count as much as a hard one.
const SHIFT: f64 = 0.01;

/// The least difference of two outputs over a box.
pub struct Query {
    /// The box.
    pub domain: IntervalBox,
    /// The class of its middle, and the one that comes next there.
    pub classes: [usize; 2],
}

/// What became of the questions by one method.
#[derive(Default)]
struct Asked {
    seconds: Vec<f64>,
    nodes: Vec<f64>,
    solved: Vec<f64>,
}

/// Asks all questions by search, then by a mixed-integer program.
pub fn ask(
    network: Network,
    queries: &[Query],
    figures: &Figures,
    row: &mut Row,
) -> anyhow::Result<()> {
    let network = Arc::new(network);
    let problems = queries.iter().map(|query| problem(&network, query));
    let problems = problems.collect::<anyhow::Result<Vec<Problem>>>()?;
    let of = |method, seconds| asked(&problems, method, seconds);
    let search = of(Method::Search, figures.search_seconds)?;
    row.search_seconds = shifted_geometric_mean(search.seconds, SHIFT);
    (row.search_parts, row.search_solved) = (mean(search.nodes), mean(search.solved));
    if figures.milp_seconds > 0.0 {
        let milp = of(Method::Milp, figures.milp_seconds)?;
        row.milp_seconds = shifted_geometric_mean(milp.seconds, SHIFT);
        (row.milp_nodes, row.milp_solved) = (mean(milp.nodes), mean(milp.solved));
    }
    Ok(())
}

fn problem(network: &Arc<Network>, query: &Query) -> anyhow::Result<Problem> {
    let [first, second] = query.classes.map(Variable::Output);
    let objective = Expression::new([(first, 1.0), (second, -1.0)], 0.0);
    let question = Question { objective, ..Question::default() };
    Ok(Problem::new(network.clone(), query.domain.clone(), question)?)
}

fn asked(problems: &[Problem], method: Method, seconds: f64) -> anyhow::Result<Asked> {
    let limits = Limits::of_time(Duration::from_secs_f64(seconds));
    let options = OptimizeOptions { method, limits, ..OptimizeOptions::default() };
    let mut found = Asked::default();
    for problem in problems {
        let began = Instant::now();
        let answer: Answer = optimize(problem, &options, &mut Silent)?;
        found.seconds.push(began.elapsed().as_secs_f64());
        found.nodes.push(answer.nodes as f64);
        found.solved.push(f64::from(u8::from(answer.status == Status::Optimal)));
    }
    Ok(found)
}
