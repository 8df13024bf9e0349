//! What the library tells while it works: warnings and, with `-v`, the story of a run on
//! stderr; the last step of the story, and how far it is, on the line of progress.

use std::fmt::{self, Debug, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use taut::control::PROGRESS;
use taut::message::readable;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::console::{ASIDE, OPEN, styled, tell};
use super::progress;

/// Listens to the events of the library, which has no spans.
struct Log {
    level: LevelFilter,
    started: Instant,
}

/// Warnings from now on; the story of the run too with `-v`, all of it with `-vv`, and nothing
/// with `-q`.
pub fn start(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    TELLS_STORY.store(level >= LevelFilter::INFO, Ordering::Relaxed);
    let log = Log { level, started: Instant::now() };
    tracing::subscriber::set_global_default(log).expect("the only listener");
}

static TELLS_STORY: AtomicBool = AtomicBool::new(false);

/// Whether the story of the run is told on stderr.
pub fn tells_story() -> bool {
    TELLS_STORY.load(Ordering::Relaxed)
}

impl Log {
    /// Whether an event of this kind is for the line of progress.
    fn is_progress(metadata: &Metadata<'_>) -> bool {
        let is_step = *metadata.level() == Level::INFO || metadata.target() == PROGRESS;
        is_step && progress::is_wanted()
    }

    fn is_told(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() != PROGRESS && *metadata.level() <= self.level
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("taut")
            && (self.is_told(metadata) || Self::is_progress(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if progress::is_wanted() { LevelFilter::TRACE } else { self.level })
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        if metadata.target() == PROGRESS {
            return progress::set_figures(|| vec![message(event)]);
        }
        let message = message(event);
        if Self::is_progress(metadata) {
            progress::set_step(&message);
        }
        if self.is_told(metadata) {
            let message = readable(&message);
            match *metadata.level() <= Level::WARN {
                true => tell(&format!("{} {message}", styled(OPEN, "warning:"))),
                false => {
                    let time = format!("{:>9.3} s", self.started.elapsed().as_secs_f64());
                    tell(&format!("{}  {message}", styled(ASIDE, &time)));
                }
            }
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The words of an event.
fn message(event: &Event<'_>) -> String {
    let mut words = Words(String::new());
    event.record(&mut words);
    words.0
}

struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // To a text nothing goes wrong.
            let _: fmt::Result = write!(self.0, "{value:?}");
        }
    }
}
