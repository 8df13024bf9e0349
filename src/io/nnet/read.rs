//! From the text of an NNet file to a network.

use super::lines::{Lines, numbers, refused};
use crate::io::FormatError;
use crate::network::{
    Activation, DenseLayer, Metadata, Network, NetworkDescription, Scaling, Units,
};
use crate::num::IntervalBox;
use crate::problem::ProblemError;

pub fn read(bytes: &[u8], name: &str, units: Units) -> Result<Network, FormatError> {
    // Comments may be in any character set.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Lines::new(&text);
    let header = Header::read(&mut lines, bytes.len())?;
    let mut description = NetworkDescription::of_row(name, header.inputs());
    let layers = header.sizes.len() - 1;
    for (number, sizes) in header.sizes.windows(2).enumerate() {
        let activation = if number + 1 < layers { Activation::Relu } else { Activation::Linear };
        let (weights, bias) = lines.layer(number + 1, sizes[0], sizes[1])?;
        description.add_dense(number + 1, DenseLayer { weights, bias, activation });
    }
    lines.end()?;
    let scaling = header.normalisation.as_ref().map(Normalisation::scaling);
    let network = match &scaling {
        Some(scaling) if units == Units::Raw => description.build()?.in_raw_units(scaling)?,
        _ => description.build()?,
    };
    let network = network.with_metadata(Metadata {
        input_box: Some(header.domain(units)?),
        origin: Some(format!("NNet file, read in {} units", units.name())),
        // What is not applied is told.
        scaling: scaling.filter(|_| units == Units::Normalised),
        ..Metadata::default()
    })?;
    Ok(network.with_units(units))
}

/// What stands before the weights.
struct Header {
    /// Inputs, then each layer.
    sizes: Vec<usize>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// `None` where it changes nothing.
    normalisation: Option<Normalisation>,
}

impl Header {
    /// Reads it from a file of so many bytes.
    fn read(lines: &mut Lines, bytes: usize) -> Result<Self, FormatError> {
        let (line, counts) =
            lines.counts("four numbers: layers, inputs, outputs, largest layer")?;
        let &[layers, inputs, outputs, ..] = counts.as_slice() else {
            let expected = "four: layers, inputs, outputs, largest layer";
            return Err(refused(line, &numbers(counts.len()), expected));
        };
        let (line, sizes) = lines.counts("the sizes of the inputs and of each layer")?;
        if layers == 0 || sizes.len() - 1 != layers {
            let expected = format!("{}, of the inputs and of each layer", layers.saturating_add(1));
            return Err(refused(line, &format!("{} sizes", sizes.len()), &expected));
        }
        let ends = (sizes[0], sizes[layers]);
        if ends != (inputs, outputs) {
            let found = format!("sizes from {} to {}", ends.0, ends.1);
            let expected = format!("{inputs} inputs and {outputs} outputs, as stated before");
            return Err(refused(line, &found, &expected));
        }
        check_size(line, &sizes, bytes)?;
        lines.next("a line with a flag")?;
        let lower = lines.at_least(inputs, "least inputs")?.1;
        let (line, upper) = lines.at_least(inputs, "largest inputs")?;
        let (lower, upper) = (lower[..inputs].to_vec(), upper[..inputs].to_vec());
        if let Some(input) = (0..inputs).find(|&i| lower[i] > upper[i]) {
            let found = format!("{} as largest input {input}", upper[input]);
            return Err(refused(line, &found, &format!("at least {}, the least", lower[input])));
        }
        let mean = lines.at_least(inputs + 1, "means, of the inputs and of the outputs")?.1;
        let (line, range) =
            lines.at_least(inputs + 1, "ranges, of the inputs and of the outputs")?;
        let normalisation = Normalisation::new(&mean, &range, inputs, outputs);
        if let Some(range) = normalisation.ranges().find(|range| *range <= 0.0) {
            return Err(refused(line, &format!("the range {range}"), "positive ranges"));
        }
        let normalisation = normalisation.unless_identity();
        Ok(Self { sizes, lower, upper, normalisation })
    }

    fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// The box, in those units.
    fn domain(&self, units: Units) -> Result<IntervalBox, FormatError> {
        let side = |ends: &[f64]| match &self.normalisation {
            Some(normalisation) if units == Units::Normalised => normalisation.normalised(ends),
            _ => ends.to_vec(),
        };
        let domain = IntervalBox::new(side(&self.lower), side(&self.upper));
        domain.map_err(|error| ProblemError::Box(error).into())
    }
}

/// That a file is large enough for its layers, before memory is taken for them: a number and
/// what separates it take two bytes.
fn check_size(line: usize, sizes: &[usize], bytes: usize) -> Result<(), FormatError> {
    if sizes.contains(&0) {
        return Err(refused(line, "a size of 0", "sizes from 1"));
    }
    let parameters = sizes.windows(2).try_fold(0_usize, |sum, sizes| {
        sum.checked_add(sizes[0].checked_add(1)?.checked_mul(sizes[1])?)
    });
    match parameters {
        Some(parameters) if parameters <= bytes / 2 + 1 => Ok(()),
        _ => {
            let found = parameters.map_or("too many".to_string(), |found| found.to_string());
            let found =
                format!("layers with {found} weights and biases in a file of {bytes} bytes");
            Err(refused(line, &found, "two bytes or more for each"))
        }
    }
}

/// Means and ranges.
struct Normalisation {
    mean: Vec<f64>,
    range: Vec<f64>,
    output_mean: f64,
    output_range: f64,
    outputs: usize,
}

impl Normalisation {
    fn new(mean: &[f64], range: &[f64], inputs: usize, outputs: usize) -> Self {
        let last = |values: &[f64]| values.last().copied().unwrap_or_default();
        Self {
            output_mean: last(mean),
            output_range: last(range),
            mean: mean[..inputs].to_vec(),
            range: range[..inputs].to_vec(),
            outputs,
        }
    }

    fn ranges(&self) -> impl Iterator<Item = f64> {
        self.range.iter().copied().chain([self.output_range])
    }

    fn unless_identity(self) -> Option<Self> {
        let all = |values: &[f64], last: f64, neutral: f64| {
            last == neutral && values.iter().all(|&value| value == neutral)
        };
        let is_identity =
            all(&self.mean, self.output_mean, 0.0) && all(&self.range, self.output_range, 1.0);
        (!is_identity).then_some(self)
    }

    fn scaling(&self) -> Scaling {
        Scaling {
            input_mean: self.mean.clone(),
            input_deviation: self.range.clone(),
            output_mean: vec![self.output_mean; self.outputs],
            output_deviation: vec![self.output_range; self.outputs],
        }
    }

    fn normalised(&self, raw: &[f64]) -> Vec<f64> {
        let each = raw.iter().zip(&self.mean).zip(&self.range);
        each.map(|((raw, mean), range)| (raw - mean) / range).collect()
    }
}
