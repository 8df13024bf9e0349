//! The lines of an NNet file, and the numbers in them.

use std::iter::Peekable;

use ndarray::{Array1, Array2};

use crate::io::FormatError;
use crate::message::excerpt;

/// The lines with something in them, with their numbers from 1.
pub struct Lines<'a> {
    rest: Peekable<Box<dyn Iterator<Item = (usize, &'a str)> + 'a>>,
}

impl<'a> Lines<'a> {
    /// The lines behind the comments at the head.
    pub fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().zip(1..).map(|(line, number)| (number, line.trim()));
        let lines = lines.filter(|(_, line)| !line.is_empty());
        let lines = lines.skip_while(|(_, line)| line.starts_with("//"));
        let lines: Box<dyn Iterator<Item = (usize, &'a str)> + 'a> = Box::new(lines);
        Self { rest: lines.peekable() }
    }

    /// The next line.
    ///
    /// # Errors
    /// There is none; what was expected.
    pub fn next(&mut self, expected: &str) -> Result<(usize, &'a str), FormatError> {
        self.rest.next().ok_or_else(|| FormatError::Content {
            place: "the end of the file".to_string(),
            found: "no line".to_string(),
            expected: expected.to_string(),
        })
    }

    /// That there is no more line.
    ///
    /// # Errors
    /// The line.
    pub fn end(&mut self) -> Result<(), FormatError> {
        match self.rest.peek() {
            None => Ok(()),
            Some((line, text)) => {
                let found = format!("'{}'", excerpt(text));
                Err(refused(*line, &found, "the end of the file behind the last bias"))
            }
        }
    }

    /// Whole numbers of one line.
    pub fn counts(&mut self, expected: &str) -> Result<(usize, Vec<usize>), FormatError> {
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

    /// Numbers of one line, of which more may follow.
    pub fn at_least(&mut self, least: usize, what: &str) -> Result<(usize, Vec<f64>), FormatError> {
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
    pub fn layer(
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

/// How many numbers were found, in words.
pub fn numbers(count: usize) -> String {
    if count == 1 { "1 number".to_string() } else { format!("{count} numbers") }
}

/// What is wrong with a line.
pub fn refused(line: usize, found: &str, expected: &str) -> FormatError {
    FormatError::Content {
        place: format!("line {line}"),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}
