//! `taut info --check`: a network against onnxruntime, where Python has it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taut::network::{Batch, Network};
use taut::num::IntervalBox;
use taut::num::sample::UniformPoints;

const SCRIPT: &str = include_str!("check.py");

/// Points that are compared.
const POINTS: usize = 20;

/// Most that outputs may differ by, relative to `1 + |output|`: single precision, through many
/// layers.
const MOST: f64 = 1e-4;

/// How outputs compare with those of onnxruntime.
#[derive(Serialize, JsonSchema)]
pub struct Checked {
    /// Version of onnxruntime.
    pub onnxruntime: String,
    /// Random points of the box with the network, or of [-1, 1].
    pub points: usize,
    /// The largest difference of an output, relative to `1 + |output|`.
    pub largest_difference: f64,
    /// Whether that is what single precision comes to.
    pub agrees: bool,
}

#[derive(Serialize)]
struct Asked {
    rows: usize,
    points: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Told {
    version: String,
    outputs: Vec<Vec<f64>>,
}

/// Compares a network with what a Python program says of its file.
///
/// # Errors
/// The file is no plain ONNX file; Python is not there, or has no onnxruntime; other outputs.
pub fn check(
    network: &Network,
    path: &Path,
    domain: Option<&IntervalBox>,
    python: &str,
) -> anyhow::Result<Checked> {
    let is_plain = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"));
    ensure!(is_plain, "--check: onnxruntime reads .onnx files; found {}", path.display());
    ensure!(
        network.set_aside().is_empty(),
        "--check: the last operator is set aside, so that outputs are others by intent"
    );
    let inputs = network.inputs();
    let cube = || IntervalBox::new(vec![-1.0; inputs], vec![1.0; inputs]).expect("a box");
    let domain = domain.cloned().unwrap_or_else(cube);
    // Numbers that single precision holds are the same to both.
    let single = |point: Vec<f64>| point.iter().map(|&x| f64::from(x as f32)).collect();
    let points: Vec<Vec<f64>> = UniformPoints::new(&domain, 0).take(POINTS).map(single).collect();
    let rows = match network.batch() {
        Some(Batch::OneRow { rows }) => *rows,
        Some(Batch::AllRows { .. }) | None => 1,
    };
    let told = ask(python, path, &Asked { rows, points: points.clone() })?;
    let mut largest_difference: f64 = 0.0;
    for (point, theirs) in points.iter().zip(&told.outputs) {
        let ours = network.evaluate_point(point);
        ensure!(
            ours.len() == theirs.len(),
            "--check: onnxruntime has {} outputs; the network has {}",
            theirs.len(),
            ours.len()
        );
        for (a, b) in ours.iter().zip(theirs) {
            let difference = (a - b).abs() / (1.0 + b.abs());
            // A number that is none is a difference.
            largest_difference = largest_difference.max(if difference.is_nan() {
                f64::INFINITY
            } else {
                difference
            });
        }
    }
    let agrees = largest_difference <= MOST;
    Ok(Checked { onnxruntime: told.version, points: POINTS, largest_difference, agrees })
}

fn ask(python: &str, path: &Path, asked: &Asked) -> anyhow::Result<Told> {
    let mut command = Command::new(python);
    command.args(["-c", SCRIPT]).arg(path);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| {
        format!("--check: '{python}' cannot be run; expected Python, or --python PROGRAM")
    })?;
    let mut stdin = child.stdin.take().context("--check: no standard input")?;
    let text = serde_json::to_vec(asked)?;
    // A program that ends early says why on its own.
    let _ = stdin.write_all(&text);
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("No module named") {
            bail!(
                "--check: '{python}' has no onnxruntime; expected one with it: python3 -m pip \
                 install onnxruntime numpy, or --python PROGRAM"
            );
        }
        let last = errors.lines().last().unwrap_or_default();
        bail!("--check: onnxruntime failed: {last}");
    }
    serde_json::from_slice(&output.stdout).context("--check: what onnxruntime said")
}
