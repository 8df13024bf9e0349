//! `taut report DIR… -o report.html`.

use std::fmt::{self, Write};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::builder::PossibleValue;
use schemars::JsonSchema;
use serde::Serialize;
use taut::bench::{Measure, Outcome, Record, SHIFT, read_folder};
use taut::control::StoppedBy;
use taut::io::{check_writable, write_text};
use taut::plot;
use taut::report::{
    Mover, Pairing, Pairs, Report as Shown, Table, csv, figures, latex, markdown, page,
};

use super::bench::tell_contradictions;
use super::console::{CLOSED, OPEN};
use super::format::FormatArgs;
use super::page::Page;
use super::record::Head;
use super::session::{Report, Session};
use super::shared::one_of;
use super::text::{count, seconds};
use super::{ANSWERED, FAILED};

/// Arguments of `report`.
#[derive(clap::Args)]
pub struct Args {
    /// Folders of batch runs; of several, all records together.
    #[arg(value_name = "DIR", required = true)]
    folders: Vec<PathBuf>,
    /// Two folders stand against each other, run by run: is the second faster?
    #[arg(long)]
    pair: bool,
    /// With --pair, another folder of the same program as the first: what noise alone does
    /// [default: none].
    #[arg(long, value_name = "DIR", requires = "pair")]
    control: Option<PathBuf>,
    /// What counts as the time of a run.
    #[arg(long, value_name = "TIME", default_value = "wall", value_parser = measures())]
    time: Measure,
    /// Shift of geometric means, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = SHIFT)]
    shift: f64,
    /// Title of the page [default: the names of the folders].
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    title: Option<String>,
    /// Write a page (.html) that needs no other file [default: none].
    #[arg(short, long, value_name = "FILE", help_heading = "Output", conflicts_with = "pair")]
    output: Option<PathBuf>,
    /// Write the table of variants as comma-separated values [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output", conflicts_with = "pair")]
    csv: Option<PathBuf>,
    /// Likewise as Markdown.
    #[arg(long, value_name = "FILE", help_heading = "Output", conflicts_with = "pair")]
    markdown: Option<PathBuf>,
    /// Likewise as LaTeX (booktabs).
    #[arg(long, value_name = "FILE", help_heading = "Output", conflicts_with = "pair")]
    latex: Option<PathBuf>,
    /// Write each figure into this folder, as SVG and PDF [default: none].
    #[arg(long, value_name = "DIR", help_heading = "Output", conflicts_with = "pair")]
    figures: Option<PathBuf>,
    #[command(flatten)]
    format: FormatArgs,
}

fn measures() -> impl clap::builder::TypedValueParser<Value = Measure> {
    let value = |measure: Measure, help: &'static str| {
        (PossibleValue::new(measure.name()).help(help), measure)
    };
    one_of([
        value(Measure::Wall, "From the start of the process to its end"),
        value(Measure::Cpu, "Of processors: less is changed by what runs beside it"),
        value(Measure::Own, "What programs themselves tell, without their start"),
    ])
}

/// What records show.
#[derive(Serialize, JsonSchema)]
pub struct Reported {
    /// The folders.
    folders: Vec<PathBuf>,
    /// All records together; none of `--pair`.
    report: Option<Shown>,
    /// The first folder against the second; only of `--pair`.
    pairing: Option<Pairing>,
    /// Files that were written.
    files: Vec<PathBuf>,
}

/// Reads records, and writes what they show.
pub fn run(args: &Args, session: Session) -> anyhow::Result<u8> {
    session.answer(args.format.form(), |_| find(args))
}

fn find(args: &Args) -> anyhow::Result<Reported> {
    ensure!(
        args.shift >= 0.0 && args.shift.is_finite(),
        "shift is {}; expected a number of seconds of at least 0",
        args.shift
    );
    for path in written(args).flatten() {
        check_writable(path)?;
    }
    let (report, pairing, files) = if args.pair {
        (None, Some(pairing(args)?), Vec::new())
    } else {
        let report = all(args)?;
        tell_contradictions(&report.contradictions);
        let files = write(args, &report)?;
        (Some(report), None, files)
    };
    Ok(Reported { folders: args.folders.clone(), report, pairing, files })
}

/// Files that are asked for.
fn written(args: &Args) -> impl Iterator<Item = Option<&PathBuf>> {
    [&args.output, &args.csv, &args.markdown, &args.latex].into_iter().map(Option::as_ref)
}

fn read(folder: &Path) -> anyhow::Result<Vec<Record>> {
    let records = read_folder(folder)?;
    ensure!(!records.is_empty(), "{}: no records in it", folder.display());
    Ok(records)
}

fn all(args: &Args) -> anyhow::Result<Shown> {
    let mut records = Vec::new();
    for folder in &args.folders {
        records.extend(read(folder)?);
    }
    Ok(Shown::of(records, args.time, args.shift))
}

fn pairing(args: &Args) -> anyhow::Result<Pairing> {
    let [first, second] = &args.folders[..] else {
        anyhow::bail!("--pair: found {}, expected 2", count(args.folders.len(), "folder"));
    };
    let first = read(first)?;
    let pairs = Pairs::of(&first, &read(second)?, args.time);
    let control = args.control.as_deref().map(read).transpose()?;
    let control = control.map(|control| Pairs::of(&first, &control, args.time));
    Ok(Pairing { pairs, control })
}

fn write(args: &Args, report: &Shown) -> anyhow::Result<Vec<PathBuf>> {
    let names: Vec<String> =
        args.folders.iter().map(|folder| folder.display().to_string()).collect();
    let title = args.title.clone().unwrap_or_else(|| names.join(", "));
    let mut files = Vec::new();
    let mut write = |path: &Option<PathBuf>, text: &dyn Fn() -> String| -> anyhow::Result<()> {
        if let Some(path) = path {
            write_text(path, &text())?;
            files.push(path.clone());
        }
        Ok(())
    };
    write(&args.output, &|| page(report, &title, &names))?;
    write(&args.csv, &|| csv(&report.table()))?;
    write(&args.markdown, &|| markdown(&report.table()))?;
    write(&args.latex, &|| latex(&report.table()))?;
    if let Some(folder) = &args.figures {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for figure in figures(report) {
            let canvas = figure.chart.picture(None);
            for extension in ["svg", "pdf"] {
                let path = folder.join(format!("{}.{extension}", figure.name));
                plot::write(&path, &canvas)?;
                files.push(path);
            }
        }
    }
    Ok(files)
}

impl Report for Reported {
    fn text(&self, _: &Head, out: &mut Page) -> fmt::Result {
        if let Some(pairing) = &self.pairing {
            pairs(&pairing.pairs, "second", out)?;
            if let Some(control) = &pairing.control {
                writeln!(out)?;
                pairs(control, "control", out)?;
            }
        }
        if let Some(report) = &self.report {
            variants(report, out)?;
        }
        self.files.iter().try_for_each(|file| writeln!(out, "  wrote   {}", file.display()))
    }

    fn stopped_by(&self) -> Option<StoppedBy> {
        None
    }

    fn exit(&self) -> u8 {
        let found = self.report.as_ref().map_or(0, |report| report.contradictions.len());
        if found == 0 { ANSWERED } else { FAILED }
    }
}

fn variants(report: &Shown, out: &mut Page) -> fmt::Result {
    let runs = count(report.records.len(), "run");
    let line = match report.contradictions.len() {
        0 => format!("{runs}, no contradiction"),
        number => format!("{runs}, {}", count(number, "contradiction")),
    };
    out.headline(if report.contradictions.is_empty() { CLOSED } else { OPEN }, &line)?;
    let Table { header, rows } = report.table().told();
    out.table(&header, (1, 1), &rows)?;
    writeln!(out, "  {}", report.note())?;
    let Table { header, rows } = report.correlation_table();
    match rows.is_empty() {
        true => Ok(()),
        false => out.table(&header, (2, 2), &rows),
    }
}

fn pairs(pairs: &Pairs, what: &str, out: &mut Page) -> fmt::Result {
    let line = format!("the {what} against the first: {}", pairs.verdict());
    out.headline(CLOSED, &line)?;
    let [first, second] = pairs.unpaired;
    let alone = match first + second {
        0 => String::new(),
        _ => format!(", {first} and {second} without a partner"),
    };
    writeln!(out, "  runs    {} in both, {} solved in both{alone}", pairs.runs, pairs.solved)?;
    if let Some(ratio) = pairs.mean_ratio {
        let (value, low, high) = (ratio.value, ratio.low, ratio.high);
        writeln!(out, "  ratio   {value:.3} in the geometric mean (95 %: {low:.3} to {high:.3})")?;
    }
    if let (Some(median), Some(pooled)) = (pairs.median_ratio, pairs.pooled_ratio) {
        writeln!(out, "  median  {median:.3}; sum of seconds {pooled:.3}")?;
    }
    for change in &pairs.status_changes {
        let [from, to] = change.outcomes.map(Outcome::name);
        writeln!(out, "  status  {}: {from}, now {to}", change.run)?;
    }
    if let Some(share) = pairs.movers_share {
        writeln!(out, "  movers  these are {:.0} % of all changes in seconds", 100.0 * share)?;
        let row = |mover: &Mover| {
            let [first, second] = mover.seconds.map(seconds);
            vec![mover.run.clone(), first, second]
        };
        let rows: Vec<Vec<String>> = pairs.movers.iter().map(row).collect();
        out.table(&["run", "first", what], (1, 1), &rows)?;
    }
    Ok(())
}
