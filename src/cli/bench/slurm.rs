//! `--engine slurm`: the shares are tasks of a job array, which is submitted, waited for and
//! collected.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use taut::bench::{JobArray, Plan, Record, read_folder};

use super::{RunArgs, progress};
use crate::cli::session::Session;
use crate::cli::text::count;

/// Between two questions to Slurm: first, and at most.
const FIRST_LOOK: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_secs(15);

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(50);

/// So many questions without an answer, one after the other, and it is given up.
const PATIENCE: usize = 20;

/// The records of all shares when the array has ended, or as far as they are at an interrupt.
pub fn run(plan: &Plan, args: &RunArgs, session: &Session) -> anyhow::Result<Vec<Record>> {
    let suite = args.suite()?;
    let folder = args.output()?;
    let shares = session.is_given("jobs").then_some(args.jobs);
    let started = JobArray::start(plan, suite, folder, shares, args.resume, &session.clock)?;
    let Some(array) = started else { return Ok(read_folder(folder)?) };
    let (job, tasks) = (&array.job, count(array.tasks.len(), "task"));
    tracing::info!("slurm: job {job} with {tasks}");
    wait(&array, plan, folder, session)?;
    let records = read_folder(folder)?;
    let missing = plan.runs.len().saturating_sub(records.len());
    if session.clock.is_stopped() {
        tracing::warn!(
            "job {job} goes on; the same command with --resume waits for it and collects, \
             and scancel {job} ends it"
        );
    } else if missing > 0 {
        tracing::warn!(
            "job {job} has ended and left {}: see {}; --resume submits them again",
            count(missing, "run"),
            folder.join("slurm-*.out").display()
        );
    }
    Ok(records)
}

/// Waits until the array has ended, or the clock stops.
fn wait(array: &JobArray, plan: &Plan, folder: &Path, session: &Session) -> anyhow::Result<()> {
    let (mut look, mut unanswered) = (FIRST_LOOK, 0);
    loop {
        match array.states() {
            Ok(states) if states.is_empty() => return Ok(()),
            Ok(states) => {
                unanswered = 0;
                let done = read_folder(folder)?.len();
                progress::set_step(&format!("{done} of {}", count(plan.runs.len(), "run")));
                progress::set_figures(|| vec![words(&states)]);
            }
            Err(error) if unanswered == PATIENCE => return Err(error.into()),
            Err(error) => {
                unanswered += 1;
                tracing::info!("slurm: {error}; asked again");
            }
        }
        let asked = Instant::now();
        while asked.elapsed() < look {
            if session.clock.is_stopped() {
                return Ok(());
            }
            thread::sleep(TICK);
        }
        look = (look * 3 / 2).min(LAST_LOOK);
    }
}

/// The tasks of an array by their states: "2 RUNNING, 3 PENDING (Resources)".
pub fn words(states: &BTreeMap<String, usize>) -> String {
    let each = states.iter().map(|(state, count)| format!("{count} {state}"));
    each.collect::<Vec<_>>().join(", ")
}
