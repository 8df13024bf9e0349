//! `taut schema instance|recipe|gan|rbm|suite|run|record [-o FILE]`: JSON Schemas of what Taut reads
//! and prints.
//!
//! Instances, recipes and suites are TOML, which editors check and complete by a JSON Schema, of
//! draft 7, the newest that they all know. Unknown keys are refused there as the readers
//! refuse them. A record of `--format json` may get new keys, so its schema allows others.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use taut::bench::{Machine, Record as Run, Suite};
use taut::io::{Instance, write_text};
use taut::train::Recipe;
use taut::train::gan::GanRecipe;
use taut::train::rbm::renormalisation::RbmRecipe;

use super::record::Head;
use super::session::{Nothing, Report};
use super::shared::one_of;
use super::{ANSWERED, console};
use super::{
    analyze, bench, bounds, compare, convert, evaluate, export, gan, info, optimize, rbm, regions,
    report, robust, scale, train, verify,
};

/// Arguments of `schema`.
#[derive(clap::Args)]
pub struct Args {
    /// What the schema is of.
    #[arg(value_name = "OF", value_parser = subjects())]
    subject: Subject,
    /// Only the records of this command [default: those of all commands, told apart by their
    /// key "command"].
    #[arg(long, value_name = "NAME", value_parser = one_of(RECORDS.iter().map(|r| (r.0, *r))))]
    command: Option<Record>,
    /// File to write [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What a schema can be of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    Instance,
    Recipe,
    Gan,
    Rbm,
    Suite,
    Run,
    Record,
}

fn subjects() -> impl clap::builder::TypedValueParser<Value = Subject> {
    let value = |name, help: &'static str| PossibleValue::new(name).help(help);
    one_of([
        (
            value("instance", "An instance file: a question about a network (TOML)"),
            Subject::Instance,
        ),
        (value("recipe", "A recipe of a training (TOML)"), Subject::Recipe),
        (value("gan", "A recipe of a game of two networks (TOML)"), Subject::Gan),
        (value("rbm", "A recipe of stacks of Boltzmann machines (TOML)"), Subject::Rbm),
        (value("suite", "A suite of batch runs (TOML)"), Subject::Suite),
        (value("run", "A run of a batch: a line of its journal (JSON)"), Subject::Run),
        (value("record", "What --format json prints"), Subject::Record),
    ])
}

/// A command, and the schema of what its records have behind the head.
type Record = (&'static str, fn(&mut SchemaGenerator) -> Schema);

/// Every command that prints records.
const RECORDS: &[Record] = &[
    ("info", of::<info::Info>),
    ("minimize", of::<optimize::Optimized>),
    ("maximize", of::<optimize::Optimized>),
    ("find", of::<optimize::Optimized>),
    ("nearest", of::<optimize::Optimized>),
    ("verify", of::<verify::Verified>),
    ("robust", of::<robust::Robust>),
    ("evaluate", of::<evaluate::Evaluated>),
    ("bounds", of::<bounds::Bounded>),
    ("analyze", of::<analyze::Analyzed>),
    ("regions", of::<regions::Regions>),
    ("scale", of::<scale::Scaled>),
    ("train", of::<train::Record>),
    ("rbm", of::<rbm::Record>),
    ("gan", of::<gan::Games>),
    ("convert", of::<convert::Converted>),
    ("compare", of::<compare::Compared>),
    ("bench", of::<bench::Benched>),
    ("report", of::<report::Reported>),
    ("bench-status", of::<bench::status::BatchStatus>),
    ("bench-merge", of::<bench::merge::MergeRecord>),
    ("export", of::<export::Export>),
];

fn of<R: Report>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<R>()
}

/// Prints or writes a schema.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    anyhow::ensure!(
        args.command.is_none() || args.subject == Subject::Record,
        "--command: found with an instance, a recipe or a suite; expected with 'record' only"
    );
    let schema = match args.subject {
        Subject::Instance => {
            settings().for_deserialize().into_generator().into_root_schema_for::<Instance>()
        }
        Subject::Recipe => {
            settings().for_deserialize().into_generator().into_root_schema_for::<Recipe>()
        }
        Subject::Gan => {
            settings().for_deserialize().into_generator().into_root_schema_for::<GanRecipe>()
        }
        Subject::Rbm => {
            settings().for_deserialize().into_generator().into_root_schema_for::<RbmRecipe>()
        }
        Subject::Suite => {
            settings().for_deserialize().into_generator().into_root_schema_for::<Suite>()
        }
        Subject::Run => settings().for_serialize().into_generator().into_root_schema_for::<Run>(),
        Subject::Record => records(args.command),
    };
    let text = serde_json::to_string_pretty(&schema)? + "\n";
    match &args.output {
        Some(path) => {
            write_text(path, &text)?;
            console::print_record(&format!("wrote {}\n", path.display()))?;
        }
        None => console::print_record(&text)?,
    }
    Ok(ANSWERED)
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft07().with_transform(RecursiveTransform(in_plain_words))
}

/// The records of one command, or of all.
fn records(only: Option<Record>) -> Schema {
    let mut generator = settings().for_serialize().into_generator();
    let mut schema = match only {
        Some(record) => record_of(record, &mut generator),
        None => {
            let all: Vec<Schema> =
                RECORDS.iter().map(|&record| record_of(record, &mut generator)).collect();
            json_schema!({
                "title": "Record",
                "description": "What `taut COMMAND --format json` prints. New keys may come.",
                "oneOf": all,
            })
        }
    };
    schema.insert("$schema".to_string(), "http://json-schema.org/draft-07/schema#".into());
    schema.insert("definitions".to_string(), generator.take_definitions(true).into());
    schema
}

/// A record of a command: the head, then what was found, or less where the clock came before
/// the files were read.
fn record_of((command, found): Record, generator: &mut SchemaGenerator) -> Schema {
    let head = generator.subschema_for::<Head>();
    let machine = generator.subschema_for::<Machine>();
    let (found, nothing) = (found(generator), generator.subschema_for::<Nothing>());
    json_schema!({
        "title": format!("Record of {command}"),
        "type": "object",
        "properties": { "command": { "const": command }, "machine": machine },
        "required": ["command", "machine"],
        "allOf": [head, { "anyOf": [found, nothing] }],
    })
}

/// Descriptions are those of the code's documentation, whose links lead nowhere here, and whose
/// examples are for programs.
fn in_plain_words(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        let (words, _) = text.split_once("\n\n```").unwrap_or((text, ""));
        let paragraphs: Vec<String> =
            words.split("\n\n").map(|p| plain(&p.replace('\n', " "))).collect();
        *text = paragraphs.join("\n\n");
    }
}

/// A text with `` `name` `` for the links ``[`name`]`` and ``[`name`](target)``.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, behind)) = link.split_once("`]") else { break };
        plain.push_str(&format!("{before}`{name}`"));
        rest = match behind.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, behind)) => behind,
            None => behind,
        };
    }
    plain + rest
}
