//! `--plot`: a picture of the boxes of a search.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::Args;
use taut::control::Clock;
use taut::optimize::{Answer, Method, OptimizeOptions, optimize_traced, optimize_within};
use taut::plot::{self, BoxPlot};
use taut::problem::Problem;

use super::console::tell_error;
use super::progress::Monitor;
use super::shared::PictureSizeArgs;

/// A picture of the boxes of a search.
#[derive(Args)]
pub struct BoxPictureArgs {
    /// Draw the boxes of the search to this file (.svg, .png, .pdf), coloured by depth, with the best
    /// point; for two inputs that vary [default: none].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    plot: Option<PathBuf>,
    /// Title of that picture [default: the network and the number of boxes].
    #[arg(long, value_name = "TEXT", requires = "plot", help_heading = "Output")]
    title: Option<String>,
    #[command(flatten)]
    size: PictureSizeArgs,
}

/// What became of the picture.
pub struct Drawn {
    /// The file; none where the answer is there and the picture is not.
    pub file: Option<PathBuf>,
}

impl BoxPictureArgs {
    /// Refuses a picture of another method than the search, and a file that cannot be written,
    /// before anything is read.
    pub fn check(&self, solver: Method, implies_milp: Option<&str>) -> anyhow::Result<()> {
        let Some(path) = &self.plot else { return Ok(()) };
        let expected = "--plot draws the boxes of the search; expected --solver search or auto";
        let name = solver.name();
        ensure!(matches!(solver, Method::Auto | Method::Search), "{expected}, found {name}");
        if let Some(option) = implies_milp {
            bail!("{expected}, found {option}, a setting of programs");
        }
        Ok(plot::check_output(path)?)
    }

    /// The answer, with a picture if one is asked for.
    ///
    /// # Errors
    /// Those of the optimisation; not two inputs that vary.
    pub fn answer(
        &self,
        problem: &Problem,
        options: &OptimizeOptions,
        clock: &Clock,
    ) -> anyhow::Result<(Answer, Option<Drawn>)> {
        let Some(path) = &self.plot else {
            return Ok((optimize_within(problem, options, clock, &mut Monitor)?, None));
        };
        let mut plot = BoxPlot::new(problem)?;
        let mut listener = |part| plot.add(&part);
        let answer = optimize_traced(problem, options, clock, &mut Monitor, &mut listener)?;
        let best = answer.input.as_deref().zip(answer.objective);
        let canvas = plot.canvas(best, self.title.as_deref(), self.size.size);
        let file = match canvas.and_then(|canvas| plot::write(path, &canvas)) {
            Ok(()) => Some(path.clone()),
            // The answer is worth telling all the same.
            Err(error) => {
                tell_error(&error.to_string());
                None
            }
        };
        Ok((answer, Some(Drawn { file })))
    }
}
