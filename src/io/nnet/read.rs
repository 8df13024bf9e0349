//! From the text of an NNet file to a network.

use std::iter::Peekable;

use ndarray::{Array1, Array2};

use crate::io::FormatError;
use crate::message::excerpt;
use crate::network::{
    Activation, Constant, DenseLayer, Metadata, Network, NetworkDescription, Units,
};
use crate::num::IntervalBox;
use crate::problem::ProblemError;

pub fn read(bytes: &[u8], name: &str, units: Units) -> Result<Network, FormatError> {
    // Comments may be in any character set.
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Lines::new(&text);
    let header = Header::read(&mut lines, bytes.len())?;
    let mut description = NetworkDescription::of_row(name, header.inputs());
    let normalisation = header.normalisation.as_ref().filter(|_| units == Units::Raw);
    if let Some(normalisation) = normalisation {
        normalisation.before(&mut description);
    }
    let layers = header.sizes.len() - 1;
    for (number, sizes) in header.sizes.windows(2).enumerate() {
        let activation = if number + 1 < layers { Activation::Relu } else { Activation::Linear };
        let (weights, bias) = lines.layer(number + 1, sizes[0], sizes[1])?;
        description.add_dense(number + 1, DenseLayer { weights, bias, activation });
    }
    lines.end()?;
    if let Some(normalisation) = normalisation {
        normalisation.after(&mut description);
    }
    description.metadata = Metadata {
        input_box: Some(header.domain(units)?),
        origin: Some(format!("NNet file, read in {} units", units.name())),
        ..Metadata::default()
    };
    Ok(description.build()?.with_units(units))
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

    fn normalised(&self, raw: &[f64]) -> Vec<f64> {
        let each = raw.iter().zip(&self.mean).zip(&self.range);
        each.map(|((raw, mean), range)| (raw - mean) / range).collect()
    }

    fn before(&self, description: &mut NetworkDescription) {
        add(description, "input_mean", "Sub", &self.mean);
        add(description, "input_range", "Div", &self.range);
    }

    fn after(&self, description: &mut NetworkDescription) {
        add(description, "output_range", "Mul", &vec![self.output_range; self.outputs]);
        add(description, "output_mean", "Add", &vec![self.output_mean; self.outputs]);
    }
}

/// Adds an elementwise operator with a constant.
fn add(description: &mut NetworkDescription, name: &str, op: &str, values: &[f64]) {
    let values = Constant::Float(Array1::from(values.to_vec()).into_dyn());
    let constant = description.constant(format!("{name}.values"), values);
    let operands = vec![description.output.clone(), constant];
    description.node(name.to_string(), op, &[], operands);
}

/// The lines with something in them, with their numbers from 1.
struct Lines<'a> {
    rest: Peekable<Box<dyn Iterator<Item = (usize, &'a str)> + 'a>>,
}

impl<'a> Lines<'a> {
    /// The lines behind the comments at the head.
    fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().zip(1..).map(|(line, number)| (number, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty());
        let lines = lines.skip_while(|(_, line)| line.starts_with("//"));
        let lines: Box<dyn Iterator<Item = (usize, &'a str)> + 'a> = Box::new(lines);
        Self { rest: lines.peekable() }
    }

    fn next(&mut self, expected: &str) -> Result<(usize, &'a str), FormatError> {
        self.rest.next().ok_or_else(|| FormatError::Content {
            place: "the end of the file".to_string(),
            found: "no line".to_string(),
            expected: expected.to_string(),
        })
    }

    fn end(&mut self) -> Result<(), FormatError> {
        match self.rest.peek() {
            None => Ok(()),
            Some((line, text)) => {
                let found = format!("'{}'", excerpt(text));
                Err(refused(*line, &found, "the end of the file behind the last bias"))
            }
        }
    }

    /// Whole numbers of one line.
    fn counts(&mut self, expected: &str) -> Result<(usize, Vec<usize>), FormatError> {
        let (line, text) = self.next(expected)?;
        let count = |word: &str| {
            let found = format!("'{}'", excerpt(word));
            word.parse().map_err(|_| refused(line, &found, "a whole number"))
        };
        Ok((line, words(text).map(count).collect::<Result<_, _>>()?))
    }

    /// Numbers of one line.
    fn numbers(&mut self, expected: &str) -> Result<(usize, Vec<f64>), FormatError> {
        let (line, text) = self.next(expected)?;
        let number = |word: &str| match word.parse() {
            Ok(value) if f64::is_finite(value) => Ok(value),
            _ => {
                let expected = format!("finite numbers, separated by commas: {expected}");
                Err(refused(line, &format!("'{}'", excerpt(word)), &expected))
            }
        };
        Ok((line, words(text).map(number).collect::<Result<_, _>>()?))
    }

    fn at_least(&mut self, least: usize, what: &str) -> Result<(usize, Vec<f64>), FormatError> {
        let expected = format!("{least} {what}");
        match self.numbers(&expected)? {
            (line, found) if found.len() < least => {
                Err(refused(line, &numbers(found.len()), &expected))
            }
            found => Ok(found),
        }
    }

    fn exactly(&mut self, count: usize, what: &str) -> Result<Vec<f64>, FormatError> {
        let expected = format!("{count} {what}");
        match self.numbers(&expected)? {
            (line, found) if found.len() != count => {
                Err(refused(line, &numbers(found.len()), &expected))
            }
            (_, found) => Ok(found),
        }
    }

    /// Weights, out × in, and biases of a layer, counted from 1.
    fn layer(
        &mut self,
        number: usize,
        inputs: usize,
        outputs: usize,
    ) -> Result<(Array2<f64>, Array1<f64>), FormatError> {
        let mut weights = Array2::zeros((outputs, inputs));
        for (neuron, mut row) in weights.outer_iter_mut().enumerate() {
            let what = format!("(weights of neuron {} of layer {number})", neuron + 1);
            row.assign(&Array1::from(self.exactly(inputs, &what)?));
        }
        let mut bias = Array1::zeros(outputs);
        for (neuron, bias) in bias.iter_mut().enumerate() {
            let what = format!("(bias of neuron {} of layer {number})", neuron + 1);
            *bias = self.exactly(1, &what)?[0];
        }
        Ok((weights, bias))
    }
}

/// What commas separate; one may stand at the end.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.strip_suffix(',').unwrap_or(line).split(',').map(str::trim)
}

fn numbers(count: usize) -> String {
    if count == 1 { "1 number".to_string() } else { format!("{count} numbers") }
}

fn refused(line: usize, found: &str, expected: &str) -> FormatError {
    FormatError::Content {
        place: format!("line {line}"),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
