//! Progress on a terminal, and interruption.
//!
//! One line on stderr, from a second after the start to the answer: what is being done, and
//! how far it is. A thread of its own draws it, so that work which tells nothing shows at
//! least that it goes on.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use taut::bench::{CompareObserver, Row};
use taut::control::{Limits, Observer, Progress};

use super::console::{columns_of_stderr, tell};
use super::log;

/// A run shorter than this shows no progress.
const QUIET: Duration = Duration::from_secs(1);

/// Time between two drawings of the line.
const TICK: Duration = Duration::from_millis(100);

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
            end();
            std::process::exit(KILLED);
        }
        draw();
    });
    if let Err(error) = installed {
        tracing::warn!("Ctrl-C will end the run without an answer: {error}");
    }
}

/// A limit of time, and Ctrl-C.
pub fn limits(time: Option<Duration>) -> Limits {
    Limits { time, stop: Some(&INTERRUPTED), ..Limits::default() }
}

/// The line.
#[derive(Debug)]
struct Line {
    /// When the run started; `None` where there is no line, or no more.
    started: Option<Instant>,
    /// Which of several things is being done, if there are several.
    title: String,
    /// What is being done.
    step: String,
    /// How far that is, what matters most first.
    figures: Vec<String>,
    /// When somebody told how far.
    told: Option<Instant>,
    is_drawn: bool,
}

static LINE: Mutex<Line> = Mutex::new(Line {
    started: None,
    title: String::new(),
    step: String::new(),
    figures: Vec::new(),
    told: None,
    is_drawn: false,
});

/// Whether there may be a line; set once, before the work.
static IS_WANTED: AtomicBool = AtomicBool::new(false);

fn line() -> MutexGuard<'static, Line> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the line, unless it is unwanted or stderr is no terminal that can draw it.
pub fn start(quiet: bool) {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if quiet || is_dumb || !std::io::stderr().is_terminal() {
        return;
    }
    IS_WANTED.store(true, Ordering::Relaxed);
    line().started = Some(Instant::now());
    // A panic is told below the answer's place, not behind a stale line.
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Unless it happened while the line was drawn.
        if let Ok(mut line) = LINE.try_lock() {
            line.erase();
        }
        told(panic);
    }));
    let drawn = std::thread::Builder::new().spawn(|| {
        std::thread::sleep(QUIET);
        while draw() {
            std::thread::sleep(TICK);
        }
    });
    if let Err(error) = drawn {
        tracing::debug!("no progress is shown: {error}");
    }
}

/// Whether anybody looks at progress.
pub fn is_wanted() -> bool {
    IS_WANTED.load(Ordering::Relaxed)
}

/// Ends the line: what is printed from now on is the answer.
pub fn end() {
    if is_wanted() {
        let mut line = line();
        line.erase();
        line.started = None;
    }
}

/// Takes the line away while something else is printed.
pub fn aside(print: impl FnOnce()) {
    if !is_wanted() {
        return print();
    }
    let mut line = line();
    line.erase();
    print();
}

/// Tells which of several things is being done.
pub fn set_title(title: &str) {
    line().title = title.to_string();
    set_step("");
}

/// Tells what is being done.
pub fn set_step(step: &str) {
    if is_wanted() {
        let mut line = line();
        line.step = step.to_string();
        line.figures.clear();
        line.told = None;
    }
}

/// Tells how far it is, where the line has not just heard of that.
pub fn set_figures(figures: impl FnOnce() -> Vec<String>) {
    if !is_wanted() {
        return;
    }
    // Whoever holds it is drawing, or tells the same.
    let Ok(mut line) = LINE.try_lock() else { return };
    if line.told.is_none_or(|told| told.elapsed() >= TICK) {
        line.told = Some(Instant::now());
        line.figures = figures();
    }
}

/// Draws the line once it is time; whether there is one.
fn draw() -> bool {
    let mut line = line();
    let Some(elapsed) = line.started.map(|started| started.elapsed()) else { return false };
    if elapsed >= QUIET {
        let stopping = INTERRUPTED.load(Ordering::Relaxed);
        let text = line.text(elapsed, stopping, columns_of_stderr().unwrap_or(80));
        line.erase();
        line.is_drawn = true;
        let _ = write!(std::io::stderr(), "{text}");
    }
    true
}

/// Columns that stay free: the terminal writes its `^C` there, twice.
const FREE: usize = 5;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

impl Line {
    fn erase(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }

    /// As much of the line as fits: the step, its figures, what Ctrl-C does. What a step says
    /// behind a colon goes before the figures do.
    fn text(&self, elapsed: Duration, stopping: bool, columns: usize) -> String {
        let turn = usize::try_from(elapsed.as_millis() / TICK.as_millis()).unwrap_or(0);
        let start = format!("{} {}", SPINNER[turn % SPINNER.len()], clock(elapsed.as_secs()));
        let room = columns.saturating_sub(FREE);
        let (state, hint) = if stopping { ("stopping", "") } else { ("", "Ctrl-C stops") };
        let joined = |[title, step]: [&str; 2], figures: usize, hint: &str| {
            let figures = self.figures.iter().take(figures).map(String::as_str);
            let parts = [&start, state, title, step].into_iter().chain(figures).chain([hint]);
            parts.filter(|part| !part.is_empty()).collect::<Vec<&str>>().join(" · ")
        };
        let all = self.figures.len();
        let whole = [self.title.as_str(), &self.step];
        let short = whole.map(|words| words.split(": ").next().unwrap_or_default());
        let shorter = (0..=all).rev().map(|figures| joined(short, figures, ""));
        let long = [joined(whole, all, hint), joined(whole, all, "")];
        let shortest = joined(short, 0, "");
        let fitting = long.into_iter().chain(shorter).find(|text| text.chars().count() <= room);
        fitting.unwrap_or_else(|| shortest.chars().take(room).collect())
    }
}

fn clock(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// Shows incumbent, bound, gap and nodes; stops the solve on Ctrl-C.
#[derive(Debug, Default)]
pub struct Monitor;

impl Observer for Monitor {
    fn update(&mut self, progress: &Progress) -> ControlFlow<()> {
        set_figures(|| figures(progress));
        match INTERRUPTED.load(Ordering::Relaxed) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl CompareObserver for Monitor {
    fn combination(&mut self, position: usize, count: usize, name: &str) {
        set_title(&format!("{position} of {count}: {name}"));
    }

    fn row(&mut self, row: &Row) {
        // With -v the log tells it.
        if is_wanted() && !log::tells_story() {
            tell(&row.in_words());
        }
    }
}

fn figures(progress: &Progress) -> Vec<String> {
    let number = |value: f64| format!("{value:.6}");
    let gap = match (progress.objective, progress.objective_bound) {
        (Some(objective), Some(bound)) if objective != 0.0 => {
            Some(format!("gap {:.2} %", 100.0 * ((objective - bound) / objective).abs()))
        }
        _ => None,
    };
    let value = progress.objective.map(|value| format!("value {}", number(value)));
    let value = value.unwrap_or_else(|| "no point yet".to_string());
    let bound = progress.objective_bound.map(|bound| format!("bound {}", number(bound)));
    let nodes = format!("{} nodes", progress.node_count);
    [Some(value), bound, gap, Some(nodes)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: what fits beside five free columns, in the order of its worth.
    #[test]
    fn a_line_has_what_fits_into_the_columns() {
        let figures = ["value -3.606342", "bound -3.700000", "gap 2.60 %", "12345 nodes"];
        let line = Line {
            started: None,
            title: String::new(),
            step: "solve: 91 columns".to_string(),
            figures: figures.map(str::to_string).to_vec(),
            told: None,
            is_drawn: false,
        };
        let text = |seconds: u64, stopping, columns| {
            line.text(Duration::from_secs(seconds), stopping, columns)
        };
        let [value, bound, gap, _] = figures;
        let all = figures.join(" · ");
        let step = "solve: 91 columns";
        assert_eq!(text(3, false, 120), format!("⠋ 3 s · {step} · {all} · Ctrl-C stops"));
        assert_eq!(text(3, false, 100), format!("⠋ 3 s · {step} · {all}"));
        assert_eq!(text(3, false, 81), format!("⠋ 3 s · solve · {all}"));
        assert_eq!(
            text(3, true, 80),
            format!("⠋ 3 s · stopping · solve · {value} · {bound} · {gap}")
        );
        assert_eq!(text(65, false, 61), format!("⠋ 1 min 05 s · solve · {value} · {bound}"));
        assert_eq!(text(7265, true, 40), "⠋ 2 h 01 min · stopping · solve");
        assert_eq!(text(3, false, 13), "⠋ 3 s · ");
        assert_eq!(text(3, false, 0), "");
    }
}
