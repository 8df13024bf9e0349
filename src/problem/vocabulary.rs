//! What inputs and outputs are called, in questions that are read and in answers.
//!
//! - A name that the network's file gives: `pressure`; in quotes where it is no word: `"fuel
//!   flow"`. What stands in quotes is a name of the file and nothing else.
//! - The letter and the index: `x0`, `y2`; also `X0` and `x_0`. Where a name of the file has that
//!   form and is not at its place (inputs called `x1`, `x2`, … from the first on), indices of that
//!   letter are refused: `x1` would be two things.
//! - The position in brackets, counted from 0: `x[0]`, `y[2]`. It means the same in every file.
//! - The letter alone, where there is one input or output: `y`.
//!
//! Capitals do not matter where that leaves no doubt.

use std::ops::Range;

use super::Problem;
use super::expression::{Expression, Variable};
use super::words::spelled;
use crate::network::Network;

/// The variables that an expression may use.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// Names of the inputs, if they have any.
    pub input_names: &'a [String],
    /// Names of the outputs, if they have any.
    pub output_names: &'a [String],
}

/// Names that a message lists.
const MOST_LISTED: usize = 8;

impl<'a> Vocabulary<'a> {
    /// The words of a network.
    pub fn of(network: &'a Network) -> Self {
        Self {
            inputs: network.inputs(),
            outputs: network.outputs(),
            input_names: &network.metadata().input_names,
            output_names: &network.metadata().output_names,
        }
    }

    /// The variable with this name.
    ///
    /// # Errors
    /// What is wrong with it, and what there is.
    pub fn variable(&self, name: &str) -> Result<Variable, String> {
        let exactly = |other: &str| other == name;
        let alike = |other: &str| other.to_lowercase() == name.to_lowercase();
        if let Some(variable) = self.named(name, exactly)? {
            return Ok(variable);
        }
        for (letter, count) in [('x', self.inputs), ('y', self.outputs)] {
            match Index::of(name, letter) {
                None => {}
                Some(Index::Alone) if count == 1 => return Ok(of_letter(letter, 0)),
                Some(Index::Alone) => {}
                Some(Index::Attached(_)) if !self.is_indexed(letter) => {
                    let what = if letter == 'x' { "inputs" } else { "outputs" };
                    return match self.named(name, alike)? {
                        Some(variable) => Ok(variable),
                        None => Err(format!(
                            "{name}: the file has names of this form of its own, so that it could \
                             mean two things; the {what} are {}; {letter}[0] is the first of them",
                            self.listed(letter, count)
                        )),
                    };
                }
                Some(Index::Attached(index) | Index::InBrackets(index)) => {
                    return match index < count {
                        true => Ok(of_letter(letter, index)),
                        false => Err(format!("{name}: the network has {}", self.range(letter))),
                    };
                }
            }
        }
        self.named(name, alike)?.ok_or_else(|| self.unknown(name))
    }

    /// The variables of a letter, `x` where there is not one input, or of a range of them,
    /// `x[0:3]`, `y[2:]`, whose end is not in it; `None` if the name is that of one variable or
    /// of none.
    pub(super) fn list(&self, name: &str) -> Option<Result<Vec<Variable>, String>> {
        let own = self.named(name, |other| other == name);
        if !matches!(own, Ok(None)) {
            return None;
        }
        [('x', self.inputs), ('y', self.outputs)].into_iter().find_map(|(letter, count)| {
            let rest = name.strip_prefix([letter, letter.to_ascii_uppercase()])?;
            if rest.is_empty() {
                let all = (0..count).map(|index| of_letter(letter, index)).collect();
                return (count != 1).then_some(Ok(all));
            }
            let range = rest.strip_prefix('[')?.strip_suffix(']')?;
            let (from, to) = range.split_once(':')?;
            let end =
                |text: &str, default| if text.is_empty() { Ok(default) } else { text.parse() };
            let (from, to) = match (end(from, 0), end(to, count)) {
                (Ok(from), Ok(to)) if from < to && to <= count => (from, to),
                _ => {
                    let what = format!("{name} is no range of {}", self.range(letter));
                    return Some(Err(format!(
                        "{what}; the end is not in it, as in {letter}[0:{count}]"
                    )));
                }
            };
            Some(Ok((from..to).map(|index| of_letter(letter, index)).collect()))
        })
    }

    fn unknown(&self, name: &str) -> String {
        let (inputs, outputs) = (self.range('x'), self.range('y'));
        format!("unknown variable '{name}'; the network has {inputs}, and {outputs}")
    }

    /// The variable to which the file gives this very name.
    ///
    /// # Errors
    /// What is wrong with it, and what there is.
    pub fn variable_of_name(&self, name: &str) -> Result<Variable, String> {
        let exactly = |other: &str| other == name && !name.is_empty();
        self.named(name, exactly)?.ok_or_else(|| self.unknown(name))
    }

    /// The input with this name.
    ///
    /// # Errors
    /// What is wrong with it, and what there is.
    pub fn input(&self, name: &str) -> Result<usize, String> {
        let variable = self.variable(name)?;
        variable.input().ok_or_else(|| {
            format!("{name} is an output; expected an input: the network has {}", self.range('x'))
        })
    }

    /// What answers call a variable: the name in the file or, where it has none of its own,
    /// that by its index.
    pub fn name(&self, variable: Variable) -> String {
        match self.own_name(variable) {
            Some(name) => name.to_string(),
            None => self.index_name(variable),
        }
    }

    /// An expression in the words of answers; it can be read again.
    pub fn words(&self, expression: &Expression) -> String {
        expression.in_words(&|variable| match self.own_name(variable) {
            Some(name) => spelled(name),
            None => self.index_name(variable),
        })
    }

    /// An expression with inputs and outputs by their indices; it can be read again.
    pub fn by_index(&self, expression: &Expression) -> String {
        expression.in_words(&|variable| self.index_name(variable))
    }

    fn index_name(&self, variable: Variable) -> String {
        let (letter, index) = match variable {
            Variable::Input(index) => ('x', index),
            Variable::Output(index) => ('y', index),
        };
        match self.is_indexed(letter) {
            true => format!("{letter}{index}"),
            false => format!("{letter}[{index}]"),
        }
    }

    /// The name in the file, where it is the name of nothing else.
    fn own_name(&self, variable: Variable) -> Option<&'a str> {
        let name = match variable {
            Variable::Input(index) => self.input_names.get(index),
            Variable::Output(index) => self.output_names.get(index),
        };
        let name = name.filter(|name| !name.trim().is_empty())?;
        let is_own = self.names().filter(|(_, other)| *other == name).count() == 1;
        is_own.then_some(name.as_str())
    }

    /// Whether a letter with an index means what it says: no name in the file has this form,
    /// but at its place.
    fn is_indexed(&self, letter: char) -> bool {
        self.names().all(|(variable, name)| match Index::of(name, letter) {
            Some(Index::Attached(index)) => of_letter(letter, index) == variable,
            _ => true,
        })
    }

    fn names(&self) -> impl Iterator<Item = (Variable, &'a String)> {
        let inputs = self.input_names.iter().enumerate();
        let inputs = inputs.map(|(index, name)| (Variable::Input(index), name));
        let outputs = self.output_names.iter().enumerate();
        inputs.chain(outputs.map(|(index, name)| (Variable::Output(index), name)))
    }

    /// The variable whose name in the file fits.
    fn named(&self, name: &str, fits: impl Fn(&str) -> bool) -> Result<Option<Variable>, String> {
        let mut found = self.names().filter(|(_, other)| fits(other)).map(|(variable, _)| variable);
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => {
                let [first, second] = [first, second].map(|v| self.index_name(v));
                Err(format!("'{name}' is the name of {first} and of {second}; write one of these"))
            }
            (first, _) => Ok(first),
        }
    }

    /// Names and number of the variables of a letter.
    fn all_of(&self, letter: char) -> (&'a [String], usize) {
        match letter {
            'x' => (self.input_names, self.inputs),
            _ => (self.output_names, self.outputs),
        }
    }

    /// `2 inputs, x0 to x1`.
    fn range(&self, letter: char) -> String {
        let (names, count) = self.all_of(letter);
        let noun = if letter == 'x' { "input" } else { "output" };
        let plural = if count == 1 { "" } else { "s" };
        let all = match (names.is_empty(), count) {
            (true, 1) => format!("{letter}0"),
            (true, _) => format!("{letter}0 to {letter}{}", count.saturating_sub(1)),
            (false, _) => self.listed(letter, count),
        };
        format!("{count} {noun}{plural}, {all}")
    }

    /// The names of the variables of a letter, or the first of them.
    fn listed(&self, letter: char, count: usize) -> String {
        let shown: Range<usize> = 0..count.min(MOST_LISTED);
        let names = shown.map(|index| self.name(of_letter(letter, index)));
        let names = names.collect::<Vec<String>>().join(", ");
        if count > MOST_LISTED { format!("{names}, …") } else { names }
    }
}

impl Problem {
    /// What inputs and outputs are called.
    pub fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary::of(&self.network)
    }

    /// The objective in the words of the question: as it was written, or in the names of the
    /// network's file.
    pub fn objective_in_words(&self) -> String {
        let text = self.objective_text.clone();
        text.unwrap_or_else(|| self.vocabulary().words(self.objective()))
    }
}

fn of_letter(letter: char, index: usize) -> Variable {
    match letter {
        'x' => Variable::Input(index),
        _ => Variable::Output(index),
    }
}

/// A letter and what follows it.
#[derive(Debug, PartialEq)]
enum Index {
    /// `x`.
    Alone,
    /// `x0`, `X0`, `x_0`.
    Attached(usize),
    /// `x[0]`.
    InBrackets(usize),
}

impl Index {
    fn of(name: &str, letter: char) -> Option<Self> {
        let rest = name.strip_prefix([letter, letter.to_ascii_uppercase()])?;
        let index = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
            true => digits.parse().ok(),
            false => None,
        };
        let in_brackets = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match in_brackets {
            Some(digits) => index(digits).map(Self::InBrackets),
            None if rest.is_empty() => Some(Self::Alone),
            None => index(rest.strip_prefix('_').unwrap_or(rest)).map(Self::Attached),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
        names.map(str::to_string).to_vec()
    }

    /// A network with two outputs and inputs of these names.
    fn with_names(input_names: &[String]) -> Vocabulary<'_> {
        Vocabulary { inputs: input_names.len(), outputs: 2, input_names, output_names: &[] }
    }

    #[test]
    fn names_of_the_file_and_indices_mean_the_same_variable() {
        let names = names(["pressure", "Heat"]);
        let vocabulary = with_names(&names);
        for name in ["Heat", "heat", "x1", "X1", "x_1", "X_1", "x[1]"] {
            assert_eq!(vocabulary.variable(name), Ok(Variable::Input(1)), "{name}");
        }
        assert_eq!(vocabulary.name(Variable::Input(1)), "Heat");
        assert_eq!(vocabulary.name(Variable::Output(1)), "y1");
        let expression = Expression::new([(Variable::Input(1), 2.0)], 0.0);
        assert_eq!(vocabulary.words(&expression), "2 Heat");
        assert_eq!(vocabulary.by_index(&expression), "2 x1");
        assert_eq!(
            vocabulary.variable("z"),
            Err("unknown variable 'z'; the network has 2 inputs, pressure, Heat, and 2 outputs, \
                 y0 to y1"
                .to_string())
        );
        assert_eq!(vocabulary.input("Pressure"), Ok(0));
        let error = vocabulary.input("y1").expect_err("an output");
        assert!(error.starts_with("y1 is an output; expected an input"), "{error}");
    }

    /// The first input is called `x1`: an index would be another input.
    #[test]
    fn an_index_that_could_be_another_input_is_refused() {
        let names = names(["x1", "x2", "x3"]);
        let vocabulary = with_names(&names);
        assert_eq!(vocabulary.variable("x1"), Ok(Variable::Input(0)));
        assert_eq!(vocabulary.variable("X3"), Ok(Variable::Input(2)));
        assert_eq!(vocabulary.variable("x[1]"), Ok(Variable::Input(1)));
        let error = vocabulary.variable("x0").expect_err("two things");
        assert!(error.contains("the inputs are x1, x2, x3; x[0] is the first"), "{error}");
        // Outputs keep theirs.
        assert_eq!(vocabulary.variable("y0"), Ok(Variable::Output(0)));
        let expression = Expression::new([(Variable::Input(1), 1.0)], 0.0);
        assert_eq!(vocabulary.by_index(&expression), "x[1]");
        assert_eq!(vocabulary.words(&expression), "x2");
        for text in ["x[1]", "x2"] {
            assert_eq!(vocabulary.expression(text).expect("an expression"), expression);
        }
    }

    #[test]
    fn a_name_at_its_place_is_no_trouble_and_one_for_two_things_is() {
        let usual = names(["x0", "x1"]);
        assert_eq!(with_names(&usual).variable("x1"), Ok(Variable::Input(1)));
        let twice = names(["a", "a"]);
        let error = with_names(&twice).variable("a").expect_err("two inputs");
        assert_eq!(error, "'a' is the name of x0 and of x1; write one of these");
        assert_eq!(with_names(&twice).name(Variable::Input(1)), "x1");
        let swapped = names(["x1", "x0"]);
        assert_eq!(with_names(&swapped).variable("x0"), Ok(Variable::Input(1)));
        assert_eq!(with_names(&swapped).name(Variable::Input(1)), "x0");
    }

    #[test]
    fn a_letter_alone_is_the_only_one() {
        let one = Vocabulary { inputs: 2, outputs: 1, input_names: &[], output_names: &[] };
        assert_eq!(one.variable("y"), Ok(Variable::Output(0)));
        assert!(one.variable("x").expect_err("two").starts_with("unknown variable 'x'"));
    }
}
