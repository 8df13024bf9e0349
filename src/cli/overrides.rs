//! What flags put into the tables of a recipe, above what its file says.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::de::DeserializeOwned;
use taut::message::{excerpt, toml_error};
use taut::train::TrainError;
use toml::{Table, Value};

use super::kinds::{self, Expected};

/// A path such as `data.noise`, and what is put there.
pub type Override = (String, Value);

/// The overrides of the flag `--set`, each `TABLE.KEY=VALUE`.
///
/// # Errors
/// One without `=`.
pub fn settings(list: &[String]) -> anyhow::Result<Vec<Override>> {
    let each = list.iter().map(|setting| match setting.split_once('=') {
        Some((path, value)) => Ok((path.trim().to_string(), value_of(value.trim()))),
        None => bail!("--set {}: expected TABLE.KEY=VALUE", excerpt(setting)),
    });
    each.collect()
}

/// The tables of a text with overrides put into them.
///
/// # Errors
/// The text is no TOML, or a path goes through what is no table.
pub fn overridden(text: &str, overrides: Vec<Override>) -> anyhow::Result<Table> {
    let mut table: Table = toml::from_str(text).map_err(|error| anyhow!(toml_error(&error)))?;
    for (path, value) in overrides {
        put(&mut table, &path, value)?;
    }
    Ok(table)
}

/// A recipe out of its tables.
///
/// # Errors
/// A key that it does not know, or a value of another type.
pub fn recipe_of<R: DeserializeOwned>(table: Table) -> anyhow::Result<R> {
    Ok(table.try_into()?)
}

/// The recipe of a file, with overrides put into it.
///
/// # Errors
/// There is no such file, it is something else, or it is no such recipe.
pub fn read<R: DeserializeOwned>(
    path: &Path,
    overrides: Vec<Override>,
    from_toml: fn(&str) -> Result<R, TrainError>,
    validate: fn(&R) -> Result<(), TrainError>,
) -> anyhow::Result<R> {
    kinds::check(path, Expected::Recipe)?;
    tracing::info!("read: {}", path.display());
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let merged = || match overrides.is_empty() {
        true => Ok(from_toml(&text)?),
        false => {
            let recipe = recipe_of(overridden(&text, overrides)?)?;
            validate(&recipe)?;
            anyhow::Ok(recipe)
        }
    };
    merged().map_err(|error| {
        let other = kinds::instead_of_a_recipe(path);
        other.unwrap_or_else(|| error.context(path.display().to_string()))
    })
}

/// A title that a recipe leaves out is the name of its file.
pub fn name_by(title: &mut String, path: &Path) {
    if title.is_empty() {
        *title = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
}

/// A whole number; the largest that TOML has in place of a larger one.
pub fn whole(number: u64) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A value as TOML writes it; what is none is a text without quotes.
fn value_of(text: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {text}"));
    let value = parsed.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::from(text))
}

/// Puts a value at a path such as `data.noise`.
fn put(table: &mut Table, path: &str, value: Value) -> anyhow::Result<()> {
    match path.split_once('.') {
        None => {
            table.insert(path.to_string(), value);
            Ok(())
        }
        Some((name, rest)) => match table.entry(name).or_insert(Value::Table(Table::new())) {
            Value::Table(inner) => put(inner, rest, value),
            _ => bail!("{}: '{}' is no table", excerpt(path), excerpt(name)),
        },
    }
}
