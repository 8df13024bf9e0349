//! Files that are not what a command expects: what they are, and what to do with them.

use std::path::Path;

use anyhow::{anyhow, bail};
use taut::io::{FORMATS, format_of, is_stdin, network_extensions};
use toml::{Table, Value};

/// What a command expects of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// A question: an instance, or a network with its box.
    Problem,
    /// A network.
    Network,
    /// A recipe of a training.
    Recipe,
}

impl Expected {
    fn words(self) -> String {
        let networks = network_extensions();
        match self {
            Self::Problem => format!("an instance file (.toml) or a network file ({networks})"),
            Self::Network => format!("a network file ({networks})"),
            Self::Recipe => "a recipe file (.toml)".to_string(),
        }
    }
}

/// Refuses a file whose name says that it is something else; other files are read, and then
/// say themselves what is wrong with them.
///
/// # Errors
/// What it is, what was expected, and what to do.
pub fn check(path: &Path, expected: Expected) -> anyhow::Result<()> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = path.display();
    let is_network = is_stdin(path) || format_of(path).is_ok();
    let what = match (extension.as_str(), expected) {
        _ if path.is_dir() => {
            bail!("{name}: is a directory; expected a file: {}", expected.words())
        }
        (_, Expected::Recipe) if is_network => {
            "a network, which is what a training makes".to_string()
        }
        ("toml", Expected::Network) => "a TOML file, which may hold a question (taut minimize) or \
             a recipe (taut train), but no network"
            .to_string(),
        (_, Expected::Recipe) => return Ok(()),
        ("toml", Expected::Problem) => return Ok(()),
        _ if is_network => return Ok(()),
        (foreign, _) => match other(foreign, path) {
            Some(what) => what,
            None => bail!(
                "{name}: not a file of a known kind by its extension; expected {}",
                expected.words()
            ),
        },
    };
    bail!("{name}: {what}; expected {}", expected.words())
}

/// What files of other programs are, and how they become ONNX files.
fn other(extension: &str, path: &Path) -> Option<String> {
    let name = path.display();
    let target = path.with_extension("onnx");
    let onnx = target.file_name().unwrap_or_default().to_string_lossy();
    Some(match extension {
        "pt" | "pth" | "pt2" | "ckpt" => format!(
            "a PyTorch file; write it as ONNX, in Python: torch.onnx.export(model, torch.zeros(1, \
             INPUTS), \"{onnx}\")"
        ),
        "h5" | "hdf5" | "keras" => format!(
            "a Keras file; write it as ONNX: python -m tf2onnx.convert --keras {name} --output \
             {onnx}"
        ),
        "tflite" => format!(
            "a TensorFlow Lite file; write it as ONNX: python -m tf2onnx.convert --tflite {name} \
             --output {onnx}"
        ),
        "pb" => format!(
            "a TensorFlow file; write it as ONNX: python -m tf2onnx.convert --saved-model FOLDER \
             --output {onnx}"
        ),
        "pkl" | "pickle" | "joblib" => "a pickled Python object; write what it holds as ONNX, in \
             Python: torch.onnx.export for a PyTorch model, skl2onnx.to_onnx for one of \
             scikit-learn"
            .to_string(),
        "safetensors" | "npy" => {
            "numbers without layers; write the whole model as ONNX where it was trained".to_string()
        }
        "vnnlib" => format!("a VNN-LIB property, which is verified: taut verify NETWORK {name}"),
        "csv" => "a table; a box of inputs goes to --box".to_string(),
        "mps" | "lp" => "a program for a solver, which Taut writes and does not read".to_string(),
        _ => return None,
    })
}

/// What a TOML text is that is no instance, where it is a recipe.
pub fn instead_of_an_instance(path: &Path) -> Option<anyhow::Error> {
    let table = table(path)?;
    let is_recipe = ["data", "training", "init", "penalty", "compress"]
        .iter()
        .any(|key| matches!(table.get(*key), Some(Value::Table(_))))
        || matches!(table.get("network"), Some(Value::Table(_)));
    let name = path.display();
    let made = FORMATS.iter().map(|format| path.with_extension(format.name()));
    let hint = match made.into_iter().find(|made| made.is_file()) {
        Some(made) => format!("{} may be the network that it made", made.display()),
        None => format!("taut train {name} -o NETWORK.onnx makes the network"),
    };
    is_recipe.then(|| {
        let expected = Expected::Problem.words();
        anyhow!("{name}: a recipe of a training; {hint}; expected {expected}")
    })
}

/// What a TOML text is that is no recipe, where it is an instance.
pub fn instead_of_a_recipe(path: &Path) -> Option<anyhow::Error> {
    let table = table(path)?;
    let is_instance = matches!(table.get("network"), Some(Value::String(_)));
    let name = path.display();
    is_instance.then(|| {
        anyhow!(
            "{name}: an instance, a question about a network that is there (taut minimize {name}); \
             expected {}",
            Expected::Recipe.words()
        )
    })
}

/// The keys of a file that can be read twice.
fn table(path: &Path) -> Option<Table> {
    if !path.is_file() {
        return None;
    }
    toml::from_str(&std::fs::read_to_string(path).ok()?).ok()
}
