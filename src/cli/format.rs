//! In which form an answer is given, and where it goes.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args, ValueEnum};
use taut::io::check_writable;

use super::shared::one_of;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub enum Format {
    /// For readers.
    Text,
    /// One JSON object with a stable schema.
    Json,
    /// Comma-separated values: a header, then one line per row.
    Csv,
}

impl Format {
    /// File name extension.
    fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// Those of an answer that is no table.
    const WITHOUT_TABLE: [Self; 2] = [Self::Text, Self::Json];

    /// Those of a table.
    const OF_TABLE: [Self; 3] = [Self::Text, Self::Json, Self::Csv];
}

/// How an answer is printed, and a file that gets it too.
#[derive(Clone, Debug)]
pub struct Form {
    /// On stdout.
    pub printed: Format,
    /// In a file.
    pub written: Option<(PathBuf, Format)>,
}

/// How an answer is printed, where files that a command writes are something else.
#[derive(Args)]
pub struct FormatArgs {
    /// How to print.
    #[arg(long, default_value = "text", help_heading = "Output",
          value_parser = formats(Format::WITHOUT_TABLE))]
    pub format: Format,
}

/// How an answer is given.
#[derive(Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// How a table is given.
#[derive(Args)]
pub struct TableArgs {
    /// How to print.
    #[arg(long, default_value = "text", help_heading = "Output",
          value_parser = formats(Format::OF_TABLE))]
    format: Format,
    #[command(flatten)]
    output: OutputArgs,
}

/// A file for the answer.
#[derive(Args)]
struct OutputArgs {
    /// Write the answer to this file too; its extension tells how: .txt, .json and, for
    /// tables, .csv [default: none].
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

impl FormatArgs {
    /// The form that is asked for.
    pub fn form(&self) -> Form {
        Form { printed: self.format, written: None }
    }
}

impl AnswerArgs {
    /// The form that is asked for.
    ///
    /// # Errors
    /// A file that cannot be written, before the work that leads to the answer.
    pub fn form(&self) -> anyhow::Result<Form> {
        self.output.form(self.format.format, &Format::WITHOUT_TABLE)
    }
}

impl TableArgs {
    /// The form that is asked for.
    ///
    /// # Errors
    /// As for [`AnswerArgs`].
    pub fn form(&self) -> anyhow::Result<Form> {
        self.output.form(self.format, &Format::OF_TABLE)
    }
}

impl OutputArgs {
    fn form(&self, printed: Format, formats: &[Format]) -> anyhow::Result<Form> {
        let Some(path) = &self.output else { return Ok(Form { printed, written: None }) };
        let format = of_extension(path, formats)?;
        check_writable(path)?;
        Ok(Form { printed, written: Some((path.clone(), format)) })
    }
}

/// The format of a file by its extension.
fn of_extension(path: &Path, formats: &[Format]) -> anyhow::Result<Format> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    match formats.iter().find(|format| format.extension() == extension) {
        Some(&format) => Ok(format),
        None => {
            let known = formats.iter().map(|format| format!(".{}", format.extension()));
            let known = known.collect::<Vec<String>>().join(", ");
            bail!(
                "{}: no form of this answer has that extension; expected one of {known}",
                path.display()
            )
        }
    }
}

fn formats<const N: usize>(formats: [Format; N]) -> impl TypedValueParser<Value = Format> {
    let value = |format: Format| Some((format.to_possible_value()?, format));
    one_of(formats.into_iter().filter_map(value).collect::<Vec<(PossibleValue, Format)>>())
}
