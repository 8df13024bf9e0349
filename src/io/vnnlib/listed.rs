//! Networks of a property by name, as the lists of VNN-COMP have them for several:
//! `[('f', 'a.onnx'), ('g', 'b.onnx')]`, as Python writes it.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::message::excerpt;

/// Networks by name, with their files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkList(pub Vec<(String, PathBuf)>);

/// A text that is no such list.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("found {found}; expected [('NAME', 'FILE'), …], with {expected} there")]
pub struct ListError {
    found: String,
    expected: String,
}

impl NetworkList {
    /// Whether a text begins as a list does; a file of that name would be another one.
    pub fn begins(text: &str) -> bool {
        text.starts_with('[')
    }

    /// Reads a list.
    ///
    /// # Errors
    /// [`ListError`].
    pub fn read(text: &str) -> Result<Self, ListError> {
        let mut rest = text;
        let mut found = Vec::new();
        sign(&mut rest, '[')?;
        loop {
            sign(&mut rest, '(')?;
            let name = quoted(&mut rest)?;
            sign(&mut rest, ',')?;
            let path = quoted(&mut rest)?;
            sign(&mut rest, ')')?;
            found.push((name, path.into()));
            if sign(&mut rest, ',').is_err() {
                break;
            }
        }
        sign(&mut rest, ']')?;
        match rest.trim().is_empty() {
            true => Ok(Self(found)),
            false => Err(wrong(rest, "nothing behind the list")),
        }
    }

    /// The same networks in other files.
    ///
    /// # Errors
    /// The first of `file`.
    pub fn with_files<E>(&self, file: impl Fn(&Path) -> Result<PathBuf, E>) -> Result<Self, E> {
        let each = self.0.iter().map(|(name, path)| Ok((name.clone(), file(path)?)));
        Ok(Self(each.collect::<Result<_, E>>()?))
    }
}

impl fmt::Display for NetworkList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| match text.contains('\'') {
            true => format!("\"{text}\""),
            false => format!("'{text}'"),
        };
        let each = self
            .0
            .iter()
            .map(|(name, path)| format!("({}, {})", quoted(name), quoted(&path.to_string_lossy())));
        write!(f, "[{}]", each.collect::<Vec<_>>().join(", "))
    }
}

fn wrong(rest: &str, expected: &str) -> ListError {
    let found = match rest.trim() {
        "" => "the end".to_string(),
        rest => format!("'{}'", excerpt(rest)),
    };
    ListError { found, expected: expected.to_string() }
}

/// Goes on behind a sign that is next.
fn sign(rest: &mut &str, sign: char) -> Result<(), ListError> {
    let after = rest.trim_start().strip_prefix(sign);
    *rest = after.ok_or_else(|| wrong(rest, &format!("'{sign}'")))?;
    Ok(())
}

/// The text between quotes that is next.
fn quoted<'a>(rest: &mut &'a str) -> Result<String, ListError> {
    let at: &'a str = rest.trim_start();
    let quote = at.chars().next().filter(|quote| ['\'', '"'].contains(quote));
    let quote = quote.ok_or_else(|| wrong(at, "a text between quotes"))?;
    let (text, after) =
        at[1..].split_once(quote).ok_or_else(|| wrong(at, "an end of that text"))?;
    *rest = after;
    Ok(text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_python_writes_them() {
        let text = "[('f', 'onnx/a.onnx'),('g',\"it's.onnx\")]";
        let list = NetworkList::read(text).expect("a list");
        let expected = [("f", "onnx/a.onnx"), ("g", "it's.onnx")];
        let expected = expected.map(|(name, path)| (name.to_string(), PathBuf::from(path)));
        assert_eq!(list.0, expected);
        assert_eq!(NetworkList::read(&list.to_string()), Ok(list));
        for (text, expected) in [
            ("[", "with '(' there"),
            ("[('f' 'a')]", "found ''a')]'"),
            ("[('f', a)]", "quotes"),
            ("[('f', 'a)]", "an end"),
            ("[('f', 'a')] x", "nothing behind"),
            ("['f']", "with '(' there"),
        ] {
            let error = NetworkList::read(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
