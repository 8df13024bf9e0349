//! What flags put into the tables of a recipe, above what its file says.

use anyhow::{anyhow, bail};
use serde::de::DeserializeOwned;
use taut::message::{excerpt, toml_error};
use toml::{Table, Value};

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
