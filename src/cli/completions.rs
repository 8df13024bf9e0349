//! `taut completions SHELL`.

use clap::Command;
use clap_complete::{Shell, generate};

use super::{ANSWERED, console};

/// Arguments of `completions`.
#[derive(clap::Args)]
pub struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints a script that completes the arguments of `command` in a shell.
pub fn run(args: &Args, mut command: Command) -> anyhow::Result<u8> {
    let name = command.get_name().to_string();
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    console::print_record(&String::from_utf8(script)?)?;
    Ok(ANSWERED)
}
