//! From a network to the text of an NNet file.

use std::fmt::Write;

use crate::io::FormatError;
use crate::io::dense::DenseChain;
use crate::io::models::number;
use crate::network::Network;

pub fn write(network: &Network) -> Result<Vec<u8>, FormatError> {
    let chain = DenseChain::of(network)?;
    let refused = |found: String, expected: &str| FormatError::Content {
        place: "the network".to_string(),
        found,
        expected: expected.to_string(),
    };
    let domain = network.metadata().input_box.as_ref().ok_or_else(|| {
        refused("no box of inputs".to_string(), "one: NNet files state least and largest inputs")
    })?;
    let output_mean = common(&chain.output_mean).ok_or_else(|| {
        refused(format!("outputs with different means {:?}", chain.output_mean), ONE_FOR_ALL)
    })?;
    let output_range = common(&chain.output_range).ok_or_else(|| {
        refused(format!("outputs with different ranges {:?}", chain.output_range), ONE_FOR_ALL)
    })?;
    let ranges = [&chain.input_range[..], &[output_range]].concat();
    if let Some(range) = ranges.iter().find(|range| **range <= 0.0) {
        return Err(refused(format!("the range {range}"), "positive ranges"));
    }
    let mut sizes = vec![network.inputs()];
    sizes.extend(chain.layers.iter().map(|(weights, _)| weights.nrows()));
    let mut text = String::from("// Neural network in the NNet format, written by Taut\n");
    let largest = sizes.iter().max().copied().unwrap_or_default();
    line(&mut text, [chain.layers.len(), network.inputs(), network.outputs(), largest]);
    line(&mut text, sizes);
    line(&mut text, [0]);
    let numbers =
        |text: &mut String, values: &[f64]| line(text, values.iter().copied().map(number));
    numbers(&mut text, domain.lower());
    numbers(&mut text, domain.upper());
    numbers(&mut text, &[&chain.input_mean[..], &[output_mean]].concat());
    numbers(&mut text, &ranges);
    for (weights, bias) in &chain.layers {
        for row in weights.outer_iter() {
            numbers(&mut text, &row.to_vec());
        }
        for &value in bias {
            numbers(&mut text, &[value]);
        }
    }
    Ok(text.into_bytes())
}

const ONE_FOR_ALL: &str = "one for all outputs";

/// The one value of all.
fn common(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|&value| value == first).then_some(first)
}

fn line(text: &mut String, values: impl IntoIterator<Item = impl std::fmt::Display>) {
    for value in values {
        write!(text, "{value},").expect("a text takes what is written to it");
    }
    text.push('\n');
}
