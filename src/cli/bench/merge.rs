//! `taut bench merge DIR… -o DIR`.

use std::fmt::{self, Write};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::{Contradiction, Measure, SHIFT, Summary, contradictions, merge, summaries};
use taut::control::StoppedBy;

use super::{exit, table, tell_contradictions};
use crate::cli::console::{CLOSED, OPEN};
use crate::cli::format::FormatArgs;
use crate::cli::page::Page;
use crate::cli::record::Head;
use crate::cli::session::{Report, Session};
use crate::cli::text::count;

/// Arguments of `bench merge`.
#[derive(clap::Args)]
pub struct Args {
    /// Folders with records: of shares, of several machines.
    #[arg(value_name = "DIR", required = true, value_hint = clap::ValueHint::DirPath)]
    folders: Vec<PathBuf>,
    /// Folder for the one journal of all of them.
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: PathBuf,
    #[command(flatten)]
    format: FormatArgs,
}

/// What all records show.
#[derive(Serialize, JsonSchema)]
pub struct MergeRecord {
    /// The journal that was written.
    written: PathBuf,
    /// The journals that were read.
    journals: Vec<PathBuf>,
    /// Records.
    records: usize,
    /// Those that were there more than once, and equal.
    doubles: usize,
    /// Records that cannot all be true.
    contradictions: Vec<Contradiction>,
    /// One a variant.
    variants: Vec<Summary>,
}

/// Merges.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |_| {
        let merged = merge(&args.folders, &args.output)?;
        for path in &merged.torn {
            tracing::warn!("{}: the last record is torn and does not count", path.display());
        }
        let records = &merged.records;
        let contradictions = contradictions(records);
        tell_contradictions(&contradictions);
        Ok(MergeRecord {
            variants: summaries(records, Measure::Wall, SHIFT),
            written: merged.path,
            journals: merged.journals,
            records: records.len(),
            doubles: merged.doubles,
            contradictions,
        })
    })
}

impl Report for MergeRecord {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        let style = if self.contradictions.is_empty() { CLOSED } else { OPEN };
        let (records, journals) =
            (count(self.records, "record"), count(self.journals.len(), "journal"));
        out.headline(style, &format!("{records} of {journals}"))?;
        for Contradiction { instance, what } in &self.contradictions {
            writeln!(out, "  wrong   {instance}: {what}")?;
        }
        if self.doubles > 0 {
            writeln!(out, "  doubles {}, equal", count(self.doubles, "record"))?;
        }
        writeln!(out, "  wrote   {}", self.written.display())?;
        table(out, &self.variants)
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }

    fn exit(&self) -> u8 {
        exit(&self.contradictions, true)
    }
}
