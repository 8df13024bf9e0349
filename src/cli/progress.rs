//! Progress on a terminal, and interruption.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use taut::compare::{CompareObserver, Row};
use taut::control::{Limits, Observer, Progress};

/// A run shorter than this shows no progress.
const QUIET_SECONDS: f64 = 1.0;

/// Exit status of a process that a second Ctrl-C ends, as shells have it.
const KILLED: i32 = 130;

/// Signals so close to the first are the same wish: `timeout` sends one to the process and one
/// to its group.
const SAME_WISH: Duration = Duration::from_millis(500);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The first Ctrl-C or signal to end from now on stops what has [`limits`], the second ends
/// the process.
pub fn listen() {
    let mut first: Option<Instant> = None;
    let installed = ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::Relaxed);
        if first.get_or_insert_with(Instant::now).elapsed() > SAME_WISH {
            std::process::exit(KILLED);
        }
    });
    if let Err(error) = installed {
        tracing::warn!("Ctrl-C will end the run without an answer: {error}");
    }
}

/// A limit of time, and Ctrl-C.
pub fn limits(time: Option<Duration>) -> Limits {
    Limits { time, stop: Some(&INTERRUPTED), ..Limits::default() }
}

/// Shows incumbent, bound, gap and nodes; stops the solve on Ctrl-C.
pub struct Monitor {
    bar: Option<ProgressBar>,
    allowed: bool,
    /// What is being solved, where there are several things.
    title: String,
}

impl Monitor {
    /// A monitor. Nothing is shown if `quiet` or where stderr is no terminal.
    pub fn start(quiet: bool) -> Self {
        let allowed = !quiet && std::io::stderr().is_terminal();
        Self { bar: None, allowed, title: String::new() }
    }
}

impl Observer for Monitor {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        if self.allowed && progress.seconds >= QUIET_SECONDS {
            let bar = self.bar.get_or_insert_with(new_bar);
            let stopping = if interrupted { "stopping · " } else { "" };
            bar.set_message(format!("{}{stopping}{}", self.title, describe(progress)));
        }
        if interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl CompareObserver for Monitor {
    fn combination(&mut self, position: usize, count: usize, name: &str) {
        self.title = format!("{position}/{count} {name} · ");
        if self.allowed {
            self.bar.get_or_insert_with(new_bar).set_message(self.title.clone());
        }
    }

    fn row(&mut self, row: &Row) {
        if let Some(bar) = &self.bar {
            bar.println(row.in_words());
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line that tells what is going on.
pub fn new_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} · {msg}");
    let bar = ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn describe(progress: &Progress) -> String {
    let number = |value: Option<f64>| value.map_or("none yet".to_string(), |v| format!("{v:.6}"));
    let gap = match (progress.objective, progress.objective_bound) {
        (Some(objective), Some(bound)) if objective != 0.0 => {
            format!("{:.2} %", 100.0 * ((objective - bound) / objective).abs())
        }
        _ => "open".to_string(),
    };
    format!(
        "incumbent {} · bound {} · gap {gap} · {} nodes · Ctrl-C stops",
        number(progress.objective),
        number(progress.objective_bound),
        progress.node_count
    )
}
