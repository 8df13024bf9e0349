//! `taut man [-o DIR]`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;
use taut::io::{check_writable, write_bytes};

use super::text::count;
use super::{ANSWERED, console};

/// Arguments of `man`.
#[derive(clap::Args)]
pub struct Args {
    /// Write the pages of the program and of every command to this folder, as taut.1,
    /// taut-minimize.1, …; pages that are there are replaced [default: print the page of the
    /// program].
    #[arg(short, long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    output: Option<PathBuf>,
}

/// Prints the manual page of `command`, or writes those of all its commands too.
pub fn run(args: &Args, command: Command) -> anyhow::Result<u8> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let text = match &args.output {
        Some(folder) => written(folder, &command)?,
        None => String::from_utf8(page(&Man::new(command))?)?,
    };
    console::print_record(&text)?;
    Ok(ANSWERED)
}

/// Writes all pages, once it is clear that all can be written; what to tell of it.
fn written(folder: &Path, command: &Command) -> anyhow::Result<String> {
    let commands = std::iter::once(command).chain(command.get_subcommands());
    let pages: Vec<Man> = commands.cloned().map(Man::new).collect();
    let place = |page: &Man| folder.join(page.get_filename());
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: found no folder and cannot make one", folder.display()))?;
    pages.iter().try_for_each(|page| check_writable(&place(page)))?;
    for man in &pages {
        write_bytes(&place(man), &page(man)?)?;
    }
    let mut text = String::new();
    let (first, rest) = (pages.first().map(place), pages.len() - 1);
    let first = first.unwrap_or_default();
    writeln!(text, "wrote {} and {} of commands", first.display(), count(rest, "page"))?;
    Ok(text)
}

fn page(man: &Man) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok(page)
}
