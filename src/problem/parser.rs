//! The text form of questions.
//!
//! ```text
//! condition  = conjunct {"or" conjunct}
//! conjunct   = chain {"and" chain}
//! chain      = sum {("<=" | ">=" | "=") sum}        (all of them "<=", all of them ">=", or one)
//! sum        = product {("+" | "-") product}
//! product    = factor {("*" | "/") factor}          (no sign between a number and what follows)
//! factor     = ("+" | "-") factor | number | variable | function "(" condition {"," condition} ")"
//!            | "(" condition ")" | "[" sum {"," sum} "]"
//! ```
//! An objective is a sum, a constraint a condition. What a variable is called: [`Vocabulary`]; a
//! name of the file that is no word stands in double quotes, `"fuel flow"`, and a quote in it is
//! written twice. `x`, `y` and ranges such as `x[0:3]` (the end is not in it) are lists. Functions:
//! `abs relu max min sum dist1 distinf`, and `argmax( ) ==` or `!=` an index, where ties count.
//! Every condition is a closed set; what is not piecewise linear is refused.

use thiserror::Error;

use super::expression::{Expression, Variable};
use super::grammar::Parser;
use super::value::Value;
use super::vocabulary::Vocabulary;
use super::{Constraint, ProblemError, Question, QuestionText};
use crate::network::Network;

/// What is wrong with the text of an expression, and where.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("'{text}', column {column}: {what}")]
pub struct ExpressionError {
    /// The whole text.
    pub text: String,
    /// Position of the trouble, in characters, from 1.
    pub column: usize,
    /// What was found and what was expected.
    pub what: String,
}

impl QuestionText {
    /// Reads objective and constraints in the words of a network.
    ///
    /// # Errors
    /// Text that cannot be read, with the place; no objective where none is obvious.
    pub fn parse(&self, network: &Network) -> Result<Question, ProblemError> {
        let vocabulary = Vocabulary::of(network);
        let objective = match (&self.objective, network.outputs()) {
            (Some(text), _) => vocabulary.expression(text).map_err(ProblemError::Objective)?,
            (None, 1) => Variable::Output(0).into(),
            (None, outputs) => return Err(ProblemError::NoObjective { outputs }),
        };
        let mut constraints = Vec::new();
        for text in &self.constraints {
            constraints.extend(vocabulary.constraints(text).map_err(ProblemError::Constraint)?);
        }
        let (integer, reference) = (self.integer.clone(), self.reference.clone());
        Ok(Question { sense: self.sense, objective, constraints, integer, reference })
    }
}

impl Vocabulary<'_> {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`ExpressionError`], with the place.
    pub fn expression(&self, text: &str) -> Result<Expression, ExpressionError> {
        let mut parser = Parser::new(text, *self)?;
        let value = parser.sum()?;
        if let Some(token) = parser.next() {
            return Err(parser.error(&token, "an expression without a relation"));
        }
        let expression = match value {
            Value::Number(expression) => expression,
            other => {
                let what = format!("found {}, expected one number, such as y0 - y1", other.noun());
                return Err(parser.error_at(1, what));
            }
        };
        match expression.numbers().iter().all(|number| number.is_finite()) {
            true => Ok(expression),
            false => Err(parser.error_at(1, TOO_LARGE.to_string())),
        }
    }

    /// Reads a constraint: the linear constraints, and those that bend, which hold together
    /// exactly where it does. Each is shown as the whole of it was written.
    ///
    /// # Errors
    /// [`ExpressionError`], with the place.
    pub fn constraints(&self, text: &str) -> Result<Vec<Constraint>, ExpressionError> {
        let mut parser = Parser::new(text, *self)?;
        let value = parser.condition()?;
        if let Some(token) = parser.next() {
            return Err(parser.error(&token, "the end of the constraint"));
        }
        let Value::Condition(condition) = value else {
            return Err(parser.end_error("<=, >= or ="));
        };
        for (expression, limits) in condition.expressions() {
            let numbers = expression.numbers();
            let limits = limits.map(|limit| limit - expression.constant());
            if numbers.iter().any(|number| !number.is_finite())
                || limits.iter().any(|limit| limit.is_nan())
                || [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]].contains(&limits)
            {
                return Err(parser.error_at(1, TOO_LARGE.to_string()));
            }
            if expression.is_constant() {
                let what = "no variable is left; expected a constraint on x or y";
                return Err(parser.error_at(1, what.to_string()));
            }
        }
        let constraints = condition.constraints().into_iter();
        Ok(constraints.map(|constraint| constraint.with_text(text.trim())).collect())
    }
}

const TOO_LARGE: &str = "its numbers add up to more than 1.8e308";

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Vocabulary =
        Vocabulary { inputs: 3, outputs: 1, input_names: &[], output_names: &[] };

    /// The one constraint that a text is.
    fn one(text: &str) -> Constraint {
        let constraints = PLAIN.constraints(text).unwrap();
        assert_eq!(constraints.len(), 1, "{text}");
        constraints[0].clone()
    }

    fn refusal(text: &str) -> String {
        PLAIN.constraints(text).unwrap_err().to_string()
    }

    fn message(text: &str) -> String {
        PLAIN.expression(text).unwrap_err().to_string()
    }

    #[test]
    fn expressions_are_read() {
        let expression = PLAIN.expression("y0 - 2 x1 + 0.5*x0 - 1e-3 + 2x1 + 3").unwrap();
        let expected = [(Variable::Input(0), 0.5), (Variable::Output(0), 1.0)];
        assert_eq!(expression, Expression::new(expected, 2.999));
        assert_eq!(expression.evaluate(&[2.0, 9.0, 9.0], &[10.0]), 13.999);
        assert_eq!(expression.to_string(), "0.5 x0 + y0 + 2.999");
        assert_eq!(PLAIN.expression("-x2").unwrap().to_string(), "-x2");
        // Signs in front of numbers that names follow.
        assert_eq!(PLAIN.expression(" + 1.5 y0 - 5.75").unwrap().to_string(), "1.5 y0 - 5.75");
        assert_eq!(PLAIN.expression("-2 x0 * -3 - (-4 y0)").unwrap().to_string(), "6 x0 + 4 y0");
        assert_eq!(PLAIN.expression("-1/2 (x0 + 4)").unwrap().to_string(), "-0.5 x0 - 2");
        let set = PLAIN.expression("x0*2 \u{2212} 3\u{b7}X_1 + y").unwrap();
        assert_eq!(set, PLAIN.expression("2 x[0] - 3 x1 + y0").unwrap());
    }

    #[test]
    fn constraints_are_read() {
        let constraint = one("x0 + 1 <= 2 x1");
        assert_eq!(constraint.upper(), -1.0);
        assert_eq!(constraint.lower(), f64::NEG_INFINITY);
        let set = one("x0 \u{2264} 1");
        assert_eq!((set.lower(), set.upper()), (f64::NEG_INFINITY, 1.0));
        let both = one("-1 <= y0 - x0 <= 2");
        assert_eq!((both.lower(), both.upper()), (-1.0, 2.0));
        assert_eq!(one("4 >= x0 >= 2").lower(), 2.0);
        // By hand: 3 exceeds the upper bound 2 by 1, relative to 1 + 2.
        let at = |y: f64| both.excess(both.expression().evaluate(&[0.0; 3], &[y]));
        assert_eq!((at(3.0), at(1.0)), (Some((1.0, 2.0)), None));
    }

    #[test]
    fn names_of_the_file_are_understood() {
        let names = [String::from("pressure"), String::from("heat")];
        let vocabulary =
            Vocabulary { inputs: 2, outputs: 1, input_names: &names, output_names: &[] };
        let expression = vocabulary.expression("2 heat + x0").unwrap();
        assert_eq!(expression.to_string(), "x0 + 2 x1");
    }

    /// Names that are no words, are those of other variables, or of two.
    #[test]
    fn names_in_quotes_are_names_and_nothing_else() {
        let list = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<String>>();
        let inputs = list(&["fuel flow", "6\" pipe", "x0", "größe", "", "price"]);
        let outputs = list(&["price", "x1 x2"]);
        let vocabulary =
            Vocabulary { inputs: 6, outputs: 2, input_names: &inputs, output_names: &outputs };
        let read = |text: &str| {
            vocabulary.expression(text).map(|e| e.to_string()).map_err(|e| e.to_string())
        };
        assert_eq!(read("2 \"fuel flow\" - größe"), Ok("2 x0 - x3".into()));
        assert_eq!(read("2*\"6\"\" pipe\" + \"x1 x2\""), Ok("2 x1 + y1".into()));
        assert_eq!(read("\"x0\" * 3 + x[4]"), Ok("3 x2 + x4".into()));
        let twice = read("\"price\"").unwrap_err();
        assert!(twice.contains("'price' is the name of x[5] and of y0"), "{twice}");
        let unknown = read("\"x1\"").unwrap_err();
        assert!(unknown.contains("unknown variable 'x1'"), "{unknown}");
        assert!(read("\"\"").unwrap_err().contains("unknown variable ''"));
        let open = read("y1 + \"fuel").unwrap_err();
        assert!(open.contains("column 6: a quote that begins"), "{open}");
        for (index, name) in inputs.iter().enumerate().filter(|(index, _)| ![4, 5].contains(index))
        {
            let expression = Expression::new([(Variable::Input(index), 1.0)], 0.0);
            let words = vocabulary.words(&expression);
            assert_eq!(words.trim_matches('"').replace("\"\"", "\""), *name);
            assert_eq!(vocabulary.expression(&words), Ok(expression));
        }
    }

    #[test]
    fn errors_name_the_place_and_what_was_expected() {
        assert_eq!(message("y0 + y3"), "'y0 + y3', column 6: y3: the network has 1 output, y0");
        assert_eq!(message("x3"), "'x3', column 1: x3: the network has 3 inputs, x0 to x2");
        assert_eq!(
            message("z"),
            "'z', column 1: unknown variable 'z'; the network has 3 inputs, x0 to x2, and 1 output, y0"
        );
        assert_eq!(
            message("2 *"),
            "'2 *', column 4: the text ends; expected a number or a variable"
        );
        assert!(message("").contains("the text ends; expected a number or a variable"));
        assert!(message("y0 <= 1").contains("column 4: found '<='"));
        assert!(message("1e999").contains("too large"));
        assert!(message("1.2.3").contains("'1.2.3' is not a number"));
        assert!(message("y0 * x1").contains("column 4: a product of two variables is not"));
        let strict = refusal("x0 < 1");
        assert!(strict.contains("a strict relation; use <="), "{strict}");
        assert!(refusal("1 <= 2").contains("no variable"));
        assert!(PLAIN.constraints("x0 - x0 <= 2").is_err());
        assert!(PLAIN.constraints("1 <= x0 >= 2").is_err());
        let crossed = refusal("2 <= x0 <= 1");
        assert_eq!(crossed, "'2 <= x0 <= 1', column 1: no number is at least 2 and at most 1");
        assert!(PLAIN.constraints("1 >= x0 >= 2").is_err());
    }
}
