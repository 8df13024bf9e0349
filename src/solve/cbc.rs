//! The library of CBC.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use good_lp::solvers::coin_cbc::{CoinCbcProblem, coin_cbc};

use super::through_good_lp::{Claim, build, cbc_parameters, weighed};
use super::{Backend, PortableModel, Solution, SolveError, SolveOptions, TerminationStatus};
use crate::control::{Clock, Observer, Progress, StoppedBy};
use crate::milp::Model;

/// How often the observer hears of a running solve.
const PERIOD: Duration = Duration::from_millis(100);

/// Time after a limit until a solve that does not end is left behind.
const GRACE: Duration = Duration::from_secs(5);

/// The library of CBC. It uses one thread, takes no preset, start or log, and
/// solves one model at a time. It cannot be interrupted: such a solve is left
/// behind, and until its own limits end it, new ones are refused. The backend
/// `cbc-program` has none of these troubles.
#[derive(Debug)]
pub struct Cbc;

/// Solves that nobody waits for any more.
static LEFT_BEHIND: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

impl Backend for Cbc {
    fn name(&self) -> &'static str {
        "cbc"
    }

    fn version(&self) -> String {
        // good_lp does not tell that of the library.
        "through good_lp 1.15".to_string()
    }

    fn run(
        &self,
        model: &Model,
        options: &SolveOptions,
        clock: &Clock,
        observer: &mut dyn Observer,
    ) -> Result<Solution, SolveError> {
        let mut left_behind = LEFT_BEHIND.lock().unwrap_or_else(PoisonError::into_inner);
        left_behind.retain(|worker| !worker.is_finished());
        if !left_behind.is_empty() {
            return Err(failed("an interrupted solve is still running".to_string()));
        }
        drop(left_behind);
        let portable = Arc::new(PortableModel::new(model)?);
        let shared = Arc::clone(&portable);
        let (parameters, allowance) = cbc_parameters(options, clock);
        let mut late: Option<(StoppedBy, Instant)> = None;
        let (sender, receiver) = mpsc::channel();
        // CBC cannot be interrupted, so it gets a thread of its own.
        let worker = thread::spawn(move || {
            let claim = build(&shared, coin_cbc).and_then(|mut problem| {
                for (name, value) in &parameters {
                    problem.set_parameter(name, value);
                }
                claim(&shared, &problem)
            });
            // Nobody may be listening any more.
            let _ = sender.send(claim);
        });
        let claim = loop {
            match receiver.recv_timeout(PERIOD) {
                Ok(claim) => break claim?,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(failed("it panicked".to_string()));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            let progress = Progress { seconds: clock.seconds(), ..Progress::default() };
            let stopped = clock.tell(observer, &progress);
            late = late.or(stopped.map(|reason| (reason, Instant::now())));
            // It looks at its limit by itself, but knows nothing of interrupts.
            if let Some((reason, since)) = late
                && (reason != StoppedBy::TimeLimit || since.elapsed() > GRACE)
            {
                LEFT_BEHIND.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                break Claim::new(TerminationStatus::Stopped(reason), None);
            }
        };
        weighed(model, &portable, "cbc", claim, &allowance)
    }
}

fn failed(what: String) -> SolveError {
    SolveError::Failed { solver: "cbc", what }
}

fn claim(model: &PortableModel, problem: &CoinCbcProblem) -> Result<Claim, SolveError> {
    let solution = problem.as_inner().solve();
    let raw = solution.raw();
    // Without integer columns only the first linear program is solved.
    let linear = model.size().binaries + model.size().integers == 0;
    let status = if raw.is_continuous_unbounded() {
        return Err(SolveError::Unbounded);
    } else if raw.is_proven_infeasible() || raw.is_initial_solve_proven_primal_infeasible() {
        TerminationStatus::Infeasible
    } else if raw.is_seconds_limit_reached() {
        TerminationStatus::Stopped(StoppedBy::TimeLimit)
    } else if raw.is_node_limit_reached() {
        TerminationStatus::Stopped(StoppedBy::NodeLimit)
    } else if raw.is_proven_optimal() || (linear && raw.is_initial_solve_proven_optimal()) {
        TerminationStatus::Optimal
    } else {
        return Err(failed("it ended without a result".to_string()));
    };
    let point = raw.col_solution().to_vec();
    let lp_iterations = u64::try_from(raw.iteration_count()).unwrap_or_default();
    Ok(Claim { status, point: Some(point), node_count: 0, lp_iterations })
}
