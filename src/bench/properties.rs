//! Lists of properties: the `instances.csv` of VNN-COMP, a line `network,property,seconds` each,
//! without a header, with paths by the folder of the list; for several networks there is a
//! [`NetworkList`]. A file that lies there packed counts
//! under its name with or without `.gz`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::plan::{ListedProperty, PlannedInstance};
use super::suite::SuiteError;
use crate::io::vnnlib::NetworkList;

/// How the name of a list ends.
pub const EXTENSION: &str = ".csv";

/// How the name of a packed file ends.
const PACKED: &str = ".gz";

/// The instances of a list, which is named by a folder, as they are.
///
/// # Errors
/// [`SuiteError`]: a list that cannot be read, a line that is not as it should be, a file that is
/// not there, another limit for the same property.
pub fn read(folder: &Path, list: &str) -> Result<Vec<PlannedInstance>, SuiteError> {
    let path = folder.join(list);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| SuiteError::Read { path: path.clone(), error })?;
    instances(folder, Path::new(list).parent().unwrap_or(Path::new("")), &text)
        .map_err(|what| SuiteError::Content { path, what })
}

fn instances(folder: &Path, at: &Path, text: &str) -> Result<Vec<PlannedInstance>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut found: Vec<PlannedInstance> = Vec::new();
    let mut known: BTreeMap<String, f64> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |what: String| format!("line {line}: {what}");
        let fields: Vec<&str> = row.iter().collect();
        // A list of networks has commas, and not always quotes around it.
        let Some((networks, &[property, limit])) = fields.split_last_chunk().filter(|(rest, _)| {
            rest.len() == 1 || rest.first().is_some_and(|f| f.starts_with('['))
        }) else {
            let count = fields.len();
            return Err(wrong(format!("{count} fields; expected network, property, seconds")));
        };
        let network = networks.join(",");
        let seconds = limit.parse().ok().filter(|s: &f64| *s > 0.0 && s.is_finite());
        let Some(seconds) = seconds else {
            return Err(wrong(format!("'{limit}': expected a positive number of seconds")));
        };
        let named = |name: &str| at.join(name.strip_prefix("./").unwrap_or(name));
        let property = named(property);
        let network = match NetworkList::begins(&network) {
            true => Networks::Several(
                NetworkList::read(&network)
                    .and_then(|list| list.with_files(|path| Ok(named(&path.to_string_lossy()))))
                    .map_err(|error| wrong(error.to_string()))?,
            ),
            false => Networks::One(named(&network)),
        };
        let name = format!("{network} {}", property.display());
        match known.insert(name.clone(), seconds) {
            None => {}
            Some(before) if before == seconds => continue,
            Some(before) => {
                return Err(wrong(format!("'{name}' has {before} s above and {seconds} s here")));
            }
        }
        let stored_here = |path: &Path| stored(&folder.join(path));
        let file = match network {
            Networks::One(path) => stored_here(&path),
            Networks::Several(list) => {
                list.with_files(stored_here).map(|list| list.to_string().into())
            }
        };
        let file = file.map_err(wrong)?;
        let property = stored(&folder.join(property)).map_err(wrong)?;
        let property = Some(ListedProperty { file: property, seconds });
        found.push(PlannedInstance { name, file, property });
    }
    match found.is_empty() {
        true => Err("no line; expected network, property, seconds".to_string()),
        false => Ok(found),
    }
}

/// What stands in front of a property.
enum Networks {
    One(PathBuf),
    Several(NetworkList),
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(path) => path.display().fmt(f),
            Self::Several(list) => list.fmt(f),
        }
    }
}

/// A file, packed or not, as it lies there.
fn stored(path: &Path) -> Result<PathBuf, String> {
    let text = path.to_string_lossy();
    let other = match text.strip_suffix(PACKED) {
        Some(unpacked) => unpacked.to_string(),
        None => format!("{text}{PACKED}"),
    };
    let found = [path.to_path_buf(), PathBuf::from(&other)].into_iter().find(|path| path.is_file());
    found.ok_or_else(|| format!("no such file: {text}, nor {other}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are() {
        let folder = temp_dir::TempDir::new().expect("a folder");
        std::fs::create_dir(folder.child("set")).expect("a folder");
        for name in ["set/a.onnx", "set/b.onnx.gz", "set/p.vnnlib.gz"] {
            std::fs::write(folder.child(name), "").expect("a file");
        }
        let read = |text: &str| instances(folder.path(), Path::new("set"), text);
        let text = "./a.onnx, p.vnnlib ,116\r\n\nb.onnx,p.vnnlib.gz,0.5\na.onnx,p.vnnlib,116\n";
        let found = read(text).expect("instances");
        let names: Vec<&str> = found.iter().map(|instance| instance.name.as_str()).collect();
        assert_eq!(names, ["set/a.onnx set/p.vnnlib", "set/b.onnx set/p.vnnlib.gz"]);
        assert_eq!(found[1].file, folder.child("set/b.onnx.gz"));
        let property = found[0].property.as_ref().expect("a property");
        assert_eq!((&property.file, property.seconds), (&folder.child("set/p.vnnlib.gz"), 116.0));
        let several =
            read("\"[('f', 'a.onnx'), ('g', './b.onnx')]\",p.vnnlib,2").expect("instances");
        let listed = |path: &str| folder.child(path).display().to_string();
        let expected =
            format!("[('f', '{}'), ('g', '{}')]", listed("set/a.onnx"), listed("set/b.onnx.gz"));
        assert_eq!(several[0].file, PathBuf::from(expected));
        assert_eq!(several[0].name, "[('f', 'set/a.onnx'), ('g', 'set/b.onnx')] set/p.vnnlib");
        assert_eq!(read("[('f', 'a.onnx'), ('g', './b.onnx')],p.vnnlib,2").map(|l| l.len()), Ok(1));
        for (text, expected) in [
            ("", "no line"),
            ("[('f' 'a.onnx')],p.vnnlib,2", "line 1: found"),
            ("onnx,vnnlib,timeout", "line 1: 'timeout': expected a positive number of seconds"),
            ("a.onnx,p.vnnlib,0", "line 1: '0': expected"),
            ("a.onnx,p.vnnlib", "line 1: 2 fields; expected network, property, seconds"),
            ("a.onnx,p.vnnlib,1\na.onnx,p.vnnlib,2", "line 2: 'set/a.onnx set/p.vnnlib' has 1 s"),
            ("c.onnx,p.vnnlib,1", "line 1: no such file"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
