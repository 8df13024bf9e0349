//! The command line of Taut.

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
